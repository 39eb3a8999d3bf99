"""Grammars that llama.cpp would crash, hang or run out of memory on are refused before it sees them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.engine.gbnf import check_grammar
from support_bot.engine.grammar import schema_grammar
from support_bot.errors import Invalid

ALTERNATIVES = " | ".join(f'"word {i}"' for i in range(900))
OPTIONAL = "\n".join(f'r{i} ::= ("," "key {i}" [0-9]+)? r{i + 1}' for i in range(50))

GOOD = [
    'root ::= "yes" | "no"',
    'root  ::= (expr "=" ws num "\\n")+ # sums\nexpr ::= num ([-+*/] num)*\nnum ::= [0-9]{1,9} ws\nws ::= [ \\t\\n]*',
    'root ::= "a" root | "b"',
    'root ::= "a"? "b"{0,3} ("c" | "d")+ .',
    'root ::= "[" (item ("," item)*)? "]"\nitem ::= "\\"" [^"\\\\]* "\\"" | root',
    "root ::=",
    'root ::= list\nlist ::= "x" list |',
    'root ::= "日本語 🙂" [a-zäöü\\]]',
    f"root ::= {ALTERNATIVES}",
    f'root ::= r0\n{OPTIONAL}\nr50 ::= ""',
    "root ::= " + '("c" ' * 500 + ")?" * 500,
    'root ::= "(" root? root? root? ")"',
    'root ::= "^" root "y" | "z"',
]
BAD = [
    ("", "no rule `root`"),
    (" \n# nothing\n", "no rule `root`"),
    ('main ::= "a"', "no rule `root`"),
    ("root ::= other", "`other`"),
    ('root ::= root "a" | "b"', "left recursion"),
    ('root ::= a\na ::= b "x" | "y"\nb ::= (a | "z")', "left recursion"),
    ('root ::= e root "x" | "y"\ne ::= "q"?', "left recursion"),
    ('root ::= "" [] ("q"{0,3} root "x") | "y"', "left recursion"),
    ('root ::= (root? "a")*', "left recursion"),
    ('root ::= "x" | [^] root "y"', "left recursion"),
    ("%%%", "cannot be read"),
    ('root ::= "abc', "cannot be read"),
    ('root ::= "abc\\', "cannot be read"),
    ("root ::= [abc", "cannot be read"),
    ('root ::= "a" ::= "b"', "cannot be read"),
    ('"a"', "does not begin with a rule"),
    ("root ::= | * ", "Nothing stands before"),
    ('root ::= ("a"', "ends within a group"),
    ('root ::= ("a"\nother ::= "b"', "not closed"),
    ('root ::= "a")', "not opened"),
    ('root ::= "a"{5,2}', "repeats"),
    ('root ::= "a"{9999999}', "repeats"),
    ('root ::= "a"{99999999999999999999999}', "repeats"),
    ('root ::= "a\0b"', "characters"),
    ('root ::= "\ud800"', "characters"),
    ("root ::= " + "(" * 2000 + '"a"' + ")" * 2000, "nests"),
    ('root ::= "' + "a" * 30_000 + '"{2000}', "too large"),
    ('root ::= "' + "a" * 100_000 + '"', "65536"),
    ("root ::= " + "x " * 200 + '\nx ::= "a"*', "in a row"),
    ("root ::= | [a-c] root root{30}", "in a row"),
    ("root ::= | [a-c] root{0,40}", "in a row"),
    ("root ::= x{200}" + '\nx ::= "a"*', "in a row"),
    ("root ::= r0\n" + "\n".join(f"r{i} ::= r{i + 1} | r{i + 1}" for i in range(60)) + '\nr60 ::= "a"', "ways open"),
]


@pytest.mark.parametrize("text", GOOD, ids=range(len(GOOD)))
def test_a_good_grammar_passes(text: str) -> None:
    check_grammar(text)


@pytest.mark.parametrize(("text", "reason"), BAD, ids=[f"{i} {reason}" for i, (_, reason) in enumerate(BAD)])
def test_a_bad_grammar_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        check_grammar(text)


PIECES = st.lists(
    st.sampled_from(
        ['"a"', '""', "[b-d]", "(", ")", "|", "*", "?", "+", "{2}", "{0,1}", "root", "x", "\n", "x ::= ", "."]
    )
)


@given(pieces=PIECES)
def test_any_text_passes_or_is_refused(pieces: list[str]) -> None:
    text = "root ::= " + " ".join(pieces)
    try:
        check_grammar(text)
    except Invalid as error:
        assert str(error)


class TestSchemas:
    def test_becomes_a_grammar_that_passes(self) -> None:
        grammar = schema_grammar('{"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}')
        check_grammar(grammar)
        assert "\\x00-\\x1F" in grammar  # JSON has no raw control characters

    def test_takes_references_and_many_properties(self) -> None:
        node = {"type": "object", "properties": {"below": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}
        check_grammar(schema_grammar(json.dumps({"$defs": {"Node": node}, "$ref": "#/$defs/Node"})))
        many = {f"key {i}": {"type": "string", "maxLength": 50} for i in range(40)}
        check_grammar(schema_grammar(json.dumps({"type": "object", "properties": many})))

    @pytest.mark.parametrize(
        "schema",
        [
            "",
            "no JSON",
            "[]",
            "3",
            "null",
            '{"type": "whatever"}',
            '{"$ref": "#/nowhere"}',
            '{"$ref": "https://example.org/schema.json"}',
            '{"type": "string", "minLength": 1000000000}',
            '{"type": "array", "items": {"type": "string", "maxLength": -1}}',
            '{"type": "string", "pattern": "^((a{1000}){1000}){1000}$"}',
            '{"type": "string", "pattern": "("}',
            '{"anyOf": 3}',
            '{"properties": 3}',
            "[" * 30_000,
            '{"a":' * 6_000 + "1" + "}" * 6_000,
            '{"enum": ["' + "a" * 40_000 + '"]}',
        ],
        ids=range(17),
    )
    def test_a_bad_schema_is_refused(self, schema: str) -> None:
        with pytest.raises(Invalid, match="JSON schema"):
            schema_grammar(schema)
