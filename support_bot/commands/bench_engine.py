"""Measure the writing engine under many chats as `support-bot bench` orders it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from support_bot.commands.exam_options import BenchOptions
from support_bot.engine.adapter import find_adapter
from support_bot.engine.base import GenerationStats
from support_bot.engine.cpp_server import CppServer
from support_bot.engine.embedder import TextEmbedder
from support_bot.engine.plain import PlainEngine
from support_bot.engine.tuned import load_engine
from support_bot.engine.weights import Kind, Progress, WeightsStore
from support_bot.errors import Invalid
from support_bot.evaluation import bench, engine_load
from support_bot.evaluation.dataset import read_questions
from support_bot.services.sample_company import sample_company
from support_bot.settings import Settings

OURS = "ours"
OTHERS = ("plain", "xllamacpp")
_FIGURES = {
    "first_token_s": "first_p50_s", "first_token_p95_s": "first_p95_s", "total_s": "total_p50_s",
    "tokens_per_s": "tokens_per_s",
}  # fmt: skip
_MOST_AGAIN = 8


def measure_engine(
    settings: Settings, options: BenchOptions, store: WeightsStore, embedder: TextEmbedder, progress: Progress
) -> dict[str, Any]:
    """By number of chats, in turns on the same prompts: ours as it is tuned here and, where wanted, others with the
    shipped file. Raises Invalid."""
    chats = sizes_in(options.chats, "--chats")
    name = settings.engine.model or next(e.name for e in store.entries() if e.kind is Kind.WRITER and e.default)
    path = store.pull(name, progress)
    sha256 = next(entry.sha256 for entry in store.entries() if entry.name == name)
    prompts = _prompts(settings, options, embedder)
    random = np.random.default_rng(7)
    before, began = _resident(), time.monotonic()
    engine = load_engine(store, name, settings)
    found: dict[str, Any] = {"model": name, "model_hash": engine.model_hash, "prompts": len(prompts)}
    found["load_s"] = round(time.monotonic() - began, 2)
    with closing(engine), _others(path, sha256, settings, wanted=options.against) as others:
        ours = engine_load.Counted(engine)
        writers = {OURS: ours.write, **others}
        cold = [prompts[at] for at in random.permutation(len(prompts))[:_MOST_AGAIN]]
        found["again"] = {
            side: asdict(engine_load.again(write, cold, options.max_tokens, engine.count_tokens))
            for side, write in writers.items()
        }
        for at in engine_load.draw(options.warm_up, len(prompts), random):
            for write in writers.values():
                engine_load.together(write, [prompts[at]], options.max_tokens, engine.count_tokens)
        found |= _speeds(ours.stats)
        ours.stats.clear()
        found["chats"] = {}
        rounds = count(1)
        for many in chats:
            sides: dict[str, list[engine_load.Round]] = {side: [] for side in writers}
            for _ in range(options.runs):
                drawn = engine_load.draw(many, len(prompts), random, distinct=options.distinct)
                asked = [prompts[at] for at in drawn]
                for side, write in writers.items():
                    sides[side].append(engine_load.together(write, asked, options.max_tokens, engine.count_tokens))
                progress("Asking", next(rounds), options.runs * len(chats))
            found["chats"][str(many)] = _compared({side: engine_load.side(all_) for side, all_ in sides.items()})
        if options.arrivals:
            asked = [prompts[at] for at in engine_load.draw(options.arrivals, len(prompts), random)]
            crowd = engine_load.by_chance(ours.write, asked, options.max_tokens, within_s=60.0, random=random)
            found["arrivals"] = asdict(crowd)
        memory = {"engine_mb": _resident() - before, "process_mb": _resident()}
    return found | _shares(ours.stats) | {"memory": memory}


@contextmanager
def _others(path: Path, sha256: str, settings: Settings, *, wanted: bool) -> Iterator[dict[str, engine_load.Write]]:
    """The same file and adapter, one answer at a time and, where installed, in a C++ server with as many slots."""
    engine = settings.engine
    adapter = find_adapter(engine.adapter, sha256) if wanted else None
    laid = adapter.path if adapter else None
    with ExitStack() as opened:
        others: dict[str, engine_load.Write] = {}
        if wanted:
            plain = PlainEngine(path, context_tokens=engine.context_tokens, threads=engine.threads, adapter=laid)
            others["plain"] = opened.enter_context(closing(plain)).write
        if wanted and CppServer.is_installed():
            server = CppServer(
                path, context_tokens=engine.context_tokens, slots=engine.slots, threads=engine.threads, adapter=laid
            )
            others["xllamacpp"] = opened.enter_context(closing(server)).write
        yield others


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


def _compared(sides: Mapping[str, engine_load.Side]) -> dict[str, Any]:
    """By figure: each side's, None for those that were not asked, and ours divided by theirs."""
    compared: dict[str, Any] = {}
    for figure, field in _FIGURES.items():
        values = {side: float(getattr(found, field)) for side, found in sides.items()}
        compared[figure] = {side: values.get(side) for side in (OURS, *OTHERS)} | {
            f"ratio_{side}": round(values[OURS] / values[side], 3) if values.get(side) else None for side in OTHERS
        }
    return compared


