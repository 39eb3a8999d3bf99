"""The multilingual embedder on a miniature of its file, against the same model written out in numpy."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from support_bot.engine.e5 import E5Embedder
from support_bot.engine.packed_e5 import PackedE5, unpacked
from support_bot.errors import WeightsError
from tests.factories_files.packed_e5 import HEADS, INNER, LAYERS, PIECES, POSITIONS, WIDTH, Miniature, miniature

TEXTS = ["how refunds", "refund", "退款", "", "refunds refunds refunds refunds refunds refunds"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Miniature:
    return miniature(tmp_path_factory.mktemp("e5"))


@pytest.fixture(scope="module")
def embedder(tiny: Miniature) -> E5Embedder:
    return E5Embedder(tiny.path, name="miniature", model_hash="0" * 64, threads=1)


def _written_out(tensors: dict[str, NDArray[np.float32]], tokens: list[int]) -> NDArray[np.float32]:
    """One text through a BERT (Devlin et al. 2019) in full precision; its unit vector."""

    def norm(x: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return x * tensors[f"{name}.w"] + tensors[f"{name}.b"]

    def linear(x: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        return x @ tensors[f"{name}.w"].T + tensors[f"{name}.b"]

    def gelu(x: NDArray[np.float32]) -> NDArray[np.float32]:
        return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))).astype(np.float32)

    positions = tensors["emb.pos"].reshape(POSITIONS, WIDTH)[: len(tokens)]
    x = norm(tensors["emb.word"][tokens] + positions + tensors["emb.type"][:WIDTH], "emb.ln")
    for n in range(LAYERS):
        q, k, v = (linear(x, f"l{n}.{part}").reshape(len(x), HEADS, -1).swapaxes(0, 1) for part in "qkv")
        scores = np.exp(q @ k.swapaxes(1, 2) / math.sqrt(WIDTH / HEADS))
        seen = (scores / scores.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(len(x), WIDTH)
        x = norm(x + linear(seen, f"l{n}.ao"), f"l{n}.aln")
        x = norm(x + linear(gelu(linear(x, f"l{n}.fi")), f"l{n}.fo"), f"l{n}.oln")
    mean = x.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def test_gives_what_the_model_written_out_gives(tiny: Miniature, embedder: E5Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), WIDTH) == (len(TEXTS), embedder.dimension)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert vector @ _written_out(tiny.tensors, embedder.tokens(f"passage: {text}")) > 0.999


def test_a_question_is_another_text_than_what_answers_it(tiny: Miniature, embedder: E5Embedder) -> None:
    [asked] = embedder.embed_questions(["refund"])
    assert asked @ _written_out(tiny.tensors, embedder.tokens("query: refund")) > 0.999
    assert asked @ embedder.embed(["refund"])[0] < 0.999


def test_nothing_to_embed_is_an_empty_matrix(embedder: E5Embedder) -> None:
    assert embedder.embed([]).shape == (0, WIDTH)


def test_cuts_texts_into_the_likeliest_pieces(embedder: E5Embedder) -> None:
    def said(text: str) -> list[str]:
        return [PIECES[token] for token in embedder.tokens(text)]

    assert said("how  refunds") == ["<s>", "▁how", "▁re", "fund", "s", "</s>"]
    assert said("how\nrefundＡ\x01") == ["<s>", "▁how", "▁re", "fund", "s", "</s>"]
    assert said("退款☃") == ["<s>", "▁", "退", "款", "<unk>", "</s>"]
    assert said("") == ["<s>", "</s>"] or said("") == ["<s>", "▁", "</s>"]


def test_a_text_of_any_length_has_at_most_the_positions_of_the_model(embedder: E5Embedder) -> None:
    tokens = embedder.tokens("refunds " * 10_000)
    assert len(tokens) == POSITIONS
    assert PIECES[tokens[-1]] == "</s>"


def test_cosines_are_put_on_the_scale_of_the_other_embedder(embedder: E5Embedder) -> None:
    low, middle, high = embedder.likeness(np.array([0.782, 0.8843, 0.95], dtype=np.float32)).tolist()
    assert low == pytest.approx(0.0, abs=1e-5)
    assert middle == pytest.approx(0.6, abs=0.01)
    assert middle < high < 1.0


def test_the_packed_matrices_are_read_as_they_were_written(tiny: Miniature) -> None:
    packed = PackedE5(tiny.path)
    for name in ("emb.word", "l1.fi.w", "l0.fo.w"):
        assert np.array_equal(unpacked(*packed.blocks(name)), tiny.tensors[name])
    assert packed.shape.inner == INNER
    with pytest.raises(WeightsError, match=r"no tensor l9\.q\.w"):
        packed.blocks("l9.q.w")


@pytest.mark.parametrize("content", [b"", b"E5S1", b"GGUF" + bytes(200), b"E5S1" + bytes(200)])
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(content)
    with pytest.raises(WeightsError, match=r"weights\.bin cannot be read"):
        E5Embedder(file, name="broken", model_hash="")


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, tiny: Miniature, share: float) -> None:
    whole = tiny.path.read_bytes()
    file = tmp_path / "weights.bin"
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WeightsError):
        E5Embedder(file, name="broken", model_hash="")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        E5Embedder(tmp_path / "none.bin", name="none", model_hash="")
