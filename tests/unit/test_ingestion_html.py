"""Of a web page the article comes out, and nothing of what stands around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.documents import Document

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.loaders.html import HtmlLoader


def load(tmp_path: Path, html: str | bytes) -> Document:
    path = tmp_path / "page.html"
    path.write_bytes(html if isinstance(html, bytes) else html.encode())
    (document,) = HtmlLoader(path).lazy_load()
    return document


def body(tmp_path: Path, html: str) -> str:
    return load(tmp_path, f"<html><body>{html}</body></html>").page_content.strip()


PAGE = """<!doctype html><html lang="en"><head><title>Returns – Help Centre</title>
<link rel="canonical" href="https://x.example/help/returns"><style>p{}</style></head><body>
<header><a href="/">Home</a></header><nav>Menu</nav>
<main><h1>How to return</h1><p>Within <b>30 days</b>, see <a href="../costs">costs</a>.</p>
<form><p>Was this helpful?</p><button>Yes</button></form><aside>Advertisement</aside></main>
<footer>Imprint</footer><script>track()</script></body></html>"""


def test_only_the_article_remains(tmp_path: Path) -> None:
    found = load(tmp_path, PAGE)
    assert found.page_content.strip() == (
        "# How to return\n\nWithin **30 days**, see [costs](https://x.example/costs)."
    )
    assert found.metadata == {"title": "How to return", "url": "https://x.example/help/returns", "language": "en"}


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ('<meta property="og:title" content="Gift cards"><title>x</title>', "Gift cards"),
        ("<title>Gift cards | Tindlewort Help</title>", "Gift cards"),
        ("<title>E-mail and Wi-Fi</title>", "E-mail and Wi-Fi"),
    ],
)
def test_without_a_heading_the_title_comes_from_the_head(tmp_path: Path, head: str, title: str) -> None:
    assert load(tmp_path, f"<html><head>{head}</head><body><p>Text.</p></body></html>").metadata["title"] == title


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>no</p>",
        '<div aria-hidden="true">no</div>',
        '<div style="color:red; display: none">no</div>',
        '<p class="sr-only">no</p>',
        '<div class="breadcrumbs">no</div>',
        '<div role="navigation">no</div>',
        "<template>no</template>",
        "<!-- no -->",
    ],
)
def test_what_no_reader_sees_goes(tmp_path: Path, hidden: str) -> None:
    assert body(tmp_path, f"<main><p>Yes.</p>{hidden}</main>") == "Yes."


def test_a_panel_that_a_button_opens_is_content_and_the_button_its_heading(tmp_path: Path) -> None:
    html = (
        '<main><h2>Costs</h2><button aria-controls="a">Is it free?</button><div id="a" hidden><p>Yes.</p></div>'
        '<h3><button aria-controls="b">Who pays?</button></h3><div id="b" aria-hidden="true"><p>We do.</p></div></main>'
    )
    assert body(tmp_path, html) == "## Costs\n\n### Is it free?\n\nYes.\n\n### Who pays?\n\nWe do."


def test_accordions_in_a_row_are_headings_of_one_level(tmp_path: Path) -> None:
    html = "<main><h2>FAQ</h2>" + "".join(
        f"<details><summary>Question {n}?</summary>Answer {n}.</details>" for n in (1, 2)
    )
    assert body(tmp_path, html) == "## FAQ\n\n### Question 1?\n\nAnswer 1.\n\n### Question 2?\n\nAnswer 2."


def test_a_form_around_the_whole_page_does_not_take_the_article_with_it(tmp_path: Path) -> None:
    assert body(tmp_path, "<form><h1>Title</h1><p>Text.</p></form>") == "# Title\n\nText."


def test_the_heading_in_the_articles_own_header_stays(tmp_path: Path) -> None:
    assert body(tmp_path, "<article><header><h1>Title</h1><p>By Bo</p></header><p>Text.</p></article>") == (
        "# Title\n\nText."
    )


def test_notes_inside_the_article_stay(tmp_path: Path) -> None:
    assert body(tmp_path, '<main><p>Text.</p><aside class="callout-warning"><p>Hot!</p></aside></main>') == (
        "Text.\n\nHot!"
    )


def test_cells_over_several_rows_are_repeated_so_that_each_row_is_true(tmp_path: Path) -> None:
    html = (
        "<main><table><tr><th>Plan<th>Region<th>Price</tr><tr><td rowspan=2>Pro<td>UK<td>£5</tr>"
        "<tr><td>EU<td>€6</tr><tr><td>Free<td colspan=2>no cost</tr></table></main>"
    )
    assert body(tmp_path, html) == (
        "| Plan | Region | Price |\n| --- | --- | --- |\n| Pro | UK | £5 |\n| Pro | EU | €6 |\n"
        "| Free | no cost | no cost |"
    )


def test_lines_and_lists_in_a_cell_are_kept_apart(tmp_path: Path) -> None:
    html = (
        "<main><table><tr><th>A<th>B</tr><tr><td>18 Mill Road<br>Leeds<td>Bring:<ul><li>ID</li><li>key</li></ul></tr>"
        "</table></main>"
    )
    assert "| 18 Mill Road; Leeds | Bring: ID; key |" in body(tmp_path, html)


def test_a_table_that_only_arranges_the_page_becomes_plain_text(tmp_path: Path) -> None:
    assert body(tmp_path, "<main><table><tr><td><h2>Title</h2><p>Text.</p></td></tr></table></main>") == (
        "## Title\n\nText."
    )


def test_raised_figures_do_not_join_the_number_before_them(tmp_path: Path) -> None:
    assert body(tmp_path, "<p>10<sup>2</sup> m<sup>2</sup>, CO<sub>2</sub>, 5<sup>1a</sup></p>") == (
        "10² m², CO₂, 5^(1a)"
    )


def test_terms_and_their_definitions_stay_together(tmp_path: Path) -> None:
    assert body(tmp_path, "<main><dl><dt>Hold</dt><dd>Five days.</dd></dl></main>") == "**Hold**\n\nFive days."


def test_permalink_signs_of_headings_go(tmp_path: Path) -> None:
    assert body(tmp_path, '<main><h2>Costs<a href="#costs">¶</a></h2><p>None.</p></main>') == "## Costs\n\nNone."


def test_the_declared_encoding_is_believed_and_a_missing_one_guessed(tmp_path: Path) -> None:
    declared = '<html><head><meta charset="iso-8859-1"></head><body><p>Größe</p></body></html>'.encode("latin-1")
    guessed = "<html><body><p>Rückgabe kostet 5 €</p></body></html>".encode("cp1252")
    assert "Größe" in load(tmp_path, declared).page_content
    assert "Rückgabe kostet 5 €" in load(tmp_path, guessed).page_content


def test_a_page_without_text_says_that_javascript_may_load_it(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="JavaScript"):
        load(tmp_path, '<html><body><div id="root"></div><script>start()</script></body></html>')


def test_a_page_nested_too_deeply_is_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="too deeply"):
        load(tmp_path, "<html><body>" + "<div>" * 20_000 + "text")