def _speeds(alone: Sequence[GenerationStats]) -> dict[str, float]:
    """Tokens per second of one chat alone: read of its prompt, but for what was still in memory, and written."""
    read = [(s.prompt_tokens - s.reused_tokens) / (s.first_token_s - s.queue_s) for s in alone if s.first_token_s]
    written = [(s.answer_tokens - 1) / (s.total_s - s.first_token_s) for s in alone if s.answer_tokens > 1]
    return {
        "prompt_tokens_per_s": round(statistics.median(read), 1) if read else 0.0,
        "generation_tokens_per_s": round(statistics.median(written), 1) if written else 0.0,
    }


def _shares(all_: Sequence[GenerationStats]) -> dict[str, float]:
    """Of the prompts' tokens how many were not read again, of the answers' how many were guessed, and guesses right."""
    read, reused, written, drafted, accepted = (
        max(1, sum(getattr(stats, field) for stats in all_))
        for field in ("prompt_tokens", "reused_tokens", "answer_tokens", "drafted_tokens", "accepted_tokens")
    )
    return {
        "reuse": round(reused / read, 2),
        "guessed": round(accepted / written, 2),
        "guesses_right": round(accepted / drafted, 2),
    }


def _resident() -> int:
    """Megabytes of this process that lie in memory."""
    return int(psutil.Process().memory_info().rss / 2**20)


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
        f"engine {found['model']}, loaded in {found['load_s']} s, {found['memory']['engine_mb']} MB; one chat reads "
        f"{found['prompt_tokens_per_s']} and writes {found['generation_tokens_per_s']} tokens/s",
        f"{found['prompts']} prompts; reused {found['reuse']:.0%} of their tokens, "
        f"guessed {found['guessed']:.0%} of the answers' ({found['guesses_right']:.0%} of the guesses were right)",
        *(
            f"first text s, {side}: new {times['new_s']}, same question {times['same_question_s']}, same passages "
            f"{times['same_passages_s']}"
            for side, times in found["again"].items()
        ),
        f"{'chats':<7}{'figure':<20}" + "".join(f"{side:>11}" for side in (OURS, *OTHERS)) + "    x plain    x cpp",
    ]
    for chats, figures in found["chats"].items():
        for name, row in figures.items():
            cells = [row[side] for side in (OURS, *OTHERS)] + [row[f"ratio_{side}"] for side in OTHERS]
            lines.append(f"{chats:<7}{name:<20}" + "".join(f"{'-' if cell is None else cell:>11}" for cell in cells))
    if crowd := found.get("arrivals"):
        lines.append(
            "{chats} by chance in a minute: {answered} answered, {told_to_wait} told to wait, {failed} failed; "
            "first text p50 {first_p50_s} s, p95 {first_p95_s} s".format(**crowd)
        )
    return lines
