"""A few questions with their evidence, put to a model before customers come: does it say what stands there, and end?

They belong to no knowledge base, and tell a model that works from one that does not, never a good from a better one."""

from __future__ import annotations

from dataclasses import dataclass

from support_bot.answering import citations, grounding, prompt
from support_bot.engine.base import GenerationRequest, TextEngine
from support_bot.errors import EngineUnavailable, Invalid, WeightsError
from support_bot.values import Audience, Excerpt, Passage

_MOST_TOKENS = 80
_LEAST_RIGHT = 2


@dataclass(frozen=True, slots=True)
class _Case:
    """An answer says the fact if one of the words of `fact` is in it."""

    question: str
    title: str
    evidence: str
    fact: tuple[str, ...]


CASES = (
    _Case(
        "How long does the battery last?",
        "Battery",
        "The battery lasts for nine hours. Charging it takes 40 minutes.",
        ("nine", "9"),
    ),
    _Case(
        "When is the office open?",
        "Opening hours",
        "The office is open from Monday to Friday, from 8 to 17. It is closed on public holidays.",
        ("monday",),
    ),
    _Case(
        "Where do I find my invoice?",
        "Invoices",
        "Your invoices are on the page Billing of your account. Each invoice can be saved as a PDF file.",
        ("billing",),
    ),
)


def smoke_exam(engine: TextEngine) -> None:
    """Raise WeightsError, with the answer that was wrong, unless the model writes and ends each time, and says the fact
    in words of its evidence in two of three. Citations are not asked for: an answer without one gets its source."""
    wrong = [f"to “{case.question}” {fault}" for case in CASES if (fault := _fault(engine, case))]
    if len(CASES) - len(wrong) < _LEAST_RIGHT:
        raise WeightsError(f"{engine.name} does not answer the first questions: {'; '.join(wrong)}.")


def _fault(engine: TextEngine, case: _Case) -> str:
    """What is wrong with the answer; empty where it is right. Raises WeightsError where there is none."""
    passage = Passage(0, 0, "smoke.md", case.title, (), case.evidence, None, Audience.PUBLIC)
    messages = prompt.answer_prompt(case.question, [Excerpt(passage, case.evidence, 1.0)])
    try:
        generation = engine.start(GenerationRequest(messages, max_tokens=_MOST_TOKENS, stop=prompt.ECHOES))
        said = citations.without_indices("".join(generation))
    except (EngineUnavailable, Invalid) as error:
        raise WeightsError(f"{engine.name} cannot answer “{case.question}”: {error.detail}") from error
    stats = generation.stats()
    if not said:
        raise WeightsError(f"{engine.name} writes nothing when asked “{case.question}”.")
    if stats is None or stats.finish == "length":
        raise WeightsError(f"{engine.name} does not come to an end: to “{case.question}” it wrote “{said[:100]}” …")
    if not any(word in said.lower() for word in case.fact):
        return f"it wrote “{said[:100]}”"
    verdict = grounding.supported(said, case.evidence)
    return "" if verdict.ok else f"it wrote “{said[:100]}” ({verdict.why})"
