"""Could the answer have been quoted at all? The best short stretch of what was retrieved, picked knowing the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from support_bot.evaluation.dataset import Prediction, Question
from support_bot.evaluation.guesses import guess_language
from support_bot.evaluation.matching import claims, states
from support_bot.evaluation.metrics import ANSWERABLE
from support_bot.evaluation.normalise import cjk_share, normalise

PASSAGES = 4
WORDS = 60
_CJK_CHARACTERS = 100  # about as much as 60 words say, in scripts that put no space between words
_CJK_FROM = 0.2
_WORD = re.compile(r"\S+")
_CJK_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\s\u3400-\u9fff\uf900-\ufaff]+")


def ceilings(questions: Sequence[Question], predictions: Mapping[str, Prediction]) -> dict[str, float]:
    """1.0 or 0.0 by id for every answerable question with facts: whether quoting could have passed."""
    return {
        question.id: float(quotable(question, _texts(predictions.get(question.id))))
        for question in questions
        if question.type in ANSWERABLE and question.must_include
    }


def quotable(question: Question, passages: Sequence[str]) -> bool:
    """Whether some stretch of at most 60 words of one passage states every fact, nothing false, in the right language.

    It need not begin or end with a sentence: this is a bound, not a way to answer."""
    fit = (text for text in passages if guess_language(text) in (None, question.language))
    whole = (text for text in fit if _states_all(question, text))
    return any(not _wrong(question, stretch) for text in whole for stretch in _stretches(question, text))


def _texts(prediction: Prediction | None) -> list[str]:
    return [passage.text for passage in prediction.retrieved[:PASSAGES]] if prediction else []


def _stretches(question: Question, text: str) -> Iterator[str]:
    """The stretches that state every fact: from each word as long as may be, and where that is wrong also shorter."""
    cjk = cjk_share(text) > _CJK_FROM
    spans = [match.span() for match in (_CJK_WORD if cjk else _WORD).finditer(text)]
    most = _CJK_CHARACTERS if cjk else WORDS
    for first in range(len(spans)):
        part = spans[first : first + most]
        if not _states_all(question, text[part[0][0] : part[-1][1]]):
            continue
        for _, end in reversed(part):
            stretch = text[part[0][0] : end]
            if not _states_all(question, stretch):
                break
            yield stretch


def _states_all(question: Question, text: str) -> bool:
    plain = normalise(text)
    return all(states(fact, plain) for fact in question.must_include)


def _wrong(question: Question, stretch: str) -> bool:
    return any(claims(phrase, stretch) for phrase in question.must_not_include)
