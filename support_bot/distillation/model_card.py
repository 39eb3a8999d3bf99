"""A student's model card as Markdown: what it was made of, under which licence, and how it did. Reads figures only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from support_bot.distillation.order import Order
from support_bot.engine.catalogue import CatalogueEntry
from support_bot.services.intervals import wilson


def card(order: Order, base: CatalogueEntry, stages: Mapping[str, Any], verdict: Mapping[str, Any]) -> str:
    """The card of the run's student; `stages` are those of its manifest, `verdict` what the exam found."""
    figures = {name: stage["figures"] for name, stage in stages.items()}
    return "\n".join(
        [
            f"# {order.name}",
            "",
            *_about(base, figures["export"], verdict),
            "",
            "## Data",
            "",
            *_data(order, figures["collect"]),
            "",
            "## Training",
            "",
            *_training(order, figures["train"]),
            "",
            "## Exam",
            "",
            *_exam(verdict),
            "",
        ]
    )


def _about(base: CatalogueEntry, student: Mapping[str, Any], verdict: Mapping[str, Any]) -> list[str]:
    return [
        f"A LoRA adapter for {base.name}, which says the evidence of an answer in one to three sentences.",
        "",
        f"- SHA-256: `{student['sha256']}`, {student['bytes']:,} bytes",
        f"- Parent: {base.name}, SHA-256 `{base.sha256}`",
        f"- Licence of the parent, and so of the adapter: {base.licence}. It was trained on this company's own data: "
        "do not pass it on without looking at what that allows.",
        f"- Examined: {verdict['at']}",
    ]


def _data(order: Order, collected: Mapping[str, Any]) -> list[str]:
    sources = ", ".join(f"{count} {name}" for name, count in sorted(collected["rows"].items())) or "none"
    companies = collected["companies"]
    return [
        f"- Articles: {collected['articles']}, in {collected['chunks']} chunks; public ones only",
        f"- Own answers: {sources}; personal data masked, what the articles do not say left out",
        f"- Of these to train on {collected['train']}, held out {collected['held_out']}",
        f"- Companies: {companies['train']} to train on, {companies['validation']} held out"
        + (", invented ones among them" if order.sources.companies else ""),
        *(f"- Left out: {count} × {why}" for why, count in sorted(collected["left_out"].items())),
    ]


def _training(order: Order, trained: Mapping[str, Any]) -> list[str]:
    recipe = [f"- {name}: {value}" for name, value in order.recipe.model_dump(mode="json").items()]
    return [*recipe, *_teacher(order), *(f"- {name}: {_in_words(value)}" for name, value in trained.items())]


def _teacher(order: Order) -> list[str]:
    teacher = order.teacher
    if teacher is None:
        return ["- teacher: none"]
    if not teacher.alpha:
        return [f"- teacher: {teacher.model}, which only sat the exam"]
    how = f"temperature {teacher.temperature:g}, {teacher.top_k} likeliest tokens of each place"
    return [f"- teacher: {teacher.model}, whose probabilities are {teacher.alpha:.0%} of the loss ({how})"]


def _in_words(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return ", ".join(
        f"{name} ({_in_words(v)})" if isinstance(v, Mapping) else f"{name} {v}" for name, v in value.items()
    )


def _exam(verdict: Mapping[str, Any]) -> list[str]:
    beside = verdict["beside_serving"]
    low, high = beside["low"], beside["high"]
    said = "It may serve." if verdict["passed"] else "It may not serve: " + "; ".join(verdict["against"]) + "."
    return [
        f"{beside['n']} questions, asked of it and of {verdict['serving']}, which served then. "
        f"Passed {beside['new']:.1%} against {beside['old']:.1%}: a difference of {beside['new'] - beside['old']:+.1%} "
        f"(95 % interval {low:+.1%} to {high:+.1%}; at least {-verdict['margin']:+.1%} was wanted). {said}",
        "",
        *_table(verdict["scores"]),
    ]


def _table(scores: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    sides: Sequence[str] = list(scores)
    groups = list(scores[sides[0]])
    head = [f"| Questions | n | {' | '.join(f'{side}, 95 % interval' for side in sides)} |"]
    rule = ["|---|---|" + "---|" * len(sides)]
    return [
        *head,
        *rule,
        *(
            f"| {group} | {scores[sides[0]][group]['n']} | "
            + " | ".join(_cell(scores[side][group]) for side in sides)
            + " |"
            for group in groups
        ),
    ]


def _cell(line: Mapping[str, float]) -> str:
    low, high = wilson(line["pass"] * line["n"], int(line["n"]))
    return f"{line['pass']:.1%} ({low:.0%} to {high:.0%})"
