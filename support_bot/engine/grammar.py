"""What an answer may look like: a grammar (GBNF) or a JSON schema, made into llama.cpp's own check of each token."""

from __future__ import annotations

import ctypes
import json
import time
import weakref
from typing import Any

import llama_cpp
import numpy as np
from llama_cpp.llama_grammar import json_schema_to_gbnf
from numpy.typing import NDArray

from support_bot.engine.gbnf import check_grammar
from support_bot.errors import Invalid

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
_PATIENCE_S = 1.0  # for one token
_QUICK_S = 0.05
_PATIENCE_IN_ALL_S = 10.0  # for one answer
_LONGEST_SCHEMA = 32_768
_MOST_REPEATS = 500
_REPEATS = ("minLength", "maxLength", "minItems", "maxItems")
# The library's own rule takes raw control characters into a string, which JSON does not.
_LOOSE_CHAR, _CHAR = r'char ::= [^"\\] |', r'char ::= [^"\\\x00-\x1F\x7F] |'


class LlamaGrammar:
    """A `terms.Grammar` over llama.cpp's grammar sampler. It follows one answer; freed with the last reference."""

    def __init__(self, vocab: llama_cpp.llama_vocab_p, text: str) -> None:
        """`vocab` must live as long as this is asked. Raises Invalid for a grammar that cannot be used."""
        check_grammar(text)
        sampler = llama_cpp.llama_sampler_init_grammar(vocab, text.encode(), b"root")
        if not sampler:
            raise Invalid("llama.cpp cannot read the grammar; what it says of it is on the error output.")
        self._sampler = sampler
        self._spent_s = 0.0
        weakref.finalize(self, llama_cpp.llama_sampler_free, sampler)

    def reset(self) -> None:
        """Nothing is written yet."""
        llama_cpp.llama_sampler_reset(self._sampler)

    def allows(self, token: int) -> bool:
        """Whether the grammar goes on with this token; an end token where it may end."""
        return bool(self._allowed(np.array([token])).any())

    def mask(self, logits: NDArray[np.float32], depth: float) -> NDArray[np.float32]:
        """The logits [n_vocab] of tokens that the grammar goes on with, minus infinity elsewhere.

        Tokens are looked at from the likeliest on, until the best that will do is found and all that lie at most
        `depth` below it: looking at the whole vocabulary takes as long as a step. After a second, or ten in one answer,
        it looks no further: a grammar with many ways open at once must not stop everybody."""
        masked = np.full_like(logits, -np.inf)
        order = np.argsort(-logits, kind="stable")
        seen, count, least = 0, 64, -np.inf
        most_s = min(_PATIENCE_IN_ALL_S, self._spent_s + _PATIENCE_S)
        while seen < len(order) and logits[order[seen]] >= least and self._spent_s < most_s:
            tokens, before_s = order[seen : seen + count], self._spent_s
            fit = tokens[self._allowed(tokens)]
            masked[fit] = logits[fit]
            least = float(masked.max()) - depth
            seen += count
            if self._spent_s - before_s < _QUICK_S:
                count *= 2
        return masked

    def accept(self, token: int) -> None:
        """An allowed token was written."""
        began = time.monotonic()
        llama_cpp.llama_sampler_accept(self._sampler, token)
        self._spent_s += time.monotonic() - began

    def _allowed(self, tokens: NDArray[np.intp]) -> NDArray[np.bool_]:
        began = time.monotonic()
        candidates = np.zeros(len(tokens), dtype=_CANDIDATE)
        candidates["id"] = tokens
        array = llama_cpp.llama_token_data_array(
            data=candidates.ctypes.data_as(llama_cpp.llama_token_data_p), size=len(tokens), selected=-1, sorted=False
        )
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(array))
        self._spent_s += time.monotonic() - began
        return np.asarray(np.isfinite(candidates["logit"]))


def schema_grammar(text: str) -> str:
    """The grammar (GBNF) of the JSON texts that fit this JSON schema. Raises Invalid for one that cannot be used.

    Only what llama.cpp's converter knows is kept to: types, properties and which are required, items, enum, const,
    anyOf, lengths of strings and arrays, simple patterns, references inside the schema."""
    if len(text) > _LONGEST_SCHEMA:
        raise Invalid(f"The JSON schema has {len(text)} characters; at most {_LONGEST_SCHEMA} are taken.")
    try:
        schema = json.loads(text)
        _check_schema(schema)
        grammar: str = json_schema_to_gbnf(json.dumps(_opened(schema)))
    except Invalid:
        raise
    except Exception as error:
        raise Invalid(f"The JSON schema cannot be used: {error or type(error).__name__}") from error
    return grammar.replace(_LOOSE_CHAR, _CHAR)


def _opened(schema: Any) -> Any:
    """The schema with what its own `$ref` names in that place: the converter finds no others beside one at the top."""
    if not isinstance(schema, dict) or not str(schema.get("$ref", "")).startswith("#/$defs/"):
        return schema
    rest = {name: part for name, part in schema.items() if name != "$ref"}
    return rest | schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]


def _check_schema(schema: Any) -> None:
    """Raises Invalid where the converter would write out so many repetitions that the memory is full."""
    if isinstance(schema, list):
        for part in schema:
            _check_schema(part)
    if not isinstance(schema, dict):
        return
    for name, part in schema.items():
        if name in _REPEATS and isinstance(part, int) and not 0 <= part <= _MOST_REPEATS:
            raise Invalid(f"{name} of the JSON schema must be from 0 to {_MOST_REPEATS}.")
        if name == "pattern" and isinstance(part, str) and "{" in part:
            raise Invalid("Patterns of the JSON schema may not count repetitions ({…}); use minLength and maxLength.")
        _check_schema(part)
