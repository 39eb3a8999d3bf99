"""Chunks stand on their own: each rule of cutting, and that nothing is ever lost."""

from __future__ import annotations

from support_bot.ingestion.chunker import chunk
from support_bot.ingestion.words import count_words
from support_bot.values import ChunkDraft, ParsedDocument


def prose(words: int, start: str = "Alpha") -> str:
    """A paragraph of exactly so many words in sentences of ten."""
    sentences = [[start, *["word"] * 8, "end."] for _ in range(words // 10)]
    return " ".join(word for sentence in sentences for word in sentence)


def cut(text: str, target: int = 160, title: str = "Title") -> list[ChunkDraft]:
    return chunk(ParsedDocument(title, text), target_words=target)


def paths(chunks: list[ChunkDraft]) -> list[tuple[str, ...]]:
    return [piece.heading_path for piece in chunks]


class TestHeadings:
    def test_the_path_begins_with_the_title_which_is_not_repeated(self) -> None:
        (only,) = cut("# Title\n\nText.")
        assert only == ChunkDraft("Text.", ("Title",), 0, 9, 14)

    def test_a_first_heading_that_differs_from_the_title_is_part_of_the_path(self) -> None:
        assert paths(cut("# Another\n\nText.")) == [("Title", "Another")]

    def test_the_heading_of_a_section_is_in_the_path_and_not_in_the_text(self) -> None:
        text = f"# Title\n\n## One\n\n{prose(120)}\n\n### Deep `code` [x](u)\n\n{prose(120)}\n\n## Two\n\n{prose(120)}"
        assert paths(cut(text)) == [("Title", "One"), ("Title", "One", "Deep code x"), ("Title", "Two")]
        assert all("#" not in piece.text for piece in cut(text))

    def test_underlined_headings_count_too(self) -> None:
        assert paths(cut(f"One\n---\n\n{prose(120)}\n\nTwo\n---\n\n{prose(120)}")) == [
            ("Title", "One"),
            ("Title", "Two"),
        ]

    def test_a_heading_with_nothing_beneath_stays_with_the_next_section(self) -> None:
        first, second = cut(f"## Empty\n\n## One\n\n{prose(150)}\n\n## Two\n\n{prose(150)}")
        assert first.text.startswith("## Empty\n\n## One\n\nAlpha")
        assert (first.heading_path, second.heading_path) == (("Title",), ("Title", "Two"))

    def test_a_heading_at_the_very_end_stays_with_the_last_section(self) -> None:
        (only,) = cut("## One\n\nText.\n\n## Empty")
        assert only.text == "Text.\n\n## Empty"

    def test_a_document_of_headings_alone_is_one_chunk(self) -> None:
        assert [piece.text for piece in cut("# Title\n\n## One\n\n## Two")] == ["# Title\n\n## One\n\n## Two"]

    def test_an_empty_document_has_no_chunks(self) -> None:
        assert cut("") == []


class TestSections:
    def test_sections_of_the_top_levels_are_not_mixed(self) -> None:
        text = f"## One\n\n{prose(110)}\n\n## Two\n\n{prose(40)}\n\n## Three\n\n{prose(110)}"
        assert paths(cut(text)) == [("Title", "One"), ("Title", "Two"), ("Title", "Three")]

    def test_small_neighbours_share_a_chunk_and_keep_their_headings(self) -> None:
        text = "## Can I pay by card?\n\nYes, with all cards.\n\n## Can I pay in cash?\n\nOnly in stores."
        (only,) = cut(text)
        assert (only.text, only.heading_path) == (text, ("Title",))

    def test_small_sections_share_chunks_up_to_the_target_only(self) -> None:
        chunks = cut("\n\n".join(f"## Question {n}?\n\n{prose(50)}" for n in range(6)))
        assert len(chunks) == 2
        assert all(count_words(piece.text) <= 160 for piece in chunks)

    def test_a_stub_may_join_a_larger_section(self) -> None:
        (only,) = cut(f"Short introduction.\n\n## One\n\n{prose(130)}")
        assert only.text.startswith("Short introduction.\n\n## One")

    def test_deeper_sections_join_whatever_their_size(self) -> None:
        text = f"## Top\n\n### One\n\n{prose(100)}\n\n### Two\n\n{prose(50)}"
        (only,) = cut(text)
        assert only.heading_path == ("Title", "Top")
        assert only.text.startswith("### One")

    def test_small_sections_of_different_parents_do_not_join(self) -> None:
        text = f"## A\n\n{prose(120)}\n\n### One\n\n{prose(50)}\n\n## B\n\n### Two\n\n{prose(50)}\n\n{prose(110)}"
        assert not any("One" in piece.text and "Two" in piece.text for piece in cut(text))

    def test_a_question_stays_with_its_answer(self) -> None:
        answers = "\n\n".join(f"### Question {n}?\n\n{prose(60, f'Answer{n}')}" for n in range(9))
        for piece in cut(f"## FAQ\n\n{answers}"):
            seen = f"{piece.heading_path} {piece.text}"
            asked = [n for n in range(9) if f"Question {n}?" in seen]
            assert asked == [n for n in range(9) if f"Answer{n} " in seen]

    def test_a_question_in_bold_stays_with_its_answer(self) -> None:
        text = "\n\n".join(f"**Question {n}?**\n\n{prose(70, f'Answer{n}')}" for n in range(6))
        for piece in cut(text):
            asked = [n for n in range(6) if f"Question {n}?" in piece.text]
            assert asked == [n for n in range(6) if f"Answer{n} " in piece.text]


class TestBlocks:
    def test_paragraphs_are_not_split(self) -> None:
        paragraphs = [prose(70, f"P{n}") for n in range(9)]
        chunks = cut("\n\n".join(paragraphs))
        assert len(chunks) > 1
        assert all(any(paragraph in piece.text for piece in chunks) for paragraph in paragraphs)

    def test_a_paragraph_beyond_the_limit_is_split_between_sentences(self) -> None:
        chunks = cut(prose(600))
        assert all(100 <= count_words(piece.text) <= 240 for piece in chunks)
        assert all(piece.text.endswith("end.") for piece in chunks)

    def test_text_without_spaces_is_split_between_sentences(self) -> None:
        chunks = cut("返品は三十日以内に可能です。" * 100, target=80)
        assert all(40 <= count_words(piece.text) <= 120 for piece in chunks)
        assert all(piece.text.endswith("。") for piece in chunks)

    def test_steps_stay_together_up_to_one_and_a_half_targets(self) -> None:
        steps = "\n".join(f"{n}. {prose(20)}" for n in range(1, 12))
        (only,) = cut(steps)
        assert count_words(only.text) > 220

    def test_longer_step_lists_are_cut_between_steps(self) -> None:
        steps = "\n".join(f"{n}. Step{n} {prose(40)}" for n in range(1, 16))
        chunks = cut(steps)
        assert len(chunks) > 3
        assert all(piece.text.split(".")[0].isdecimal() for piece in chunks)

    def test_a_list_keeps_the_sentence_that_introduces_it(self) -> None:
        items = "\n".join(f"- {prose(20)}" for _ in range(6))
        chunks = cut(f"{prose(100)}\n\nYou need these things:\n\n{items}")
        assert chunks[-1].text.startswith("You need these things:")

    def test_an_announcement_stays_with_its_steps_even_a_little_beyond_the_limit(self) -> None:
        steps = "\n".join(f"{n}. {prose(20)}" for n in range(1, 12))
        assert cut(f"{prose(100)}\n\nFollow these steps:\n\n{steps}")[-1].text.startswith("Follow these steps:")

    def test_steps_interrupted_by_a_note_go_on_together(self) -> None:
        text = f"{prose(120)}\n\n1. {prose(40)}\n2. {prose(40)}\n\n> A note.\n\n3. {prose(40)}"
        assert any("1. Alpha" in piece.text and "3. Alpha" in piece.text for piece in cut(text))

    def test_pieces_of_a_nested_list_begin_at_the_margin(self) -> None:
        nested = "\n".join(f"    - {prose(40)}" for _ in range(12))
        chunks = cut(f"- Outer\n{nested}\n- Last")
        assert len(chunks) > 1
        assert not any(piece.text.startswith(" ") for piece in chunks)


class TestTables:
    HEADER = "| Plan | What you get |\n| --- | --- |"

    def table(self, rows: int) -> str:
        return "\n".join([self.HEADER, *(f"| Plan{n} | {prose(20)} |" for n in range(rows))])

    def test_a_table_stays_in_one_piece_up_to_one_and_a_half_targets(self) -> None:
        (only,) = cut(self.table(10))
        assert count_words(only.text) > 200

    def test_a_longer_table_repeats_its_header_in_each_piece(self) -> None:
        text = self.table(40)
        chunks = cut(text)
        assert len(chunks) > 3
        assert all(piece.text.startswith(self.HEADER) for piece in chunks)
        assert all(piece.text.count(self.HEADER) == 1 for piece in chunks)

    def test_the_repeated_header_lies_outside_the_stretch(self) -> None:
        text = self.table(40)
        first, second, *_ = cut(text)
        assert text[first.start : first.end] == first.text
        assert f"{self.HEADER}\n{text[second.start : second.end]}" == second.text

    def test_rows_are_not_split(self) -> None:
        rows = self.table(40).split("\n")[2:]
        chunks = cut(self.table(40))
        assert all(any(row in piece.text for piece in chunks) for row in rows)

    def test_a_row_beyond_the_limit_is_split_as_text(self) -> None:
        chunks = cut(f"{self.HEADER}\n| A | {prose(400)} |\n| B | {prose(20)} |")
        assert all(count_words(piece.text) <= 240 for piece in chunks)
