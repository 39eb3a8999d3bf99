"""Does a copy answer as the original did? Asks the same questions of both and names what differs. Scores nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from support_bot.errors import Invalid
from support_bot.evaluation.asking import Bot, ask
from support_bot.evaluation.dataset import Question

Answers = Mapping[str, Mapping[str, Any]]
_COMPARED = ("status", "answer", "citations")


def answers(bot: Bot, questions: Sequence[Question], progress: Callable[[str, int, int], None]) -> Answers:
    """Status, text and cited documents of the answer to each question, by its id."""
    found = {}
    for number, question in enumerate(questions, start=1):
        prediction = ask(bot, question)
        found[question.id] = {name: prediction.model_dump(mode="json")[name] for name in _COMPARED}
        progress("Asking", number, len(questions))
    return found


def differences(before: Answers, after: Answers) -> list[str]:
    """A line for each answer that is not the same: the question's id and what differs."""
    lines = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            lines.append(f"{name}: asked only once")
        elif other := [part for part in _COMPARED if before[name][part] != after[name][part]]:
            lines.append(f"{name}: another {', '.join(other)}")
    return lines


def to_file(questions: Sequence[Question], found: Answers) -> bytes:
    """Questions with their answers, for a backup to carry."""
    asked = [{"id": q.id, "question": q.question, "history": [t.model_dump() for t in q.history]} for q in questions]
    return json.dumps({"questions": asked, "answers": found}, ensure_ascii=False, indent=1).encode()


def from_file(data: bytes) -> tuple[list[Question], Answers]:
    """What `to_file` wrote. Raises Invalid where it cannot be read."""
    try:
        read = json.loads(data)
        return [Question.model_validate(question) for question in read["questions"]], dict(read["answers"])
    except (ValueError, KeyError, TypeError):
        raise Invalid("The exam in this backup cannot be read.") from None
