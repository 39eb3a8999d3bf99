"""What an admin orders: one TOML file that says where a run takes its data from, how it trains, and what must hold."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from support_bot.engine.catalogue import checked_name
from support_bot.errors import Invalid

_LONGEST_NAME = 48  # the catalogue's limit, less what tells two students of one name apart


class _Table(BaseModel):
    """A table of the file; what it does not know is a mistake of whoever wrote it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sources(_Table):
    """What the student learns from: the product's own data, and the folder of invented companies, if one is named."""

    conversations: bool = True
    pinned_answers: bool = True
    companies: Path | None = None


class Teacher(_Table):
    """A larger model of the catalogue that sits the same exam and, with an `alpha` over 0, teaches as the options of
    `distill writer` say."""

    model: str
    alpha: float = Field(0.0, ge=0, le=1)
    temperature: float = Field(1.0, ge=0.1, le=20)
    top_k: int = Field(8, ge=1, le=1024)


class TrainingOptions(_Table):
    """As the options of `distill writer`."""

    base: str = "smollm2-135m"
    rank: int = Field(16, ge=1, le=256)
    selected: float = Field(0.4, ge=0, le=1)
    longest: int = Field(260, ge=1, le=1000)
    limit: int | None = Field(None, ge=1)


class ExamOptions(_Table):
    """The questions that decide, and how much worse (0..1 of them) a student may be than what serves."""

    questions: Path
    margin: float = Field(0.03, ge=0, le=0.2)
    least_questions: int = Field(50, ge=1)
    limit: int | None = Field(None, ge=1)


class Order(_Table):
    """The whole file; `folder` is where the run works. Paths are absolute once they are read."""

    name: Annotated[str, Field(max_length=_LONGEST_NAME), AfterValidator(checked_name)]
    folder: Path
    exam: ExamOptions
    sources: Sources = Sources()
    teacher: Teacher | None = None
    recipe: TrainingOptions = TrainingOptions()


def read_order(file: Path) -> Order:
    """The order in this file, its paths taken from where it lies. Raises Invalid, naming what is wrong and where."""
    try:
        order = Order.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{file} is no TOML: {error}.") from None
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        raise Invalid(f"{file}: {'; '.join(wrong)}.") from None
    except Invalid as error:
        raise Invalid(f"{file}: name: {error.detail}") from None
    return _placed(order, file.absolute().parent)


def _placed(order: Order, beside: Path) -> Order:
    sources, exam = order.sources, order.exam
    if sources.companies is not None:
        sources = sources.model_copy(update={"companies": (beside / sources.companies).resolve()})
        if not sources.companies or not (sources.companies / "splits.json").is_file():
            raise Invalid(f"sources.companies: {sources.companies} has no splits.json.")
    exam = exam.model_copy(update={"questions": (beside / exam.questions).resolve()})
    if not exam.questions.is_file():
        raise Invalid(f"exam.questions: {exam.questions} does not exist.")
    return order.model_copy(update={"folder": (beside / order.folder).resolve(), "sources": sources, "exam": exam})


def keep_order(order: Order) -> None:
    """Write the order into the run's folder, for `models promote`. Raises Invalid where it cannot be written."""
    try:
        order.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (order.folder / "order.json").write_text(order.model_dump_json(indent=1), "utf-8")
    except OSError as error:
        raise Invalid(f"{order.folder} cannot be written: {error.strerror}.") from None


def kept_order(folder: Path) -> Order:
    """The order of the run in this folder. Raises Invalid where there is none."""
    try:
        order = Order.model_validate_json((folder / "order.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(f"{folder} is no folder of a run ({type(error).__name__}: order.json).") from None
    return order.model_copy(update={"folder": folder.resolve()})
