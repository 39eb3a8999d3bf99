"""Mixed load on the real engine for as long as is wanted: `python -m tests.engine_soak MINUTES`.

Eight customers ask, read, or leave in the middle; now and then somebody wants a grammar, a choice or background work.
Afterwards nothing may be lost: no slot, no customer, no memory."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from contextlib import closing

import numpy as np
import psutil

from support_bot.assembly import weights_store
from support_bot.engine.base import ChatTurn, GenerationRequest, TextEngine
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.tuned import load_engine
from support_bot.errors import Cancelled, Overloaded, SupportBotError
from support_bot.settings import Settings

_CUSTOMERS = 8
_ARTICLE = "Delivery takes 3 to 5 business days and costs $4.90; over $60 it is free. Parcels to islands take a week. "
_GROWTH = 1.05


def customer(engine: TextEngine, until: float, seed: int, ends: Counter[str]) -> None:
    """Ask one thing after another until the time is over."""
    random = np.random.default_rng(seed)
    while time.monotonic() < until:
        about = _ARTICLE * int(random.integers(1, 12))
        question = f"{about}\nQuestion {random.zipf(1.3) % 200}: how long does delivery take?"
        kind = random.choice(["answer", "answer", "answer", "leave", "leave", "grammar", "choice", "background"])
        request = GenerationRequest(
            (ChatTurn("system", "Answer from the article."), ChatTurn("user", question)),
            max_tokens=int(random.integers(1, 64)),
            temperature=float(random.choice([0.0, 0.0, 1.0])),
            background=kind == "background",
            grammar='root ::= "yes" | "no"' if kind == "grammar" else "",
            choices=("yes", "no") if kind == "choice" else (),
        )
        try:
            generation = engine.start(request)
            leave_after = int(random.integers(0, 6)) if kind == "leave" else 1000
            if leave_after == 0:
                generation.cancel()
            for at, _ in enumerate(generation, start=1):
                if at == leave_after:
                    generation.cancel()
            ends["answered"] += 1
        except Cancelled:
            ends["left"] += 1
        except Overloaded:
            ends["told to wait"] += 1
            time.sleep(0.2)
        except SupportBotError as error:
            ends[f"error: {error.detail}"] += 1
        if random.random() < 0.2:
            time.sleep(float(random.exponential(0.5)))


def soak(engine: LlamaEngine, minutes: float) -> list[str]:
    """Load for some minutes; what was found wrong afterwards."""
    ends: Counter[str] = Counter()
    until = time.monotonic() + 60 * minutes
    readers = [
        threading.Thread(target=customer, args=(engine, until, seed, ends), daemon=True) for seed in range(_CUSTOMERS)
    ]
    for reader in readers:
        reader.start()
    process, warm, most = psutil.Process(), 0, 0
    while time.monotonic() < until:
        time.sleep(min(30.0, max(0.1, until - time.monotonic())))
        most = process.memory_info().rss
        warm = warm or (most if time.monotonic() > until - 60 * minutes * 0.8 else 0)
        figures = engine.figures()
        sys.stdout.write(
            f"{round((until - time.monotonic()) / 60, 1)} minutes left, {most >> 20} MB, {dict(ends)}, "
            f"{figures.cells_used} of {figures.cells} cells\n"
        )
        sys.stdout.flush()
    for reader in readers:
        reader.join(120)
    figures = engine.figures()
    wrong = [end for end in ends if end.startswith("error")]
    wrong += [f"{len(left)} customers hang"] if (left := [r for r in readers if r.is_alive()]) else []
    wrong += [f"{figures.running} slots are lost"] if figures.running else []
    wrong += [f"memory grew from {warm >> 20} to {most >> 20} MB"] if most > _GROWTH * warm else []
    return wrong


def main() -> int:
    """0 where nothing was lost."""
    settings = Settings(sample_data=False)
    store = weights_store(settings)
    name = next(entry.name for entry in store.entries() if entry.default)
    with closing(load_engine(store, name, settings)) as engine:
        wrong = soak(engine, float(sys.argv[1]))
    sys.stdout.write("\n".join(wrong or ["nothing lost"]) + "\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
