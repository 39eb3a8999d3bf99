"""One model in memory, thin over the C calls of llama.cpp. Knows tokens and rows of logits, never a conversation."""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import psutil
from numpy.typing import NDArray

from support_bot.engine.grammar import LlamaGrammar
from support_bot.engine.plan import KV_TYPES, Memory, Plan
from support_bot.engine.saved_state import StateLayout, put_together, take_apart
from support_bot.engine.step_model import PLAIN, AdapterUse, BatchToken, SavedSequence, StepFailed
from support_bot.errors import EngineUnavailable, WeightsError

logger = logging.getLogger(__name__)

WIDE = Plan(step_tokens=512)
"""For reading whole texts at once, where nobody waits for the next step."""

ALONE = Memory()
"""One sequence, for reading and scoring."""

_GGML_ERROR = 4


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator,unused-ignore]
def _log(level: int, text: bytes, _data: object) -> None:
    """llama.cpp's own lines: errors are ours too, the rest (its warnings are many) only helps to debug."""
    line = text.decode("utf-8", "replace").strip(" .\n")
    if line:
        logger.log(logging.ERROR if level == _GGML_ERROR else logging.DEBUG, "llama.cpp: %s", line)


def core_count() -> int:
    """Physical cores this process may use; more threads than that make token generation slower."""
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return max(1, min(physical, allowed))


def _end_token(vocab: llama_cpp.llama_vocab_p, template: bytes) -> int:
    """The token that ends an answer: the text's end where the chat template writes it, else that of a turn, if any.

    llama.cpp guesses the latter by name where the file is silent, and takes `<|endoftext|>` for one."""
    turn, end = int(llama_cpp.llama_vocab_eot(vocab)), int(llama_cpp.llama_vocab_eos(vocab))
    name = llama_cpp.llama_vocab_get_text(vocab, end) if end >= 0 else b""
    return end if turn < 0 or (name and name in template) else turn


