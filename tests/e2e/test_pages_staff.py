"""The desk and the admin's pages in a real browser, together with a customer in another."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage, Server, picture, sign_in
from tests.e2e.test_pages_customer import answered, ask, open_chat


def ask_for_a_person(page: Page, server: Server, words: str) -> None:
    """A customer who asks something that nobody else asked, then for a person."""
    open_chat(page, server)
    ask(page, words)
    answered(page)
    page.locator("#chat-state").get_by_role("button", name="Talk to a person").click()
    expect(page.get_by_text("Waiting for a person.")).to_be_visible()


def test_strangers_are_led_to_the_sign_in_page(server: Server, new_page: NewPage) -> None:
    page = new_page()
    for path in ("/desk", "/admin"):
        page.goto(server.base_url + path)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    picture(page, "sign-in")
    assert page.request.get(f"{server.base_url}/desk/config").status == 401


def test_a_person_asked_for_appears_on_the_desk_and_the_reply_reaches_the_customer(
    server: Server, new_page: NewPage
) -> None:
    desk, customer = new_page(width=1440, height=860), new_page()
    sign_in(desk, server)
    words = f"Question {uuid.uuid4().hex[:8]} about delivery"
    ask_for_a_person(customer, server, words)

    waiting = desk.locator(".row", has_text=words)
    expect(waiting).to_be_visible(timeout=4000)
    picture(desk, "desk-inbox")
    waiting.click()
    expect(desk.get_by_role("heading", name=re.compile(words))).to_be_visible()
    desk.locator(".summary summary").click()
    desk.locator(".trace summary").first.click()
    expect(desk.locator(".trace").get_by_text("Understood as").first).to_be_visible()
    picture(desk, "desk-ticket")

    desk.keyboard.press("t")
    expect(customer.get_by_text("The assistant is silent.")).to_be_visible(timeout=4000)
    desk.keyboard.press("n")
    desk.keyboard.type("A regular customer.")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_text("internal note")).to_be_visible()
    desk.keyboard.press("r")
    desk.keyboard.type("Hello, this is a person.")
    expect(customer.get_by_text("is writing")).to_be_visible(timeout=4000)
    desk.keyboard.press("Control+Enter")
    expect(customer.get_by_text("Hello, this is a person.", exact=True)).to_be_visible(timeout=4000)
    picture(customer, "customer-person")
    expect(customer.get_by_text("A regular customer.")).to_have_count(0)

    ask(customer, "Thank you")
    expect(desk.get_by_text("Thank you", exact=True)).to_be_visible(timeout=4000)
    expect(customer.locator(".message.bot.live")).to_have_count(0)
    desk.keyboard.press("e")
    expect(customer.get_by_text("This conversation has ended.")).to_be_visible(timeout=4000)
    picture(desk, "desk-solved")


def test_handing_back_lets_the_assistant_answer_again(server: Server, new_page: NewPage) -> None:
    desk, customer = new_page(width=1440, height=860), new_page()
    words = f"Question {uuid.uuid4().hex[:8]} about delivery"
    ask_for_a_person(customer, server, words)
    sign_in(desk, server)
    desk.locator(".row", has_text=words).click()
    desk.get_by_role("button", name="Assign to me").click()
    desk.get_by_label("Priority", exact=True).select_option("high")
    expect(desk.locator(".row", has_text=words).get_by_text("high")).to_be_visible()
    desk.get_by_role("button", name="Hand back").click()
    expect(customer.get_by_text("Answers come from our help articles.")).to_be_visible(timeout=4000)
    before = customer.locator(".message.bot:not(.live, .greeting)").count()
    ask(customer, "What does standard delivery cost in the UK?")
    answered(customer, before + 1)


def test_a_draft_stays_with_its_ticket(server: Server, new_page: NewPage) -> None:
    desk = new_page(width=1440, height=860)
    names = [f"Draft {uuid.uuid4().hex[:8]} about delivery" for _ in range(2)]
    for words in names:
        ask_for_a_person(new_page(), server, words)
    sign_in(desk, server)
    desk.locator(".row", has_text=names[0]).click()
    desk.get_by_label("Your words").fill("half a thought")
    desk.locator(".row", has_text=names[1]).click()
    expect(desk.get_by_label("Your words")).to_have_value("")
    desk.locator(".row", has_text=names[0]).click()
    expect(desk.get_by_label("Your words")).to_have_value("half a thought")
    desk.get_by_role("button", name="With the assistant").click()
    desk.get_by_role("button", name="All open").click()
    expect(desk.get_by_label("Your words")).to_have_value("half a thought")


def test_keys_and_narrow_screens_of_the_desk(server: Server, new_page: NewPage) -> None:
    ask_for_a_person(new_page(), server, f"Key {uuid.uuid4().hex[:8]} about delivery")
    desk = new_page(width=1440, height=860)
    sign_in(desk, server)
    expect(desk.locator(".row").first).to_be_visible()
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="Keys")).to_be_visible()
    picture(desk, "desk-keys")
    desk.keyboard.press("Escape")
    desk.keyboard.press("j")
    expect(desk.locator(".row[data-selected]")).to_have_count(1)
    desk.keyboard.press("/")
    desk.keyboard.type("no such words at all")
    expect(desk.get_by_text("No ticket found")).to_be_visible()
    desk.set_viewport_size({"width": 390, "height": 780})
    expect(desk.locator(".talk-head")).to_be_visible()
    picture(desk, "desk-phone")


PAINT_OVER = """async () => {
  const box = document.body.appendChild(document.createElement("div"));
  let look;
  window.supportBot.bind(box, () => {}, (_, seen) => { look = seen; });
  const is_open = (html) => { box.innerHTML = html; look(); return !!box.querySelector("dialog")?.open; };
  const [first, second] = [1, 2].map((serial) => `<dialog data-serial="${serial}">Delete?</dialog>`);
  const found = [is_open(first), is_open(""), is_open(first)];
  box.querySelector("dialog").close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  return [...found, is_open(""), is_open(first), is_open(second)];
}"""


def test_a_dialog_is_gone_only_when_somebody_closed_it(server: Server, new_page: NewPage) -> None:
    """A look in the background that began before a click may arrive after it, with what was true before."""
    admin = new_page()
    sign_in(admin, server, "/admin")
    assert admin.evaluate(PAINT_OVER) == [True, False, True, False, False, True]


def test_people_join_and_leave_the_team(server: Server, new_page: NewPage) -> None:
    admin, agent = new_page(width=1440, height=860), new_page()
    sign_in(admin, server, "/admin")
    admin.get_by_role("button", name="Team", exact=True).click()
    email = f"kim-{uuid.uuid4().hex[:6]}@example.com"
    admin.get_by_label("Name", exact=True).fill("Kim")
    admin.get_by_label("E-mail").fill(email)
    admin.get_by_label("How", exact=True).select_option("password")
    admin.get_by_role("button", name="Add to the team").click()
    password = admin.locator("#admin-team code").inner_text()
    expect(admin.get_by_label("Name", exact=True)).to_have_value("")
    admin.get_by_label("Name", exact=True).fill("Half a na")
    admin.wait_for_timeout(2000)  # the page looks again meanwhile
    expect(admin.get_by_label("Name", exact=True)).to_have_value("Half a na")
    sign_in(agent, Server(server.base_url, email, password))
    picture(admin, "admin-team")

    row = admin.locator("tr", has_text=email)
    row.get_by_role("button", name="Deactivate").click()
    admin.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(row.get_by_text("Deactivated")).to_be_visible()
    expect(agent.get_by_role("heading", name="Sign in")).to_be_visible(timeout=10_000)
    row.get_by_role("button", name="Reactivate").click()
    expect(row.get_by_text("Deactivated")).to_have_count(0)
    sign_in(agent, Server(server.base_url, email, password))


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("path", ["/desk", "/admin"])
def test_no_tab_and_no_filter_is_cut_off(server: Server, new_page: NewPage, path: str, width: int) -> None:
    page = new_page(width=width, height=844)
    sign_in(page, server, path)
    page.locator(".list-head, #admin-list").first.wait_for()
    for button in page.locator(".rail .view, .filters .button").all():
        box = button.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width, button.text_content()
    picture(page, f"tabs{path.replace('/', '-')}-{width}")


def test_files_become_articles_that_answer_and_vanish_when_deleted(server: Server, new_page: NewPage) -> None:
    admin, customer = new_page(width=1440, height=860), new_page()
    sign_in(admin, server, "/admin")
    word = f"zeppelin{uuid.uuid4().hex[:6]}"
    text = f"# Renting a {word}\n\nA {word} costs 71 pounds a day. Bring your licence.\n".encode()
    admin.locator("#files").set_input_files(
        [
            {"name": f"{word}.md", "mimeType": "text/markdown", "buffer": text},
            {"name": "empty.md", "mimeType": "text/markdown", "buffer": b"  "},
        ]
    )
    uploads = admin.get_by_label("Uploaded files")
    expect(uploads.get_by_text("The file is empty.")).to_be_visible()
    expect(uploads.locator("li", has_text=word).get_by_text("ready, 1 chunk")).to_be_visible(timeout=20_000)
    picture(admin, "admin-uploads")

    admin.get_by_role("button", name="Test a question").click()
    admin.get_by_label("Question", exact=True).fill(f"What does a {word} cost?")
    admin.keyboard.press("Enter")
    expect(admin.locator("#admin-found tbody tr").first).to_contain_text(word)
    picture(admin, "admin-test")

    open_chat(customer, server)
    ask(customer, f"What does a {word} cost a day?")
    answered(customer)
    expect(customer.locator(".message.bot").last).to_contain_text("71")

    admin.get_by_role("button", name="Articles").click()
    admin.get_by_label("Search articles").fill(word)
    expect(admin.locator("#admin-list .open")).to_have_count(1)
    admin.locator("#admin-list .open", has_text=word).click()
    expect(admin.locator(".detail")).to_contain_text("Version 1")
    picture(admin, "admin-article")
    admin.locator(".detail").get_by_role("button", name="Delete").click()
    picture(admin, "admin-delete")
    admin.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(admin.get_by_text("No article")).to_be_visible()
    customer.locator(".cite").first.click()
    expect(customer.get_by_role("dialog")).not_to_contain_text("71 pounds")


def test_an_article_for_agents_only_is_out_of_customers_reach(server: Server, new_page: NewPage) -> None:
    admin, customer = new_page(width=1440, height=860), new_page()
    sign_in(admin, server, "/admin")
    word = f"gargoyle{uuid.uuid4().hex[:6]}"
    text = f"# The {word} rule\n\nThe {word} discount is 37 percent.\n".encode()
    admin.locator("#files").set_input_files([{"name": f"{word}.md", "mimeType": "text/markdown", "buffer": text}])
    ready = admin.get_by_label("Uploaded files").locator("li", has_text=word).get_by_text("ready, 1 chunk")
    expect(ready).to_be_visible(timeout=20_000)
    admin.get_by_label("Search articles").fill(word)
    expect(admin.locator("#admin-list .open")).to_have_count(1)
    admin.locator("#admin-list .open", has_text=word).click()
    admin.get_by_label("Who may see it").select_option("internal")
    expect(admin.locator("#admin-list").get_by_text("Agents only")).to_be_visible()
    open_chat(customer, server)
    ask(customer, f"How much is the {word} discount?")
    answered(customer)
    expect(customer.locator(".thread")).not_to_contain_text("37")


def test_a_session_that_ends_leads_back_to_the_sign_in_page(server: Server, new_page: NewPage) -> None:
    desk = new_page(width=1440, height=860)
    sign_in(desk, server)
    desk.context.clear_cookies()
    expect(desk.get_by_role("heading", name="Sign in")).to_be_visible(timeout=8000)
