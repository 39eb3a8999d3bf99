"""A tested question: what the assistant would say, why, and every passage with every score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from support_bot.services.views import TrialView
from support_bot.values import AnswerStatus, Audience, Passage
from ui.parts.html import action, escape, notice, pill, plural, progress
from ui.parts.icons import icon
from ui.parts.markdown import plain, safe_markdown
from ui.parts.trace import decision_words, how_sure, known_scores, score_cells, score_heads, steps

_OUTCOMES = {
    AnswerStatus.ANSWERED: ("Answers", "good"),
    AnswerStatus.REFUSED: ("Does not answer, offers a person", "waiting"),
    AnswerStatus.HANDOFF: ("Passes it to a person", "accent"),
    AnswerStatus.ASKED: ("Asks back", "accent"),
}


def trial_form() -> str:
    """Where a question is typed as a customer would ask it."""
    return (
        '<div class="page-head"><h1>Test a question</h1>'
        '<p class="small">Shows what the assistant would say now, how it decides, and every passage with every score. '
        "Nothing is kept.</p></div>"
        '<form class="try" data-action="try"><label class="unseen" for="question">Question</label>'
        '<input id="question" name="question" class="field" required '
        'placeholder="A question as a customer would ask it">'
        '<label class="check"><input type="checkbox" name="internal" value="yes"> with articles for agents only</label>'
        '<button class="button primary" type="submit">Test</button></form>'
    )


def trial_empty() -> str:
    """Before the first question."""
    return (
        f'<div class="empty">{icon("search")}<p><b>Nothing asked yet</b></p><p class="small">What the assistant would '
        "say appears here, with the reason. Where it is wrong, pin an answer or change the article.</p></div>"
    )


def trial_running(question: str) -> str:
    """While the assistant works on it."""
    return f'<div class="tried">{progress(f"Answering “{question}”")}</div>'


def trial_told(told: str) -> str:
    """What was wrong with the question."""
    return f'<div class="tried">{notice(told)}</div>'


def trial_results(tried: TrialView) -> str:
    """The answer, the decision, the sentences chosen, the passages found."""
    return f'<div class="tried">{_answer(tried)}{_chosen(tried)}</div>{_passages(tried)}{_rest(tried)}'


def _answer(tried: TrialView) -> str:
    words, tone = _OUTCOMES.get(tried.status, (tried.status.value, "neutral"))
    pinned = tried.decision.startswith("pinned")
    who = pill("Agents' articles too", "waiting") if tried.audience is Audience.INTERNAL else ""
    sources = "".join(
        f'<li><span class="number">{source.index}</span>{escape(source.title)}'
        f"{' › ' + escape(source.heading) if source.heading else ''}</li>"
        for source in tried.citations
    )
    first = next((source for source in tried.citations if source.document_id), None)
    pin = action(
        "Pin an answer to this question", "pin-new", symbol="pin", question=tried.question,
        answer=tried.text if tried.status is AnswerStatus.ANSWERED else "", article=first.name if first else "",
    )  # fmt: skip
    return (
        f'<section aria-label="Answer"><p class="pills">{pill(words, tone)}{pill("Pinned", "accent") if pinned else ""}'
        f"{who}</p>{_decision(tried)}"
        f'<div class="bubble">{safe_markdown(tried.text)}</div>'
        f"{_list(sources)}"
        f'<p class="row">{"" if pinned else pin}</p></section>'
    )


def _list(items: str) -> str:
    return f'<ol class="tried-sources" aria-label="Sources">{items}</ol>' if items else ""


def _decision(tried: TrialView) -> str:
    """The decision in words, and how sure against how sure it must be, as a bar."""
    sure = how_sure(tried.decision, tried.confidence, tried.threshold)
    understood = f"Understood as “{escape(tried.standalone)}”. " if tried.standalone != tried.question else ""
    line = f'<p class="small">{understood}Decision: {escape(decision_words(tried.decision))}. {escape(sure)}</p>'
    if not sure:
        return line
    return (
        f'{line}<div class="sure" role="img" aria-label="{escape(sure)}"><i style="width:{tried.confidence:.0%}"></i>'
        f'<b style="left:{min(tried.threshold, 1):.0%}"></b></div>'
    )


def _chosen(tried: TrialView) -> str:
    if not tried.excerpts or tried.decision.startswith("pinned"):
        return ""
    unused = tried.status is not AnswerStatus.ANSWERED
    items = "".join(
        f'<li>{escape(plain(str(excerpt["text"])))} <span class="small">{escape(excerpt["title"])}, '
        f"{excerpt['score']:.2f}</span></li>"
        for excerpt in tried.excerpts
    )
    head = "Closest sentences, not sure enough to be quoted" if unused else "Sentences that would be quoted"
    return f'<section><h2 class="section">{head}</h2><ul class="quoted">{items}</ul></section>'


def _passages(tried: TrialView) -> str:
    passages = tried.passages
    if not passages:
        return '<div class="empty"><p><b>No passage found</b></p><p class="small">Add an article about it.</p></div>'
    names = known_scores([asdict(passage.scores) for passage in passages])
    rows = "".join(_passage(place, passage, names, tried) for place, passage in enumerate(passages, 1))
    return (
        f'<p class="small line">{plural(len(passages), "passage")} found</p><table class="list">'
        f'<thead><tr><th scope="col" class="score">#</th><th scope="col">Passage</th>{score_heads(names)}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _passage(place: int, passage: Passage, names: Sequence[str], tried: TrialView) -> str:
    used = any(source.chunk_id == passage.chunk_id and source.document_id for source in tried.citations)
    marks = pill("Cited", "good") if used else ""
    marks += pill("Agents only", "waiting") if passage.audience is Audience.INTERNAL else ""
    return (
        f'<tr><td class="score">{place}</td><td><details data-keep="try-{passage.chunk_id}"><summary>'
        f'<b>{escape(passage.title)}</b> <span class="small">{escape(passage.heading)}</span> {marks}</summary>'
        f'<div class="bubble">{safe_markdown(passage.text)}</div></details></td>'
        f"{score_cells(asdict(passage.scores), names)}</tr>"
    )


def _rest(tried: TrialView) -> str:
    """The model's draft, what was cut, where the time went."""
    return (
        '<details class="trace tried" data-keep="try-steps"><summary>Model, draft and time</summary>'
        f"<dl>{steps(tried.model, tried.tokens, tried.timings, tried.draft, tried.sentences_cut)}</dl></details>"
    )
