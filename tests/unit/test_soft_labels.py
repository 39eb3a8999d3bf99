"""What a teacher foresees is kept token by token, and nothing that was asked is asked again."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest

from support_bot.distillation.examples import Example
from support_bot.distillation.soft_labels import (
    SoftLabels,
    append_labels,
    label_key,
    labels_of,
    mend,
    pack_labels,
    read_labels,
)
from support_bot.distillation.teach import Teacher, teach
from support_bot.engine.base import TextEngine, TokenLogprob
from support_bot.engine.catalogue import CatalogueEntry, Kind
from support_bot.engine.fake import FakeEngine
from support_bot.errors import Invalid

LIKELY, RARE = math.log(0.75), math.log(0.25)


def token(number: int, piece: bytes, logprob: float, *top: TokenLogprob) -> TokenLogprob:
    return TokenLogprob(number, piece, logprob, top)


def labels() -> SoftLabels:
    """`Grüße`, cut inside a letter."""
    return labels_of(
        [
            token(7, b"Gr\xc3", LIKELY, token(7, b"Gr\xc3", LIKELY), token(9, b"G", RARE)),
            token(8, b"\xbc\xc3\x9fe", RARE, token(5, b"\xbc", LIKELY)),
            token(0, b"", LIKELY, token(0, b"", LIKELY)),
        ],
        "Grüße",
    )


def test_each_token_ends_at_a_byte_and_the_wanted_one_is_always_kept() -> None:
    found = labels()
    assert found.tokens == (7, 8, 0)
    assert found.ends == (3, 7, 7)
    assert [[each for each, _ in row] for row in found.top] == [[7, 9], [5, 8], [0]]
    assert found.pieces == {7: b"Gr\xc3", 9: b"G", 8: b"\xbc\xc3\x9fe", 5: b"\xbc", 0: b""}
    assert found.nats == pytest.approx(-(LIKELY + RARE), abs=2e-3)


@pytest.mark.parametrize("answer", ["Grüsse", "", "Grüße "])
def test_tokens_that_do_not_spell_the_answer_are_refused(answer: str) -> None:
    with pytest.raises(Invalid, match="do not spell"):
        labels_of([token(7, b"Gr\xc3", LIKELY), token(8, b"\xbc\xc3\x9fe", RARE), token(0, b"", LIKELY)], answer)


def test_labels_come_back_as_they_were_from_either_file(tmp_path: Path) -> None:
    append_labels(tmp_path / "plain.jsonl", "one", labels())
    append_labels(tmp_path / "plain.jsonl", "two", labels())
    pack_labels(tmp_path / "packed.jsonl.gz", [("one", labels()), ("two", labels())])
    wanted = {"one": labels(), "two": labels()}
    assert dict(read_labels(tmp_path / "plain.jsonl")) == dict(read_labels(tmp_path / "packed.jsonl.gz")) == wanted


def test_the_same_labels_give_the_same_file(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        pack_labels(tmp_path / name, [("one", labels())])
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b"[]\n"), gzip.compress(b'{"key": "a"}\n'), b""])
def test_a_file_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.gz").write_bytes(content)
    if not content:
        assert list(read_labels(tmp_path / "bad.gz")) == []
        return
    with pytest.raises(Invalid, match=r"bad\.gz"):
        list(read_labels(tmp_path / "bad.gz"))


def test_half_a_line_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "taught.jsonl"
    append_labels(file, "one", labels())
    whole = file.read_bytes()
    for cut in (1, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole + whole[:cut])
        mend(file)
        assert file.read_bytes() == whole


def test_a_key_tells_teacher_prompt_answer_and_depth_apart() -> None:
    keys = [label_key("t", ("ab", "c"), "d", 8), label_key("t", ("a", "bc"), "d", 8), label_key("t", ("ab",), "cd", 8)]
    keys += [label_key("u", ("ab", "c"), "d", 8), label_key("t", ("ab", "c"), "d", 4)]
    assert len(set(keys)) == len(keys)


TEACHER = Teacher(
    CatalogueEntry(name="t", kind=Kind.WRITER, file="t.gguf", sha256="1" * 64, bytes=1, licence="none"),
    Path("t.gguf"),
    top=3,
)
EXAMPLES = [
    Example(f"shop-{n}", "factual", "marked", "Answer.", f"Question {n}?", f"It costs ${n} [1].") for n in range(20)
]


def tell(stage: str, done: int, total: int) -> None:
    pass


def ask(cache: Path, engines: list[TextEngine], count: int = len(EXAMPLES)) -> dict[str, SoftLabels]:
    def opened() -> TextEngine:
        engines.append(FakeEngine({}))
        return engines[-1]

    return teach(opened, TEACHER, EXAMPLES[:count], cache, tell)


def test_a_teacher_is_asked_once(tmp_path: Path) -> None:
    engines: list[TextEngine] = []
    first = ask(tmp_path / "taught.jsonl", engines)
    assert ask(tmp_path / "taught.jsonl", engines) == first
    assert len(engines) == 1 and not engines[0].alive()
    for found, example in zip(first.values(), EXAMPLES, strict=True):
        assert found.ends[-1] == len(example.answer) and len(found.top[0]) in (3, 4)


def test_what_was_interrupted_goes_on(tmp_path: Path) -> None:
    cache, engines = tmp_path / "taught.jsonl", list[TextEngine]()
    ask(cache, engines, 7)
    before = cache.read_bytes()
    cache.write_bytes(before + before[: len(before) // 3].rstrip(b"\n"))
    whole = ask(cache, engines)
    assert len(whole) == len(EXAMPLES) and cache.read_bytes().startswith(before)
    assert dict(read_labels(cache)) == whole
    assert [found.ends[-1] for found in whole.values()] == [len(example.answer) for example in EXAMPLES]


def test_nothing_to_ask_opens_no_teacher(tmp_path: Path) -> None:
    engines: list[TextEngine] = []
    assert ask(tmp_path / "taught.jsonl", engines, 0) == {} and not engines
