"""Measure the writing engine under many chats as `support-bot bench engine` orders it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from itertools import count
from typing import Any

import numpy as np

from support_bot.commands.exam_options import BenchOptions
from support_bot.engine.embedder import TextEmbedder
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.plain import PlainEngine
from support_bot.engine.weights import Kind, Progress, WeightsStore
from support_bot.errors import Invalid
from support_bot.evaluation import bench, engine_load
from support_bot.evaluation.dataset import read_questions
from support_bot.services.sample_company import sample_company
from support_bot.settings import Settings


def measure_engine(
    settings: Settings, options: BenchOptions, store: WeightsStore, embedder: TextEmbedder, progress: Progress
) -> dict[str, Any]:
    """Both sides by number of chats, in turns on the same prompts: `plain` is one answer at a time. Raises Invalid."""
    chats = sizes_in(options.chats, "--chats")
    name = settings.engine.model or next(e.name for e in store.entries() if e.kind is Kind.WRITER and e.default)
    path = store.pull(name, progress)
    prompts = _prompts(settings, options, embedder)
    random = np.random.default_rng(7)
    plain = PlainEngine(path, context_tokens=settings.engine.context_tokens, threads=settings.engine.threads)
    engine = LlamaEngine.load(path, name=name, model_hash="", settings=settings.engine)
    with closing(plain), closing(engine):
        ours = engine_load.Counted(engine)
        writers = {"plain": plain.write, "ours": ours.write}
        found: dict[str, Any] = {"model": name, "prompts": len(prompts), "chats": []}
        rounds = count(1)
        for at in engine_load.draw(options.warm_up, len(prompts), random):
            for write in writers.values():
                engine_load.together(write, [prompts[at]], options.max_tokens, engine.count_tokens)
        ours.stats.clear()
        for many in chats:
            sides: dict[str, list[engine_load.Round]] = {side: [] for side in writers}
            for _ in range(options.runs):
                asked = [prompts[at] for at in engine_load.draw(many, len(prompts), random)]
                for side, write in writers.items():
                    sides[side].append(engine_load.together(write, asked, options.max_tokens, engine.count_tokens))
                progress("Asking", next(rounds), options.runs * len(chats))
            found["chats"].append(_compared(many, sides))
    return found | _shares(ours)


def _prompts(settings: Settings, options: BenchOptions, embedder: TextEmbedder) -> list[engine_load.Messages]:
    folder = options.kb or sample_company() / "articles"
    articles = sorted(path for path in folder.rglob("*") if path.is_file())
    asked = [question.question for question in read_questions(options.questions or sample_company() / "exam.jsonl")]
    with bench.known_articles(settings, articles, embedder) as retriever:
        prompts = engine_load.prompts(
            asked,
            retriever,
            most_words=settings.answering.evidence_words,
            passages=settings.retrieval.passages,
            whole=options.whole,
        )
    if not prompts:
        raise Invalid("No question finds anything in these articles.")
    return prompts


def _compared(chats: int, rounds: dict[str, list[engine_load.Round]]) -> dict[str, Any]:
    plain, ours = engine_load.side(rounds["plain"]), engine_load.side(rounds["ours"])
    return {
        "chats": chats,
        "plain": asdict(plain),
        "ours": asdict(ours),
        "first_text_ratio": round(ours.first_p50_s / plain.first_p50_s, 2),
        "tokens_ratio": round(ours.tokens_per_s / plain.tokens_per_s, 2),
    }


def _shares(ours: engine_load.Counted) -> dict[str, float]:
    """Of the prompts' tokens how many were not read again, of the answers' how many were guessed, and guesses right."""
    read, reused, written, drafted, accepted = (
        max(1, sum(getattr(stats, field) for stats in ours.stats))
        for field in ("prompt_tokens", "reused_tokens", "answer_tokens", "drafted_tokens", "accepted_tokens")
    )
    return {
        "reused": round(reused / read, 2),
        "guessed": round(accepted / written, 2),
        "guesses_right": round(accepted / drafted, 2),
    }


def sizes_in(text: str, option: str) -> list[int]:
    """Whole numbers from 1 on, with commas between. Raises Invalid."""
    try:
        sizes = [int(size) for size in text.split(",")]
    except ValueError:
        sizes = []
    if not sizes or min(sizes) < 1:
        raise Invalid(f"{option} takes numbers with commas between, not {text!r}.")
    return sizes


def engine_lines(found: dict[str, Any]) -> list[str]:
    """The same for a reader."""
    lines = [
        f"engine {found['model']}, {found['prompts']} prompts; reused {found['reused']:.0%} of their tokens, "
        f"guessed {found['guessed']:.0%} of the answers' ({found['guesses_right']:.0%} of the guesses were right)",
        "chats   first text s: plain     ours    x   tokens/s: plain     ours    x",
    ]
    for row in found["chats"]:
        plain, ours = row["plain"], row["ours"]
        lines.append(
            f"{row['chats']:<8}{plain['first_p50_s']:>19}{ours['first_p50_s']:>9}{row['first_text_ratio']:>5}"
            f"{plain['tokens_per_s']:>17}{ours['tokens_per_s']:>9}{row['tokens_ratio']:>5}"
        )
    return lines
