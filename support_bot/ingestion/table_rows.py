"""A rule for markdown-it that finds the rows of a table without parsing their cells. Judges no text."""

from __future__ import annotations

from markdown_it.rules_block import StateBlock, table


def rows_of_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """markdown-it's own rule for the header, and for the body each row as one token with its line.

    A table of 50,000 rows makes five tokens for each of its cells otherwise, and nobody here looks at cells."""
    opening = len(state.tokens)
    if not table(state, start, min(end, start + 2), silent):
        return False
    if silent:
        return True
    last = _end_of_body(state, start + 2, end)
    if last > start + 2:
        closing = state.tokens.pop()
        state.level += 1
        state.push("tbody_open", "tbody", 1).map = [start + 2, last]
        for line in range(start + 2, last):
            state.push("tr", "tr", 0).map = [line, line + 1]
        state.push("tbody_close", "tbody", -1)
        state.level -= 1
        state.tokens.append(closing)
    state.tokens[opening].map = [start, last]
    state.line = last
    return True


def _end_of_body(state: StateBlock, line: int, end: int) -> int:
    """The first line that is no row: empty, indented like code, less indented, or the beginning of another block."""
    enders = state.md.block.ruler.getRules("blockquote")
    before, state.parentType = state.parentType, "table"
    while line < end and state.sCount[line] >= state.blkIndent:
        if any(rule(state, line, end, True) for rule in enders) or state.isEmpty(line) or state.is_code_block(line):
            break
        line += 1
    state.parentType = before
    return line
