"""Measure this machine as `support-bot bench` orders it: the embedder, the sample articles, questions about them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from support_bot.assembly import weights_store
from support_bot.commands.bench_engine import engine_lines, measure_engine, sizes_in
from support_bot.commands.bench_inbox import inbox_lines, measure_inbox
from support_bot.commands.bench_overhead import measure_overhead
from support_bot.commands.exam_options import BenchOptions
from support_bot.engine.embedders import load_embedder
from support_bot.engine.weights import Progress
from support_bot.errors import Invalid
from support_bot.evaluation import bench
from support_bot.evaluation.dataset import read_questions
from support_bot.services.embedders import AUTO, ENGLISH
from support_bot.services.sample_company import sample_company
from support_bot.settings import Settings

PARTS = ("engine", "retrieval", "ingestion", "overhead", "inbox")


def measure(settings: Settings, options: BenchOptions, progress: Progress) -> dict[str, Any]:
    """The machine, and what was asked for: the engine's `chats`, `retrieval` by number of chunks, `ingestion`.

    Raises Invalid."""
    wanted = options.parts or list(PARTS)
    if unknown := [part for part in wanted if part not in PARTS]:
        raise Invalid(f"{unknown[0]} cannot be measured; there is {', '.join(PARTS)}.")
    sizes = sizes_in(options.chunks, "--chunks")
    store = weights_store(settings)
    name = ENGLISH if settings.retrieval.embedder == AUTO else settings.retrieval.embedder
    if not store.is_present(name):
        store.pull(name, progress)
    embedder = load_embedder(store, name)
    articles = sorted(path for path in (sample_company() / "articles").glob("*") if path.is_file())
    found: dict[str, Any] = {"machine": bench.machine(), "embedder": name}
    if "engine" in wanted:
        found |= measure_engine(settings, options, store, embedder, progress)
    if "retrieval" in wanted:
        known = bench.pieces(settings, articles, embedder)
        asked = [question.question for question in read_questions(sample_company() / "exam.jsonl")]
        times = [
            bench.retrieval(settings, known, bench.Work(embedder, asked, options.runs, progress), size)
            for size in sizes
        ]
        found["retrieval"] = [asdict(time) for time in times]
        first, last = times[0], times[-1]
        found["ratio_p50"], found["ratio_p95"] = (
            round(last.p50_ms / first.p50_ms, 2), round(last.p95_ms / first.p95_ms, 2),
        )  # fmt: skip
    if "ingestion" in wanted:
        found["ingestion"] = asdict(
            bench.ingestion(settings, articles, bench.Work(embedder, (), options.runs, progress))
        )
    if "overhead" in wanted:
        found["overhead"] = measure_overhead(options.runs)
    if "inbox" in wanted:
        found["inbox"] = measure_inbox(options.conversations, options.database, progress)
    return found


def as_text(found: dict[str, Any]) -> str:
    """The same for a reader."""
    machine = found["machine"]
    lines = [", ".join(f"{name} {value}" for name, value in machine.items()), f"embedder {found['embedder']}"]
    if "chats" in found:
        lines += engine_lines(found)
    if times := found.get("retrieval"):
        lines.append("chunks     p50 ms    p95 ms")
        lines += [f"{time['chunks']:<9}{time['p50_ms']:>8}{time['p95_ms']:>10}" for time in times]
        lines.append(f"last against first: p50 x {found['ratio_p50']}, p95 x {found['ratio_p95']}")
    if speed := found.get("ingestion"):
        lines.append(
            f"ingestion {speed['chunks_per_s']} chunks/s until they are found, {speed['complete_per_s']} with the "
            f"vectors of their sentences ({speed['chunks']} chunks)"
        )
    if around := found.get("overhead"):
        lines.append(
            f"around the model {around['cpu_ms_per_turn']} ms of processor time a turn, and "
            f"{around['search_cpu_ms']} ms to search; {around['turns_per_s']} turns/s"
        )
    if inbox := found.get("inbox"):
        lines += inbox_lines(inbox)
    return "\n".join(lines)
