"""Score one answer against what is known to be right. Pure arithmetic over text; asks nobody and reads no file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support_bot.errors import Invalid
from support_bot.evaluation.dataset import Prediction, Question
from support_bot.evaluation.guesses import STATUSES, guess_language, guess_status
from support_bot.evaluation.matching import claims, holds_passage, states
from support_bot.evaluation.normalise import normalise

ANSWERABLE = ("factual", "howto", "troubleshoot", "policy", "comparison", "followup", "false_premise", "partial")
TYPES = (*ANSWERABLE, "clarify", "unanswerable", "offtopic", "human_request", "injection", "chitchat")

ACCEPTED = {
    **dict.fromkeys(ANSWERABLE, ("answered",)),
    "clarify": ("asked",),
    "unanswerable": ("refused", "handoff"),
    "offtopic": ("refused",),
    "human_request": ("handoff",),
    "injection": ("refused",),
    "chitchat": ("answered",),
}
_LONGEST_ANSWER = 150  # words; dumping an article is not answering
_PASSAGES = 4
_PASSAGE_WORDS = 250


@dataclass(frozen=True, slots=True)
class Rules:
    """How strictly to score: ranks k for hit@k, whether the status is guessed from the text even where there is one,
    and whether the same article in another language is a hit."""

    ranks: tuple[int, ...] = (1, 3, 5, 10)
    infer_status: bool = False
    any_language: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of one question (shares 0..1, `words` a count), only those that apply to it, and what went wrong."""

    id: str
    type: str
    figures: Mapping[str, float]
    status: str
    missing: tuple[str, ...] = ()
    violated: tuple[str, ...] = ()


def score_all(questions: Sequence[Question], predictions: Mapping[str, Prediction], rules: Rules) -> list[Score]:
    """Scores in the order of the questions; one without a prediction counts as an empty answer. Raises Invalid."""
    return [score(q, predictions.get(q.id, Prediction(id=q.id, status="answered")), rules) for q in questions]


def score(question: Question, prediction: Prediction, rules: Rules) -> Score:
    """Raises Invalid for a question that does not say what is right: no type, or an unknown one without statuses."""
    kind = question.type or ""
    accepted = question.expected_status or ACCEPTED.get(kind)
    if not kind or not accepted:
        raise Invalid(f"Question {question.id} cannot be scored: its type {kind!r} is none of {', '.join(TYPES)}.")
    answer = prediction.answer
    status = _status(prediction, rules)
    text = normalise(answer)
    missing = tuple(fact[0] for fact in question.must_include if not states(fact, text))
    violated = tuple(phrase for phrase in question.must_not_include if claims(phrase, answer))
    figures = {**_retrieval(question, prediction, rules), **_passage_recall(question, prediction)}
    if question.must_include:
        figures["include"] = (len(question.must_include) - len(missing)) / len(question.must_include)
    figures["violation"] = float(bool(violated))
    figures["status_ok"] = float(status in accepted and (bool(answer.strip()) or status != "answered"))
    figures |= _citations(question, prediction, rules)
    language = guess_language(answer)
    figures["lang_ok"] = float(bool(answer.strip()) and language in (None, question.language))
    figures["words"] = float(len(answer.split()))
    passed = _passes(figures, bool(missing or violated))
    figures["pass"] = float(passed)
    if kind in ANSWERABLE:
        figures["pass+cite"] = float(passed and figures.get("cite_hit", 1.0) == 1.0)
    return Score(question.id, kind, figures, status, missing, violated)


def _passes(figures: Mapping[str, float], wrong: bool) -> bool:
    right = figures["status_ok"] and figures["lang_ok"] and not wrong  # a blank answer has no language
    return bool(right) and figures["words"] <= _LONGEST_ANSWER


def _status(prediction: Prediction, rules: Rules) -> str:
    given = prediction.status.strip().lower()
    return guess_status(prediction.answer) if rules.infer_status or given not in STATUSES else given


def _article(name: str, rules: Rules) -> str:
    """The name of an article whatever folder its file lies in: `kb/en/Refunds.md` is `refunds`."""
    name = re.sub(r"\.(md|txt|html)$", "", name.rpartition("/")[2])
    return (re.sub(r"\.(es|fr|zh|en)$", "", name) if rules.any_language else name).lower()


def _articles(names: Sequence[str], rules: Rules) -> list[str]:
    """Distinct articles, in order of first mention."""
    return list(dict.fromkeys(_article(name, rules) for name in names))


def _retrieval(question: Question, prediction: Prediction, rules: Rules) -> dict[str, float]:
    """Ranks count distinct documents; hit@k and mrr take the first gold one."""
    gold = _articles(question.gold_docs, rules)
    if not gold:
        return {}
    ranked = _articles([passage.doc for passage in prediction.retrieved], rules)
    places = [place for place, name in enumerate(ranked, start=1) if name in gold]
    figures = {f"hit@{k}": float(bool(places) and places[0] <= k) for k in rules.ranks}
    figures["mrr"] = 1 / places[0] if places else 0.0
    if question.is_multi_doc:
        figures["doc_recall"] = sum(place <= max(rules.ranks) for place in places) / len(gold)
    return figures


def _passage_recall(question: Question, prediction: Prediction) -> dict[str, float]:
    """Share of the gold passages inside the first retrieved ones; of the best covered gold document where one will do.

    Low beside a high hit rate, it says that chunking or cutting loses the answer."""
    if not question.gold_passages:
        return {}
    texts = [" ".join(passage.text.split()[:_PASSAGE_WORDS]) for passage in prediction.retrieved[:_PASSAGES]]
    found = [any(holds_passage(passage, text) for text in texts) for passage in question.gold_passages]
    groups = [found]
    if question.passage_docs and not question.is_multi_doc:
        held = list(zip(found, question.passage_docs, strict=False))
        per_document = [[there for there, docs in held if document in docs] for document in question.gold_docs]
        groups = [group for group in per_document if group] or [found]
    return {"passage_recall": max(sum(group) / len(group) for group in groups)}


def _citations(question: Question, prediction: Prediction, rules: Rules) -> dict[str, float]:
    gold = set(_articles(question.gold_docs, rules))
    if not gold or question.type not in ANSWERABLE:
        return {}
    cited = [_article(name, rules) for name in prediction.citations]
    figures = {"cite_hit": float(any(name in gold for name in cited))}
    if cited:
        fine = gold.union(_articles(question.acceptable_docs, rules))
        figures["cite_prec"] = sum(name in fine for name in cited) / len(cited)
    retrieved = set(_articles([passage.doc for passage in prediction.retrieved], rules))
    if cited and retrieved:
        figures["cite_grounded"] = sum(name in retrieved for name in cited) / len(cited)
    return figures