def quiet() -> None:
    """Let llama.cpp speak through our log only, and be ready."""
    llama_cpp.llama_log_set(_log, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()


def _order(batch: Sequence[BatchToken], *, shared: bool) -> Sequence[int]:
    """The place of each token in llama.cpp's batch, which runs only neighbours together where memory is not shared."""
    if shared:
        return range(len(batch))
    places = [0] * len(batch)
    for place, i in enumerate(sorted(range(len(batch)), key=lambda i: batch[i].sequence)):
        places[i] = place
    return places


def _context_params(plan: Plan, memory: Memory) -> llama_cpp.llama_context_params:
    params: llama_cpp.llama_context_params = llama_cpp.llama_context_default_params()
    params.n_ctx = memory.cells
    params.kv_unified = memory.shared
    params.n_batch = params.n_ubatch = plan.step_tokens
    params.n_seq_max = memory.sequences
    # Rows of logits; llama.cpp makes room for one per sequence.
    params.n_outputs_max = max(plan.step_tokens, memory.sequences)
    # It skips the cells of other sequences, which plain attention multiplies by zero: beside 2048 of them a step
    # takes 1.1 x its time instead of 1.7 x.
    params.flash_attn_type = int(plan.flash_attention)
    params.type_k = params.type_v = KV_TYPES[plan.kv_type]
    params.n_threads = plan.threads or core_count()
    params.n_threads_batch = plan.batch_threads or plan.threads or core_count()
    params.no_perf = True
    return params


class LlamaModel:
    """A GGUF file with its context memory. Tokenizing, grammars and loading adapters are safe from any thread.

    All else belongs to one thread."""

    _adapter = PLAIN
    _order: Sequence[int] = ()

    def __init__(self, path: Path, *, n_ctx: int, plan: Plan = WIDE, memory: Memory = ALONE) -> None:
        """`n_ctx` tokens per sequence, no more than the model was trained for.

        One `decode` takes at most `plan.step_tokens`. Raises WeightsError when llama.cpp cannot load the file."""
        quiet()
        self._closing, self._stepping = threading.Lock(), threading.Lock()
        self._context: llama_cpp.llama_context_p | None = None
        self._batch: llama_cpp.llama_batch | None = None
        self._adapters: dict[str, llama_cpp.llama_adapter_lora_p] = {}
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
        if not self._model:
            raise WeightsError(f"llama.cpp cannot load {path.name}; run `support-bot models verify`.")
        vocab = llama_cpp.llama_model_get_vocab(self._model)
        assert vocab is not None  # every loaded model has one
        self._vocab = vocab
        self.end_token = _end_token(vocab, llama_cpp.llama_model_chat_template(self._model, None) or b"")
        self.n_vocab = llama_cpp.llama_vocab_n_tokens(vocab)
        self._row_type = ctypes.c_float * self.n_vocab
        longest = min(n_ctx, llama_cpp.llama_model_n_ctx_train(self._model)) or n_ctx
        self.n_cells = (memory.cells or longest) if memory.shared else memory.sequences * longest
        self.shares_cells = memory.shared
        self._layout: StateLayout | None = None
        self.context_tokens = min(longest, self.n_cells)
        self.n_sequences, self.n_batch = memory.sequences, plan.step_tokens
        self.put_away_bytes = memory.put_away_bytes
        params = _context_params(plan, replace(memory, cells=self.n_cells))
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        if not self._context:
            self.close()
            raise WeightsError(f"No memory for {path.name} with a context of {n_ctx} tokens; lower the setting.")
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(plan.step_tokens, 0, 1)

    # ---- adapters

    def load_adapter(self, name: str, path: Path) -> None:
        """Read a LoRA file that `set_adapter` may then name; no step runs meanwhile.

        Raises WeightsError where it does not fit the model, EngineUnavailable when that is closed."""
        with self._closing, self._stepping:
            if not self._model:
                raise EngineUnavailable("The model is not running.")
            adapter = llama_cpp.llama_adapter_lora_init(self._model, str(path).encode())
        if not adapter:
            raise WeightsError(f"{path.name} does not fit this model: it was made for another, or is damaged.")
        self._adapters[name] = adapter  # freed with the model

    def set_adapter(self, use: AdapterUse) -> None:
        """Lay a loaded adapter alone over the weights, from the next step on. Raises StepFailed."""
        if use == self._adapter:
            return
        over = [] if use == PLAIN else [self._adapters[use.name]]
        handles = (llama_cpp.llama_adapter_lora_p_ctypes * len(over))(*over)  # type: ignore[misc]  # an opaque pointer
        scales = (ctypes.c_float * len(over))(*[use.scale] * len(over))
        if llama_cpp.llama_set_adapters_lora(self._context, handles, len(over), scales) != 0:
            raise StepFailed(f"llama.cpp does not take the adapter {use.name!r}")
        self._adapter = use

    # ---- one step

    def decode(self, batch: Sequence[BatchToken]) -> None:
        """Run the tokens through the model and remember them. Raises StepFailed; the memory is then undefined."""
        if self._batch is None or len(batch) > self.n_batch:
            raise StepFailed(f"a batch of {len(batch)} tokens, room for {self.n_batch}, or the model is closed")
        raw = self._batch
        self._order = _order(batch, shared=self.shares_cells)
        for i, item in zip(self._order, batch, strict=True):
            raw.token[i] = item.token
            raw.pos[i] = item.position  # type: ignore[call-overload]  # the stub has one pointer too many
            raw.n_seq_id[i] = 1
            raw.seq_id[i][0] = item.sequence
            raw.logits[i] = item.wants_logits
        raw.n_tokens = len(batch)
        with self._stepping:
            code = llama_cpp.llama_decode(self._context, raw)
        if code != 0:
            raise StepFailed(f"llama_decode answered {code}")

    def logits(self, row: int) -> NDArray[np.float32]:
        """Logits [n_vocab] of the batch's token `row`, which had to ask for them; a view, gone with the next step."""
        pointer = llama_cpp.llama_get_logits_ith(self._context, self._order[row])
        if not pointer:
            raise StepFailed(f"no logits for row {row}")
        return np.frombuffer(self._row_type.from_address(ctypes.addressof(pointer.contents)), dtype=np.float32)

    def remove_sequence(self, sequence: int, start: int = 0) -> None:
        """Forget a sequence from position `start` on. Raises StepFailed where the model cannot forget a part."""
        if not llama_cpp.llama_memory_seq_rm(self._memory, sequence, start, -1):
            raise StepFailed(f"sequence {sequence} cannot be cut at {start}")

    def copy_sequence(self, source: int, target: int, start: int, end: int) -> None:
        """Let `target` share the cells of `source` from `start` to before `end`; nothing is computed again."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, start, end)

    def save_sequence(self, sequence: int) -> SavedSequence:
        """Keys and values of the sequence's cells, bit by bit: 23 kB a token for a model of 135M."""
        size = llama_cpp.llama_state_seq_get_size(self._context, sequence)
        saved: SavedSequence = (ctypes.c_uint8 * size)()
        if llama_cpp.llama_state_seq_get_data(self._context, saved, size, sequence) != size:
            raise StepFailed(f"sequence {sequence} cannot be saved")
        return saved

    def load_sequence(self, sequence: int, saved: SavedSequence) -> bool:
        """Copy them back into free cells; False where there are too few."""
        return bool(llama_cpp.llama_state_seq_set_data(self._context, saved, len(saved), sequence))

    def save_blocks(self, sequence: int, size: int, numbers: Sequence[int]) -> list[SavedSequence]:
        """Copies of blocks of `size` tokens. Raises StepFailed where llama.cpp lays the bytes out as we do not know."""
        saved: Any = self.save_sequence(sequence)
        try:
            self._layout, rows = take_apart(np.frombuffer(saved, dtype=np.uint8))
        except ValueError as error:
            raise StepFailed(f"sequence {sequence} cannot be cut into blocks: {error}") from error
        return [rows[i * size : (i + 1) * size].tobytes() for i in numbers]

    def load_blocks(self, sequence: int, blocks: Sequence[SavedSequence]) -> bool:
        """Copy them back, one after another from position 0 on; False where llama.cpp refuses them."""
        assert self._layout is not None  # blocks are given by `save_blocks` only
        saved: Any = blocks
        rows = np.frombuffer(b"".join(saved), dtype=np.uint8).reshape(-1, self._layout.token_bytes)
        return self.load_sequence(sequence, np.ctypeslib.as_ctypes(put_together(self._layout, rows)))

    def clear(self) -> None:
        """Forget everything."""
        llama_cpp.llama_memory_clear(self._memory, True)

    # ---- words

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        """Token ids of the text. Only with `control` does text like `<|im_end|>` become the control token it names.

        Raises EngineUnavailable when the model is closed."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            ids = (llama_cpp.llama_token * room)()
            with self._closing:  # its words are freed with the model
                if not self._model:
                    raise EngineUnavailable("The model is not running.")
                count = llama_cpp.llama_tokenize(self._vocab, data, len(data), ids, room, False, control)
            if count >= 0:
                return list(ids[:count])
            room = -count

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for, maybe a part of a character; nothing for a control token."""
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, room, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def is_end(self, token: int) -> bool:
        """Whether the model says with this token that it is done."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    def is_control(self, token: int) -> bool:
        """Whether this token is markup of the chat template, not text."""
        return bool(llama_cpp.llama_vocab_is_control(self._vocab, token))

    def grammar(self, text: str) -> LlamaGrammar:
        """A grammar (GBNF) over the words of this model, for one answer; safe from any thread.

        Raises Invalid for one that cannot be used, EngineUnavailable when the model is closed."""
        with self._closing:
            if not self._model:
                raise EngineUnavailable("The model is not running.")
            return LlamaGrammar(self._vocab, text)

    def chat_template(self) -> str | None:
        """The chat template (Jinja) inside the file, or None."""
        template = llama_cpp.llama_model_chat_template(self._model, None)
        return template.decode("utf-8", "replace") if template else None

    def boundary_texts(self) -> tuple[str, str]:
        """How the begin and the end token are written, `""` where there is none."""
        texts = []
        for token in (llama_cpp.llama_vocab_bos(self._vocab), llama_cpp.llama_vocab_eos(self._vocab)):
            raw = llama_cpp.llama_vocab_get_text(self._vocab, token) if token >= 0 else b""
            texts.append(raw.decode("utf-8", "replace"))
        return texts[0], texts[1]

    def close(self) -> None:
        """Free everything, when no step is under way. May be called twice."""
        with self._closing:
            if self._batch is not None:
                llama_cpp.llama_batch_free(self._batch)
                self._batch = None
            if self._context:
                llama_cpp.llama_free(self._context)
                self._context = None
            if self._model:
                llama_cpp.llama_model_free(self._model)
                self._model = None
