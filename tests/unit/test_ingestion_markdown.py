"""Markdown as help desks write it comes out as one clean dialect."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.documents import Document

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.loaders.markdown import MarkdownLoader


def load(tmp_path: Path, text: str) -> Document:
    path = tmp_path / "article.md"
    path.write_text(text, encoding="utf-8")
    (document,) = MarkdownLoader(path).lazy_load()
    return document


def body(tmp_path: Path, text: str) -> str:
    return load(tmp_path, text).page_content.strip()


def test_front_matter_gives_title_address_and_category(tmp_path: Path) -> None:
    found = load(tmp_path, "---\ntitle: Returns\nurl: https://x.example/returns\ncategory: orders\n---\n\nText.")
    assert found.metadata == {"title": "Returns", "url": "https://x.example/returns", "category": "orders"}
    assert found.page_content.strip() == "Text."


def test_front_matter_with_an_unquoted_colon_still_gives_the_title(tmp_path: Path) -> None:
    found = load(tmp_path, "---\ntitle: Returns: how they work\nurl: https://x.example/r\n---\n\nText.")
    assert found.metadata["title"] == "Returns: how they work"
    assert found.page_content.strip() == "Text."


def test_a_rule_at_the_top_is_not_front_matter(tmp_path: Path) -> None:
    assert "First words" in body(tmp_path, "---\n\nFirst words.\n\n---\n\nMore.")


def test_links_keep_text_and_target(tmp_path: Path) -> None:
    assert body(tmp_path, "See [the list](https://x.example/list).") == "See [the list](https://x.example/list)."


def test_reference_links_are_resolved(tmp_path: Path) -> None:
    assert body(tmp_path, "See [the list][1].\n\n[1]: https://x.example/list") == (
        "See [the list](https://x.example/list)."
    )


def test_a_link_whose_text_is_its_target_is_written_once(tmp_path: Path) -> None:
    assert body(tmp_path, "Mail [a@x.example](mailto:a@x.example).") == "Mail a@x.example."


def test_images_go_but_a_description_that_says_something_stays(tmp_path: Path) -> None:
    text = "Press it. ![screenshot](a.png) ![](b.png)\n\n![The red button below the lens](c.png)"
    assert body(tmp_path, text) == "Press it.\n\n(Image: The red button below the lens)"


def test_raw_html_becomes_markdown(tmp_path: Path) -> None:
    text = 'A <b>bold</b> word.<br>\n\n<div class="note"><p>Careful!</p></div>\n\n<script>x()</script><!-- no -->'
    assert body(tmp_path, text).split() == ["A", "**bold**", "word.", "Careful!"]


def test_details_become_a_heading_and_its_text(tmp_path: Path) -> None:
    text = "## Costs\n\n<details>\n<summary>Is it free?</summary>\n\nYes, it is.\n\n</details>"
    assert body(tmp_path, text) == "## Costs\n\n### Is it free?\n\nYes, it is."


@pytest.mark.parametrize(
    "leftover",
    ["{: .usa-list}", "{:toc}", "{#my-id}", "{% include note.html %}", "[[_TOC_]]", "<!-- draft -->"],
)
def test_leftovers_of_site_generators_go(tmp_path: Path, leftover: str) -> None:
    assert body(tmp_path, f"One line.\n{leftover}\n\nNext.") == "One line.\n\nNext."


def test_leftovers_inside_code_are_content(tmp_path: Path) -> None:
    text = "Write `{% if x %}`.\n\n```\n{: .class}\n```"
    assert body(tmp_path, text) == text


def test_merge_tags_are_content(tmp_path: Path) -> None:
    assert body(tmp_path, "Insert {{ first_name }} here.") == "Insert {{ first_name }} here."


@pytest.mark.parametrize(
    ("source", "label"),
    [("> [!WARNING]\n> Unplug it.", "**Warning**"), (":::tip\nUnplug it.\n:::", "**Tip**")],
)
def test_admonitions_keep_their_kind_and_text(tmp_path: Path, source: str, label: str) -> None:
    found = body(tmp_path, source)
    assert label in found
    assert "Unplug it." in found
    assert "[!" not in found
    assert ":::" not in found


def test_bullets_indented_too_little_stay_in_their_step(tmp_path: Path) -> None:
    assert body(tmp_path, "1. First\n  - detail\n2. Second") == "1. First\n   - detail\n2. Second"


def test_steps_that_are_all_numbered_one_are_counted(tmp_path: Path) -> None:
    assert body(tmp_path, "1. a\n\n1. b\n\n1. c").split() == ["1.", "a", "2.", "b", "3.", "c"]


def test_tables_stay_tables_and_pipes_in_cells_stay_text(tmp_path: Path) -> None:
    assert body(tmp_path, "|A|B|\n|-|:-:|\n|x \\| y|**5**|") == "| A | B |\n| --- | --- |\n| x \\| y | **5** |"


def test_underscores_and_asterisks_are_not_escaped(tmp_path: Path) -> None:
    assert body(tmp_path, "Set max_file_mb to 5 * 3.") == "Set max_file_mb to 5 * 3."


def test_only_front_matter_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="no text besides its front matter"):
        load(tmp_path, "---\ntitle: Empty\n---\n\n")
