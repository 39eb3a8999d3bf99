"""The knowledge page in a real browser: many files, versions, a tested question, pinned answers."""

from __future__ import annotations

import uuid

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import NewPage, Server, picture, sign_in
from tests.e2e.test_pages_customer import answered, ask, open_chat

DROP = """(files) => {
  const data = new DataTransfer();
  for (const [name, text] of files) data.items.add(new File([text], name));
  for (const kind of ["dragover", "drop"])
    document.querySelector("[data-drop]").dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
}"""


def drop(page: Page, *files: tuple[str, str]) -> None:
    """Let files fall onto the page, as from a folder."""
    page.evaluate(DROP, [list(file) for file in files])


def admin_page(server: Server, new_page: NewPage, **size: int) -> Page:
    page = new_page(**({"width": 1200, "height": 800} | size))
    sign_in(page, server, "/admin")
    return page


def add_one(page: Page, name: str, text: str) -> None:
    """Upload one article and wait until it answers."""
    drop(page, (name, text))
    row = page.get_by_label("Uploaded files").locator("li", has_text=name)
    expect(row.get_by_text("ready, 1 chunk")).to_be_visible(timeout=30_000)


def wide_and_narrow(page: Page, name: str) -> None:
    """Pictures of the page on a desk and on a phone; nothing may stick out sideways."""
    for width in (1200, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(300)
        picture(page, f"{name}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1200, "height": 800})


def test_many_files_dropped_at_once_each_say_how_far_they_are(server: Server, new_page: NewPage) -> None:
    page, mark = admin_page(server, new_page), uuid.uuid4().hex[:6]
    good = [
        (f"{mark}-{number}.md", f"# Note {mark} {number}\n\nShelf {number} holds {number} boxes.")
        for number in range(8)
    ]
    bad = [
        (f"{mark}-empty.md", "  "),
        (f"{mark}-tool.exe", "MZ\x00\x00"),
        (f"../../{mark}-up.md", "# Up\n\nHarmless words."),
    ]
    drop(page, *good, *bad, (f"{mark}-twin.md", good[0][1]))
    uploads = page.get_by_label("Uploaded files")
    expect(uploads.locator("li", has_text=mark)).to_have_count(12, timeout=60_000)
    expect(uploads.locator("li.busy")).to_have_count(0, timeout=60_000)
    expect(uploads.locator("li.good", has_text="ready, 1 chunk")).to_have_count(9)
    expect(uploads.locator("li", has_text="empty.md")).to_contain_text("The file is empty.")
    expect(uploads.locator("li", has_text="tool.exe")).to_have_class("bad")
    expect(uploads.locator("li", has_text="twin.md")).to_contain_text("same content is already here")
    page.get_by_label("Search articles").fill(mark)
    expect(page.locator("#admin-list tbody tr")).to_have_count(9)  # what was refused at once leaves nothing behind
    expect(page.locator("#admin-list")).not_to_contain_text("..")
    wide_and_narrow(page, "knowledge-uploads")


def test_a_file_that_is_too_large_is_told_before_it_goes_up(server: Server, new_page: NewPage) -> None:
    page = admin_page(server, new_page)
    page.evaluate(DROP.replace("[text]", "[new Uint8Array(60e6)]"), [["huge.pdf", ""]])
    row = page.get_by_label("Uploaded files").locator("li.bad", has_text="huge.pdf")
    expect(row).to_contain_text("60.0 MB; at most 50 MB are taken", timeout=10_000)
    page.get_by_role("button", name="Clear this list").click()
    expect(row).to_have_count(0)


def test_every_view_is_within_reach_on_a_phone(server: Server, new_page: NewPage) -> None:
    page = admin_page(server, new_page, width=390, height=667)
    for link in (page.get_by_role("link", name="Desk"), page.get_by_role("button", name="Sign out")):
        expect(link).to_be_in_viewport(ratio=1)
    page.locator("#admin-list .open").first.click()
    page.locator(".detail").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Test a question").click()
    page.get_by_label("with articles for agents only").check()
    page.get_by_role("button", name="Pinned answers").click()
    page.get_by_role("button", name="Pin an answer").first.click()
    page.locator("form.pin").get_by_label("Question").fill("Is it open?")
    page.get_by_role("button", name="Articles").click()
    expect(page.locator("#admin-list .open").first).to_be_visible()


def test_what_is_typed_stays_while_the_page_looks_again(server: Server, new_page: NewPage) -> None:
    page = admin_page(server, new_page)
    search = page.get_by_label("Search articles")
    page.get_by_role("button", name="Ready").click()
    search.fill("no such words")
    expect(page.get_by_text("No article")).to_be_visible()
    page.wait_for_timeout(4000)  # two looks
    expect(search).to_have_value("no such words")
    page.get_by_role("button", name="Pinned answers").click()
    page.get_by_role("button", name="Pin an answer").click()
    form = page.locator("form.pin")
    typed = {"Question": "Is it open?", "Answer": "From nine to five.", "Link": "example.com"}
    for label, words in typed.items():
        form.get_by_label(label, exact=True).fill(words)
    page.wait_for_timeout(4000)
    for label, words in typed.items():
        expect(form.get_by_label(label, exact=True)).to_have_value(words)


def test_a_version_is_brought_back_and_answers_change_with_it(server: Server, new_page: NewPage) -> None:
    page, customer = admin_page(server, new_page), new_page()
    word = f"walrus{uuid.uuid4().hex[:6]}"
    text = f"# Renting a {word}\n\nA {word} costs 71 pounds a day."
    add_one(page, f"{word}.md", text)
    page.get_by_label("Search articles").fill(word)
    page.locator("#admin-list .open", has_text=word).click()
    changed = {"name": "new.md", "mimeType": "text/markdown", "buffer": text.replace("71", "93").encode()}
    page.locator(".detail input[type=file]").set_input_files(changed)
    expect(page.locator(".versions li", has_text="Version 2")).to_contain_text("Answers now", timeout=20_000)
    open_chat(customer, server)
    ask(customer, f"What does a {word} cost a day?")
    answered(customer)
    expect(customer.locator(".message.bot").last).to_contain_text("93")

    page.get_by_role("button", name="Bring back version 1").click()
    expect(page.locator(".versions li", has_text="Version 3, as version 1")).to_contain_text(
        "Answers now", timeout=20_000
    )
    ask(customer, f"And what does a {word} cost for one day now?")
    answered(customer, 2)
    expect(customer.locator(".message.bot").last).to_contain_text("71")

    expect(page.locator(".answered li")).to_have_count(2, timeout=10_000)
    wide_and_narrow(page, "knowledge-article")
    with page.context.expect_page() as opened:
        page.locator(".answered a").first.click()
    expect(opened.value.locator("#desk-talk")).to_contain_text(f"What does a {word} cost a day?", timeout=10_000)


def test_a_question_is_tested_and_its_answer_can_be_pinned(server: Server, new_page: NewPage) -> None:
    page = admin_page(server, new_page)
    word = f"otter{uuid.uuid4().hex[:6]}"
    add_one(page, f"{word}.md", f"# Renting a {word}\n\nA {word} costs 71 pounds a day. Bring your licence.")
    page.get_by_role("button", name="Test a question").click()
    question = f"How much does a {word} cost?"
    page.get_by_label("Question", exact=True).fill(question)
    page.keyboard.press("Enter")
    found = page.locator("#admin-found")
    expect(found.get_by_text("Sentences that would be quoted")).to_be_visible(timeout=60_000)
    expect(found.locator("section").first).to_contain_text("71")
    expect(found.locator("table.list tbody tr").first).to_contain_text(word)
    found.locator("table.list summary").first.click()
    wide_and_narrow(page, "knowledge-test")
    found.get_by_role("button", name="Pin an answer to this question").click()
    form = page.locator("form.pin")
    expect(form.get_by_label("Question")).to_have_value(question)
    expect(form.get_by_label("Article")).to_have_value(f"{word}.md")
    form.get_by_label("Link").fill("example.com")
    form.get_by_role("button", name="Pin it").click()
    expect(page.get_by_role("alert")).to_contain_text("A link begins with https://")
    expect(form.get_by_label("Question")).to_have_value(question)
    wide_and_narrow(page, "knowledge-pin")


def pin(page: Page, **fields: str) -> Locator:
    """Pin an answer on the page; its row in the list."""
    page.get_by_role("button", name="Pinned answers").click()
    page.get_by_role("button", name="Pin an answer").first.click()
    for label, words in fields.items():
        page.locator("form.pin").get_by_label(label.replace("_", " ")).fill(words)
    page.locator("form.pin").get_by_role("button", name="Pin it").click()
    row = page.locator("#admin-pins tr", has_text=fields["Question"])
    expect(row).to_contain_text("Given")
    return row


def test_a_pinned_answer_is_given_word_for_word_until_it_is_switched_off(server: Server, new_page: NewPage) -> None:
    page, customer = admin_page(server, new_page), new_page()
    word = f"badger{uuid.uuid4().hex[:6]}"
    add_one(page, f"{word}.md", f"# Renting a {word}\n\nA {word} costs 71 pounds a day. Bring your licence.")
    others = f"{word} price?\nWhat is the fee for a {word}?"
    answer, link = f"This week every {word} is free.\n\n* Just come by.", "https://example.com/free"
    question = f"How much does a {word} cost?"
    row = pin(page, Question=question, Answer=answer, Other_ways_to_ask_it=others, Link=link, Article=f"{word}.md")
    wide_and_narrow(page, "knowledge-pinned")

    open_chat(customer, server)
    for number, words in enumerate((f"{word} price", f"how much does the {word} cost please"), start=1):
        ask(customer, words)
        answered(customer, number)
        expect(customer.locator(".message.bot").last).to_contain_text(f"This week every {word} is free.")
    ask(customer, f"Where do I get a {word}?")
    answered(customer, 3)
    expect(customer.locator(".message.bot").last).not_to_contain_text("is free")
    customer.locator(".message.bot", has_text="is free").first.locator(".source").first.click()
    expect(customer.get_by_role("dialog")).to_contain_text("Written by a person")
    picture(customer, "customer-pinned")
    customer.keyboard.press("Escape")

    row.locator(".open").click()
    page.get_by_role("button", name="Switch off").click()
    expect(row).to_contain_text("Off")
    ask(customer, question)
    answered(customer, 4)
    expect(customer.locator(".message.bot").last).to_contain_text("71")
    page.locator("form.pin").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(row).to_have_count(0)


def test_a_pinned_answer_lapses_in_sight_when_its_article_changes(server: Server, new_page: NewPage) -> None:
    page = admin_page(server, new_page)
    word = f"heron{uuid.uuid4().hex[:6]}"
    add_one(page, f"{word}.md", f"# The {word}\n\nA {word} costs 71 pounds.")
    row = pin(page, Question=f"Is the {word} tame?", Answer="Very.", Article=f"{word}.md")
    page.get_by_role("button", name="Articles").click()
    drop(page, (f"{word}.md", f"# The {word}\n\nA {word} costs 93 pounds."))
    expect(page.get_by_label("Uploaded files").locator("li.good", has_text=word)).to_have_count(2, timeout=30_000)
    page.get_by_role("button", name="Pinned answers").click()
    expect(row).to_contain_text("Its article has changed.")
    row.locator(".open").click()
    expect(page.get_by_role("alert")).to_contain_text("not given until you check it")
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Given")
