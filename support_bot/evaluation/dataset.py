"""Questions and predictions as files: one JSON object a line. Knows the format, not what a good answer is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from support_bot.errors import Invalid
from support_bot.values import Turn, history_from


def _empty_for_none(value: Any) -> Any:
    return () if value is None else value


def _blank_for_none(value: Any) -> Any:
    return "" if value is None else value


Names = Annotated[tuple[str, ...], BeforeValidator(_empty_for_none)]
NameGroups = Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_empty_for_none)]
Words = Annotated[str, BeforeValidator(_blank_for_none)]


class Record(BaseModel):
    """One line of a file; what the format does not know is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    id: str

    def to_line(self) -> str:
        """The record as one line of a file, without its line break."""
        return json.dumps(self.model_dump(), ensure_ascii=False)


class HistoryTurn(BaseModel):
    """An earlier message; `role` is `user` or `assistant`."""

    role: str
    content: str


class Question(Record):
    """What is asked (`id`, `question`, `history`) and, where there is a `type`, what a right answer looks like.

    `must_include` is a list of facts, each a list of accepted wordings; `passage_docs` says for each of
    `gold_passages` which of `gold_docs` hold it."""

    question: str
    history: Annotated[tuple[HistoryTurn, ...], BeforeValidator(_empty_for_none)] = ()
    type: str | None = None
    language: str = "en"
    gold_docs: Names = ()
    acceptable_docs: Names = ()
    gold_passages: Names = ()
    passage_docs: NameGroups = ()
    must_include: NameGroups = ()
    must_not_include: Names = ()
    expected_status: Names = ()
    reference_answer: Words = ""
    tags: Names = ()

    @property
    def turns(self) -> list[Turn]:
        """The history as the pipeline takes it."""
        return history_from([{"role": turn.role, "content": turn.content} for turn in self.history])

    @property
    def is_multi_doc(self) -> bool:
        """Whether every gold document is needed; otherwise each answers the question on its own."""
        return "multi-doc" in self.tags


class Retrieved(BaseModel):
    """One retrieved passage, best first; `doc` is the file's name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    doc: Words = ""
    text: Words = ""
    score: float | None = None


class Trace(BaseModel):
    """Why the bot did what it did: its decision, how sure it was and had to be, what it chose, what it cut."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    decision: Words = ""
    confidence: float = 0.0
    threshold: float = 0.0
    evidence: Names = ()
    cut: Names = ()


class Prediction(Record):
    """What the bot did with one question; times in seconds, None where nothing was measured."""

    answer: Words = ""
    citations: Names = ()
    retrieved: Annotated[tuple[Retrieved, ...], BeforeValidator(_empty_for_none)] = ()
    status: Words = ""
    standalone: Words = ""
    seconds_first_token: float | None = None
    seconds_total: float | None = None
    trace: Trace | None = None


_R = TypeVar("_R", bound=Record)


def read_questions(path: Path) -> list[Question]:
    """Every question of a file. Raises Invalid, naming file and line, also for an id that comes twice."""
    questions = list(_records(path, Question))
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise Invalid(f"{path}: the id {question.id} appears twice.")
        seen.add(question.id)
    if not questions:
        raise Invalid(f"{path} has no questions.")
    return questions


def read_predictions(path: Path) -> dict[str, Prediction]:
    """Predictions by id; the last one of an id counts. Raises Invalid, naming file and line."""
    return {prediction.id: prediction for prediction in _records(path, Prediction)}


def drop_torn_line(path: Path) -> None:
    """Make a file that an interrupted run left end with a whole line; nothing happens where it does."""
    if not path.exists():
        return
    whole, _, last = path.read_text("utf-8", errors="replace").rpartition("\n")
    if last:
        path.write_text(whole + "\n" if whole else "", "utf-8")


def _records(path: Path, kind: type[_R]) -> Iterator[_R]:
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise Invalid(f"{path} does not exist.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read as UTF-8 text ({error}).") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _record(line, kind, f"{path}, line {number}")


def _record(line: str, kind: type[_R], where: str) -> _R:
    try:
        return kind.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise Invalid(f"{where} is no JSON: {error.msg} at column {error.colno}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the line"
        raise Invalid(f"{where}: {field}: {first['msg']}.") from None
