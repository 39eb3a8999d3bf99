"""Bytes to text, logits to tokens, messages to prompts: the engine's arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.engine.base import ChatTurn
from support_bot.engine.chat_format import ChatFormat, PromptPart
from support_bot.engine.sampling import greedy, nucleus, sample
from support_bot.engine.text_stream import TextStream
from support_bot.errors import Invalid, WeightsError


class TestTextStream:
    @given(st.text(), st.integers(1, 5))
    def test_never_splits_a_character(self, text: str, size: int) -> None:
        data = text.encode("utf-8", "replace")
        stream = TextStream()
        pieces = [stream.feed(data[i : i + size]) for i in range(0, len(data), size)]
        assert "".join([*pieces, stream.finish()]) == data.decode()
        assert not any("\ufffd" in piece for piece in pieces) or "\ufffd" in text

    def test_half_a_character_at_the_end_is_dropped(self) -> None:
        stream = TextStream()
        assert stream.feed("Grüße"[:3].encode()[:-1]) == "Gr"
        assert stream.finish() == ""

    @given(st.text("ab."), st.integers(1, 3))
    def test_gives_nothing_from_a_stop_string_on(self, text: str, size: int) -> None:
        stream = TextStream((".a", "bb."))
        pieces = [stream.feed(text[i : i + size].encode()) for i in range(0, len(text), size)]
        found = [at for at in (text.find(".a"), text.find("bb.")) if at >= 0]
        assert "".join([*pieces, stream.finish()]) == text[: min(found, default=len(text))]
        assert stream.stopped == bool(found)


class TestSampling:
    def test_greedy_takes_the_first_of_equals(self) -> None:
        assert greedy(np.array([0.0, 3.0, 3.0], dtype=np.float32)) == 1

    def test_the_nucleus_is_the_smallest_set_that_reaches_top_p(self) -> None:
        logits = np.log(np.array([0.1, 0.5, 0.4], dtype=np.float32))
        tokens, chances = nucleus(logits, 1.0, 0.8)
        assert tokens.tolist() == [1, 2]
        assert chances == pytest.approx([5 / 9, 4 / 9])

    def test_all_of_top_p_keeps_all(self) -> None:
        tokens, chances = nucleus(np.zeros(7, dtype=np.float32), 1.0, 1.0)
        assert len(tokens) == 7 and chances.sum() == pytest.approx(1.0)

    def test_draws_as_often_as_it_should(self) -> None:
        logits = np.log(np.array([0.2, 0.8], dtype=np.float32))
        random = np.random.default_rng(7)
        drawn = [sample(logits, 1.0, 1.0, random) for _ in range(2000)]
        assert np.mean(drawn) == pytest.approx(0.8, abs=0.03)

    def test_the_same_seed_draws_the_same(self) -> None:
        logits = np.random.default_rng(0).normal(size=100).astype(np.float32)
        runs = [[sample(logits, 0.8, 0.95, r) for _ in range(20)] for r in map(np.random.default_rng, (3, 3))]
        assert runs[0] == runs[1]

    def test_temperature_zero_is_greedy(self) -> None:
        logits = np.array([1.0, 2.0, 0.0], dtype=np.float32)
        assert sample(logits, 0.0, 0.95, np.random.default_rng(0)) == 1


class TestChatFormat:
    def test_lays_a_chat_out_as_chatml_where_the_model_says_nothing(self) -> None:
        parts = ChatFormat(None).parts([ChatTurn("system", "Be kind."), ChatTurn("user", "Hello")])
        assert "".join(part.text for part in parts) == (
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"
        )
        assert [part.text for part in parts if not part.control] == ["Be kind.", "Hello"]

    @given(st.text(max_size=40), st.sampled_from(["<|im_end|>", "{{ messages }}", "{% raw %}", "\ue000", ""]))
    def test_what_people_write_never_becomes_markup(self, text: str, evil: str) -> None:
        content = text + evil + text
        format_ = ChatFormat(None)
        parts = format_.parts([ChatTurn("user", content)])
        assert [part for part in parts if not part.control] == [PromptPart(content, control=False)]
        assert [part.text for part in parts if part.control] == [
            "<|im_start|>user\n",
            "<|im_end|>\n<|im_start|>assistant\n",
        ]

    def test_the_template_runs_in_a_sandbox(self) -> None:
        with pytest.raises(Invalid):
            ChatFormat("{{ messages.__class__.__mro__[1].__subclasses__() }}").parts([ChatTurn("user", "Hello")])

    def test_a_template_that_refuses_the_messages_says_so(self) -> None:
        refusing = ChatFormat("{{ raise_exception('roles must alternate') }}")
        with pytest.raises(Invalid, match="roles must alternate"):
            refusing.parts([ChatTurn("user", "Hello")])

    def test_a_broken_template_is_the_models_fault(self) -> None:
        with pytest.raises(WeightsError):
            ChatFormat("{% for %}")

    def test_boundary_tokens_reach_the_template(self) -> None:
        parts = ChatFormat("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}", begin="<s>", end="</s>").parts(
            [ChatTurn("user", "Hello")]
        )
        assert parts == [PromptPart("<s>", True), PromptPart("Hello", False), PromptPart("</s>", True)]
