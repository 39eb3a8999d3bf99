"""What tuning chooses from what was measured, and what it keeps; no weights are loaded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from support_bot.engine.judging import (
    LEAST_SAME,
    MOST_KL,
    SHIPPED,
    Measured,
    as_plan_row,
    as_row,
    best_format,
    best_threads,
    clearly_best,
    is_close,
    judged,
)
from support_bot.engine.measuring import Distance, OtherWork, Speed, distance, middle
from support_bot.engine.plan import USUAL, Plan
from support_bot.engine.tuned import Choice, Choices, Place

NOISE = Distance(0.003, 0.97)
SLOW = Speed(1.0, 6.0, 0.02, 0.08, 0.007)
FAST = Speed(0.2, 1.2, 0.01, 0.02, 0.0013)
PLACE = Place("AMD EPYC", "AVX512 = 1", 2, "0.3.36", "a" * 64, "b" * 64)
CHOICE = Choice("bf16", Plan(threads=1, batch_threads=1), [{"variant": "bf16", "verdict": "chosen"}])


def verdicts(*rows: Measured) -> dict[str, str]:
    shipped = Measured(SHIPPED, 98, speed=SLOW, distance=NOISE)
    return {row.format: row.refused for row in judged([shipped, *rows])}


class TestFormats:
    def test_a_faster_one_that_predicts_the_same_may_serve(self) -> None:
        assert verdicts(Measured("bf16", 271, speed=FAST, distance=NOISE)) == {SHIPPED: "", "bf16": ""}

    @pytest.mark.parametrize(
        "found",
        [Distance(MOST_KL + 1e-6, 0.99), Distance(0.0, NOISE.same_top - LEAST_SAME - 1e-6), Distance(float("nan"), 1)],
    )
    def test_one_that_predicts_otherwise_may_not(self, found: Distance) -> None:
        assert verdicts(Measured("q4_0", 92, speed=FAST, distance=found))["q4_0"] == "predicts too differently"

    def test_one_that_is_hardly_faster_may_not(self) -> None:
        hardly = Speed(*(0.97 * figure for figure in (1.0, 6.0, 0.02, 0.08, 0.007)))
        assert "not clearly faster" in verdicts(Measured("q8_0", 145, speed=hardly, distance=NOISE))["q8_0"]

    def test_of_equally_fast_ones_the_smallest_is_best_and_then_the_first(self) -> None:
        nearly = replace(FAST, first_short_s=0.199)
        rows = [Measured("bf16", 271, speed=FAST), Measured("f16", 271, speed=nearly)]
        assert best_format(rows).format == "bf16"
        assert best_format([*rows, Measured("q8_0", 145, speed=FAST)]).format == "q8_0"
        assert best_format([*rows, Measured("q8_0", 145, speed=SLOW)]).format == "bf16"
        assert best_format([*rows, Measured("q4_0", 92, speed=FAST, refused="far")]).format == "bf16"

    def test_an_earlier_reason_stays(self) -> None:
        assert verdicts(Measured("f16", 271, refused="the disk is full"))["f16"] == "the disk is full"

    def test_what_was_not_compared_is_not_close(self) -> None:
        assert not is_close(None, NOISE)

    def test_the_table_says_who_was_chosen_and_why_not(self) -> None:
        rows = [Measured("bf16", 271_000_000, 316.0, FAST, NOISE), Measured("f16", 0, refused="no room")]
        table = [as_row(row, "bf16") for row in rows]
        assert [line["verdict"] for line in table] == ["chosen", "no room"]
        assert table[0]["mb"] == 271 and table[0]["prompt_per_s"] == 769 and table[0]["four_per_s"] == 200.0
        assert "1+2 threads, steps of 64, f16, plain" in as_plan_row(
            "bf16", Plan(1, 2, flash_attention=False), FAST, "chosen"
        )["variant"]  # fmt: skip


class TestWaysToRun:
    def test_a_clearly_faster_way_is_taken_and_no_other(self) -> None:
        other = replace(USUAL, kv_type="q8_0")
        assert clearly_best(USUAL, {USUAL: SLOW, other: FAST}) == other
        assert clearly_best(USUAL, {USUAL: FAST, other: replace(FAST, first_short_s=0.199)}) == USUAL

    def test_nothing_to_choose_from_leaves_the_usual_way(self) -> None:
        assert clearly_best(USUAL, {}) == USUAL

    def test_threads_for_one_token_and_for_many_are_chosen_apart(self) -> None:
        one, two = Plan(1, 1), Plan(2, 2)
        found = best_threads({one: replace(SLOW, step_alone_s=0.01), two: replace(FAST, step_alone_s=0.03)})
        assert (found.threads, found.batch_threads) == (1, 2)

    def test_a_thread_that_brings_nothing_is_left_out(self) -> None:
        assert best_threads({Plan(1, 1): FAST, Plan(2, 2): FAST}) == Plan(1, 1)

    def test_the_longest_step_follows_from_reading(self) -> None:
        assert FAST.longest_step_s(Plan(step_tokens=100)) == pytest.approx(0.13)


class TestMeasuring:
    def test_the_same_predictions_are_no_distance_apart(self) -> None:
        truth = np.log(np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]], dtype=np.float16))
        assert distance(truth, iter([truth.astype(np.float32)])) == Distance(0.0, 1.0)

    def test_other_predictions_are_as_far_apart_as_their_divergence(self) -> None:
        truth, found = np.array([[0.75, 0.25]]), np.array([[0.25, 0.75]], dtype=np.float32)
        apart = distance(np.log(truth).astype(np.float16), iter([np.log(found)]))
        assert apart.kl == pytest.approx(0.5 * np.log(3), abs=1e-3) and apart.same_top == 0.0

    def test_one_slow_round_changes_nothing(self) -> None:
        assert middle([FAST, SLOW, FAST]) == FAST

    def test_a_large_share_of_others_is_never_more_than_all(self) -> None:
        work = OtherWork()
        sum(range(2_000_000))
        assert 0.0 <= work.share() <= 1.0


class TestWhatIsKept:
    def test_a_choice_is_found_again_in_its_place_only(self, tmp_path: Path) -> None:
        choices = Choices(tmp_path / "tuning")
        assert choices.find(PLACE) is None
        choices.keep(PLACE, CHOICE)
        assert choices.find(PLACE) == CHOICE
        for other in (
            replace(PLACE, processor="Intel Xeon"),
            replace(PLACE, features="AVX2 = 1"),
            replace(PLACE, cores=4),
            replace(PLACE, llama_cpp="0.3.37"),
            replace(PLACE, model="c" * 64),
            replace(PLACE, adapter=None),
        ):
            assert choices.find(other) is None

    def test_a_file_of_another_machine_is_refused(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        choices = Choices(tmp_path)
        other = replace(PLACE, processor="Intel Xeon")
        choices.keep(other, CHOICE)
        (tmp_path / f"{other.digest}.json").rename(tmp_path / f"{PLACE.digest}.json")
        assert choices.find(PLACE) is None and "another machine" in caplog.text

    @pytest.mark.parametrize(
        "change",
        [
            {"format": "q2_0"},
            {"format": 7},
            {"plan": {"threads": 10_000}},
            {"plan": {"threads": -1}},
            {"plan": {"threads": "2"}},
            {"plan": {"step_tokens": 0}},
            {"plan": {"step_tokens": 10**9}},
            {"plan": {"kv_type": "q1"}},
            {"plan": {"kv_type": ["f16"]}},
            {"plan": {"cores": 2}},
            {"plan": {"flash_attention": "off"}},
            {"plan": []},
            {"rows": None},
            {"place": {}},
        ],
    )
    def test_what_is_written_wrongly_counts_as_none(
        self, tmp_path: Path, change: dict[str, object], caplog: pytest.LogCaptureFixture
    ) -> None:
        choices = Choices(tmp_path)
        choices.keep(PLACE, CHOICE)
        [file] = tmp_path.iterdir()
        file.write_text(json.dumps(json.loads(file.read_text()) | change))
        assert choices.find(PLACE) is None and "runs as shipped until it is tuned again" in caplog.text

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"text"'])
    def test_what_is_no_record_counts_as_none(self, tmp_path: Path, content: bytes) -> None:
        choices = Choices(tmp_path)
        choices.keep(PLACE, CHOICE)
        [file] = tmp_path.iterdir()
        file.write_bytes(content)
        assert choices.find(PLACE) is None
        choices.keep(PLACE, CHOICE)
        assert choices.find(PLACE) == CHOICE

    def test_a_folder_that_cannot_be_made_is_an_error_and_nothing_is_left(self, tmp_path: Path) -> None:
        (tmp_path / "tuning").write_text("a file")
        with pytest.raises(OSError):
            Choices(tmp_path / "tuning").keep(PLACE, CHOICE)
        with pytest.raises(TypeError):
            Choices(tmp_path).keep(PLACE, replace(CHOICE, rows=[{"bad": object()}]))
        assert [path.name for path in tmp_path.iterdir()] == ["tuning"]
