"""A whole small run with real weights and PyTorch, from invented companies to a student that serves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from support_bot.commands.distill_run import Runs
from support_bot.commands.student_training import teach_student, train_student
from support_bot.distillation.order import Order, read_order
from support_bot.distillation.stages import Stage
from support_bot.engine.sources import HubClient
from support_bot.engine.weights import WeightsStore
from support_bot.settings import Settings
from tests.factories import DELIVERY, RETURNS, add_article, make_app, settings

BASE = "smollm2-135m"
ASKED = [
    ("What does express delivery cost?", "Express delivery costs $12.", "It costs $12"),
    ("When does express delivery arrive?", "Express delivery arrives the next day.", "It arrives the next day"),
    ("How long may I return things?", "You can return anything within 30 days.", "You can return it within 30 days"),
]


def tell(stage: str, done: int, total: int) -> None:
    pass


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """With the weights of this machine, and a company that has two articles."""
    weights = Settings().weights_dir
    for name in (BASE, "minilm", "minilm-tokenizer"):
        file = WeightsStore(weights, hub=HubClient("http://127.0.0.1:9")).pull(name)
        place = tmp_path / "cache" / "weights" / file.parent.name
        place.mkdir(parents=True)
        shutil.copyfile(file, place / file.name)
    app = make_app(tmp_path)
    add_article(app, "delivery.md", DELIVERY)
    add_article(app, "returns.md", RETURNS)
    app.close()
    return settings(tmp_path)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """Two companies that say the same in other words; the student's own base teaches."""
    folder = tmp_path / "training" / "companies"
    folder.mkdir(parents=True)
    text = " ".join(evidence for _, evidence, _ in ASKED)
    for name in ("shop", "held"):
        article = {"id": "a1", "title": "Delivery and returns", "text": text}
        (folder / f"{name}.articles.jsonl").write_text(json.dumps(article))
        rows = [
            {"type": "factual", "history": [], "question": asked, "standalone": asked, "gold": ["a1"],
             "evidence": [evidence], "answer": f"{answer} [a1]."}
            for asked, evidence, answer in ASKED
        ]  # fmt: skip
        (folder / f"{name}.qa.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder.parent / "splits.json").write_text(json.dumps({"train": ["shop"], "validation": ["held"]}))
    (tmp_path / "exam.jsonl").write_text(
        json.dumps({"id": "e1", "question": "Is there a fee for standard delivery?", "type": "factual",
                    "must_include": [["$4.90"]]})
    )  # fmt: skip
    (tmp_path / "acme.toml").write_text(
        'name = "acme"\nfolder = "run"\n[sources]\ncompanies = "training"\n[recipe]\nrank = 2\n'
        f'[teacher]\nmodel = "{BASE}"\nalpha = 0.5\n[exam]\nquestions = "exam.jsonl"\nleast_questions = 1\n'
    )
    return read_order(tmp_path / "acme.toml")


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_goes_from_companies_to_a_student_that_serves(
    chosen: Settings, order: Order, capfd: pytest.CaptureFixture[str]
) -> None:
    runs = Runs(chosen, train_student, tell, teach_student)
    taught = runs.run(order, Stage.TEACH)
    assert taught["teach"]["examples"] == len(ASKED)
    found = runs.run(order, Stage.PROMOTE)
    assert list(found) == list(Stage)
    trained = found["train"]
    assert trained["train"]["steps"] == 1 and trained["train"]["compared"] > 0.9
    assert trained["parity"]["kl"] < 0.02
    assert found["export"]["bytes"] == (order.folder / "student.gguf").stat().st_size
    entry = WeightsStore(chosen.weights_dir).get(found["promote"]["name"])
    assert entry.sha256 == found["export"]["sha256"] and entry.needs == (BASE,)
    card = (order.folder / "model-card.md").read_text()
    assert f"teacher: {BASE}, whose probabilities are 50% of the loss" in card and "{" not in card
    assert Runs(chosen, train_student, tell, teach_student).run(order, Stage.PROMOTE) == found
    assert capfd.readouterr().err == ""  # nobody but the product speaks while it works
