"""The chat in six languages, and mirrored for languages that are written from right to left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import NewSite, picture

WORDS = {
    "en": ("Open chat", "Your message", "Talk to a person"),
    "es": ("Abrir chat", "Su mensaje", "Hablar con una persona"),
    "fr": ("Ouvrir le chat", "Votre message", "Parler à une personne"),
    "de-AT": ("Chat öffnen", "Ihre Nachricht", "Mit einem Menschen sprechen"),
    "pt-BR": ("Abrir chat", "Sua mensagem", "Falar com uma pessoa"),
    "zh-Hans": ("打开聊天", "您的消息", "联系人工客服"),
}
CUT_OFF = """() => {
  const root = document.querySelector("support-bot-chat").shadowRoot;
  return [...root.querySelectorAll("button, p, label, h2")]
    .filter((one) => one.checkVisibility() && !one.closest(".hidden") && one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.textContent);
}"""


@pytest.mark.parametrize("lang", WORDS)
def test_it_speaks_the_language_of_the_page(visitor: Page, new_allowed_site: NewSite, lang: str) -> None:
    opens, says, person = WORDS[lang]
    visitor.set_viewport_size({"width": 390, "height": 700})
    visitor.goto(new_allowed_site(lang=lang).origin)
    visitor.get_by_role("button", name=opens).click()
    expect(visitor.get_by_label(says)).to_be_visible()
    visitor.get_by_role("button", name=person).click()
    expect(visitor.locator(".asked")).to_be_visible()
    assert visitor.evaluate(CUT_OFF) == []
    assert visitor.locator(".frame").get_attribute("lang") == lang[:2]
    picture(visitor, f"widget-{lang}")


def test_the_tag_outweighs_the_page_and_the_page_the_browser(chromium: Browser, new_allowed_site: NewSite) -> None:
    context = chromium.new_context(locale="fr-FR")
    page = context.new_page()
    for lang, tag, opens in (
        ("de", 'data-lang="es"', "Abrir chat"),
        ("de", "", "Chat öffnen"),
        ("", "", "Ouvrir le chat"),
    ):
        page.goto(new_allowed_site(lang=lang, tag=tag).origin)
        expect(page.get_by_role("button", name=opens)).to_be_visible()
    page.goto(new_allowed_site(lang="xx").origin)
    expect(page.get_by_role("button", name="Ouvrir le chat")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [1000, 390])
def test_it_is_mirrored_where_the_page_is_written_from_right_to_left(
    visitor: Page, new_allowed_site: NewSite, width: int
) -> None:
    visitor.set_viewport_size({"width": width, "height": 700})
    visitor.goto(new_allowed_site(lang="ar").origin)
    button = visitor.get_by_role("button", name="Open chat")
    assert (button.bounding_box() or {})["x"] < 100
    button.click()
    expect(visitor.get_by_role("dialog")).to_be_visible()
    send, field = (visitor.get_by_role("button", name="Send message"), visitor.get_by_label("Your message"))
    assert (send.bounding_box() or {})["x"] < (field.bounding_box() or {})["x"]
    picture(visitor, f"widget-rtl-{width}")
