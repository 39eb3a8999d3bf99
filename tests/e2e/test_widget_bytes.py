"""What a real browser transfers for the chat, before and after it is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewSite

LOADER = 6_000
UNTIL_OPEN = 30_000
LONG_TASKS = """() => new Promise((resolve) => {
  const found = [];
  new PerformanceObserver((list) => found.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: "longtask", buffered: true });
  setTimeout(() => resolve(found), 300);
})"""


@dataclass
class Traffic:
    """Bytes on the wire by address, headers included, as the browser's own network log counts them."""

    bytes: dict[str, float] = field(default_factory=dict)
    _urls: dict[str, str] = field(default_factory=dict)

    def watch(self, page: Page) -> None:
        log = page.context.new_cdp_session(page)
        log.send("Network.enable")
        log.on("Network.requestWillBeSent", self._sent)
        log.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        url = self._urls[event["requestId"]]
        self.bytes[url] = self.bytes.get(url, 0) + event["encodedDataLength"]

    def of(self, address: str) -> dict[str, float]:
        return {urlsplit(url).path: size for url, size in self.bytes.items() if url.startswith(address)}


def test_little_is_transferred_and_nothing_of_the_panel_before_somebody_comes(
    visitor: Page, new_allowed_site: NewSite
) -> None:
    site, traffic = new_allowed_site(), Traffic()
    traffic.watch(visitor)
    visitor.goto(site.origin)
    button = visitor.get_by_role("button", name="Open chat")
    expect(button).to_be_visible()
    visitor.wait_for_load_state("networkidle")
    first = traffic.of(site.bot)
    assert set(first) == {"/widget.js", "/api/v1/channels/web/public"}
    assert first["/widget.js"] <= LOADER + 1_000  # and the headers of the answer
    assert visitor.evaluate(LONG_TASKS) == []

    button.click()
    expect(visitor.get_by_role("dialog")).to_be_visible()
    expect(visitor.get_by_role("log")).to_contain_text("Hello.")
    visitor.wait_for_load_state("networkidle")
    opened = traffic.of(site.bot)
    assert set(opened) - set(first) == {"/widget/panel.js"}
    assert sum(opened.values()) <= UNTIL_OPEN
    foreign = {url for url in traffic._urls.values() if not url.startswith((site.origin, site.bot, "data:"))}
    assert foreign == set()


def test_the_second_page_takes_the_panel_from_the_cache(visitor: Page, new_allowed_site: NewSite) -> None:
    site, traffic = new_allowed_site(), Traffic()
    visitor.goto(site.origin)
    visitor.get_by_role("button", name="Open chat").click()
    expect(visitor.get_by_role("dialog")).to_be_visible()
    traffic.watch(visitor)
    visitor.goto(f"{site.origin}/next")
    expect(visitor.get_by_role("dialog")).to_be_visible()
    assert traffic.of(site.bot).get("/widget/panel.js", 0) == 0
