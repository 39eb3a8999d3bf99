"""The reader's network: MiniLM, whose lower layers see question and passage apart and whose upper ones see both.

As in MacAvaney et al. 2020 (PreTTR): what is apart is computed once for each text and stays as it was pretrained, so
that training costs half and less is learned by heart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from support_bot.engine.reader import PASSAGE_TOKENS

WIDTH, HEADS, FEED, LAYERS, APART = 384, 12, 1536, 6, 3
_HIDDEN = 128
_EPSILON = 1e-12
_PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "mix": "attention.output.dense",
    "after_mix": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "after_down": "output.LayerNorm",
}


class Layer(nn.Module):
    """One layer of BERT (Devlin et al. 2019): normalised after each step, GELU."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value, self.mix = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.after_mix, self.after_down = nn.LayerNorm(WIDTH, _EPSILON), nn.LayerNorm(WIDTH, _EPSILON)
        self.up, self.down = nn.Linear(WIDTH, FEED), nn.Linear(FEED, WIDTH)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Any, seen: Any) -> Any:
        """[batch, tokens, width] to the same; `seen` [batch, 1, 1 or tokens, tokens] says who may look at whom."""
        batch, tokens = states.shape[0], states.shape[1]

        def heads(part: Any) -> Any:
            return part.view(batch, tokens, HEADS, WIDTH // HEADS).transpose(1, 2)

        query, key, value = heads(self.query(states)), heads(self.key(states)), heads(self.value(states))
        mixed = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        mixed = self.mix(mixed.transpose(1, 2).reshape(batch, tokens, WIDTH))
        states = self.after_mix(states + self.dropout(mixed))
        return self.after_down(states + self.dropout(self.down(nn.functional.gelu(self.up(states)))))


class Network(nn.Module):
    """Question and passage to the logit that the passage answers."""

    def __init__(self, words: int, places: int, dropout: float) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(words, WIDTH), nn.Embedding(places, WIDTH)
        self.kind = nn.Parameter(torch.zeros(WIDTH))
        self.norm = nn.LayerNorm(WIDTH, _EPSILON)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))
        self.side = nn.Parameter(torch.randn(2, WIDTH) * 0.02)
        self.head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(4 * WIDTH, _HIDDEN), nn.GELU(), nn.Dropout(dropout), nn.Linear(_HIDDEN, 1)
        )

    def below(self, ids: Any, mask: Any) -> Any:
        """States [batch, tokens, width] of texts that are seen alone; ids and mask (0 or 1) are [batch, tokens]."""
        states = self.norm(self.words(ids) + self.places(torch.arange(ids.shape[1]))[None] + self.kind)
        for layer in self.layers[:APART]:
            states = layer(states, mask[:, None, None, :].bool())
        return states

    def above(self, question: Any, question_mask: Any, passage: Any, passage_mask: Any) -> Any:
        """Logits [batch] from the states of questions and passages."""
        states = torch.cat([question + self.side[0], passage + self.side[1]], 1)
        mask = torch.cat([question_mask, passage_mask], 1)
        for layer in self.layers[APART:]:
            states = layer(states, mask[:, None, None, :].bool())
        tokens = question.shape[1]
        asked, told = _mean(states[:, :tokens], question_mask), _mean(states[:, tokens:], passage_mask)
        # The product is small where the means are: eight times it is about as large as they are.
        return self.head(torch.cat([states[:, 0], asked, told, asked * told * 8], -1))[:, 0]

    def trained(self) -> list[Any]:
        """The parameters that training may change: nothing below."""
        for part in (self.words, self.places, self.norm, *self.layers[:APART]):
            part.requires_grad_(False)
        self.kind.requires_grad_(False)
        return [parameter for parameter in self.parameters() if parameter.requires_grad]


class Joined(nn.Module):
    """The same network over one row for question and passage, as it is served (`engine/reader.py`)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Any, places: Any, sides: Any) -> Any:
        """Logits [batch]; all three are [batch, tokens], `sides` 0 for the question, 1 the passage, -1 padding."""
        network = self.network
        states = network.norm(network.words(ids) + network.places(places) + network.kind)
        apart = sides[:, None, :, None] == sides[:, None, None, :]
        for layer in network.layers[:APART]:
            states = layer(states, apart)
        asks, tells = (sides == 0), (sides == 1)
        states = states + asks[..., None] * network.side[0] + tells[..., None] * network.side[1]
        together = (sides >= 0)[:, None, None, :]
        for layer in network.layers[APART:]:
            states = layer(states, together)
        asked, told = _mean(states, asks), _mean(states, tells)
        return network.head(torch.cat([states[:, 0], asked, told, asked * told * 8], -1))[:, 0]


def _mean(states: Any, mask: Any) -> Any:
    weights = mask[..., None].to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def load(weights: Path, dropout: float) -> Network:
    """The network with the pretrained weights of all-MiniLM-L6-v2 (`model.safetensors`) wherever it has them."""
    found = {name.removeprefix("bert."): tensor for name, tensor in load_file(str(weights)).items()}
    words, places = (found[f"embeddings.{kind}_embeddings.weight"] for kind in ("word", "position"))
    places = places[:PASSAGE_TOKENS].clone()  # no text is longer
    network = Network(len(words), len(places), dropout)
    network.words.weight.data, network.places.weight.data = words, places
    network.kind.data = found["embeddings.token_type_embeddings.weight"][0].clone()
    _put(network.norm, found, "embeddings.LayerNorm")
    for number, layer in enumerate(network.layers):
        for name, there in _PARTS.items():
            _put(getattr(layer, name), found, f"encoder.layer.{number}.{there}")
    return network


def _put(part: Any, found: dict[str, Any], name: str) -> None:
    part.weight.data, part.bias.data = found[f"{name}.weight"].clone(), found[f"{name}.bias"].clone()
