"""Pages are fetched from real servers on this machine; what only this machine may reach is refused."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from support_bot.errors import Forbidden, Invalid, SupportBotError, TooLarge, UnreadableDocument
from support_bot.ingestion import web
from support_bot.ingestion.web import WebFetcher, is_public, web_address
from support_bot.settings import IngestionSettings
from tests.factories_files.site import Reply, Site, listening_site, page


@pytest.fixture
def site() -> Iterator[int]:
    with listening_site() as port:
        yield port


def resolving(**hosts: str) -> Callable[[str, int], list[str]]:
    """Names as a name server in an attacker's hands may give them; without one, as they are."""
    return lambda host, _port: hosts.get(host.replace(".", "_"), host).split()


AS_THEY_ARE = resolving()


def fetcher(resolve: Callable[[str, int], list[str]] = AS_THEY_ARE, **given: object) -> WebFetcher:
    return WebFetcher(IngestionSettings(**{"fetch_private": True, "max_file_mb": 1, **given}), resolve=resolve)


def test_a_page_comes_with_its_type_and_address(site: int) -> None:
    Site.pages["/a?b=1"] = page(b"<h1>Hi</h1>", Content_Type="text/html; charset=utf-8")
    found = fetcher().fetch(f"http://127.0.0.1:{site}/a?b=1#part")
    assert (found.data, found.media_type) == (b"<h1>Hi</h1>", "text/html")
    assert found.address == f"http://127.0.0.1:{site}/a?b=1"


def test_the_connection_goes_to_the_checked_address_in_the_name_of_the_host(site: int) -> None:
    Site.pages["/a"] = page(b"Hi")
    assert fetcher(resolving(help_example="127.0.0.1")).fetch(f"http://help.example:{site}/a").data == b"Hi"
    assert Site.hosts == [f"help.example:{site}"]


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind(site: int) -> None:
    Site.pages["/a"] = page(b"Hi")
    answers = ["127.0.0.1", "192.0.2.1"]
    assert fetcher(lambda *_: [answers.pop(0)]).fetch(f"http://rebinding.example:{site}/a").data == b"Hi"
    assert answers == ["192.0.2.1"]


def test_the_next_address_is_tried_where_one_does_not_answer(site: int) -> None:
    Site.pages["/a"] = page(b"Hi")
    assert fetcher(resolving(two_example="127.0.0.2 127.0.0.1")).fetch(f"http://two.example:{site}/a").data == b"Hi"


def test_redirects_are_followed_and_each_is_checked(site: int) -> None:
    Site.pages |= {"/a": (302, {"Location": "/b"}, b""), "/b": page(b"there"), "/in": (302, {"Location": "/in"}, b"")}
    Site.pages["/file"] = (302, {"Location": "file:///etc/passwd"}, b"")
    assert fetcher().fetch(f"http://127.0.0.1:{site}/a").address.endswith("/b")
    with pytest.raises(UnreadableDocument, match="circles"):
        fetcher().fetch(f"http://127.0.0.1:{site}/in")
    with pytest.raises(Invalid, match="must begin with http"):
        fetcher().fetch(f"http://127.0.0.1:{site}/file")


def test_a_redirect_from_a_public_host_to_a_private_one_is_refused(site: int, monkeypatch: pytest.MonkeyPatch) -> None:
    Site.pages["/a"] = (302, {"Location": f"http://inside.example:{site}/secret"}, b"")
    Site.pages["/secret"] = page(b"secret")
    hosts = resolving(outside_example="127.0.0.1", inside_example="127.0.0.2")
    # 127.0.0.1 plays a public address here: tests reach no other machine.
    monkeypatch.setattr("support_bot.ingestion.web.is_public", lambda address: address == "127.0.0.1")
    with pytest.raises(Forbidden, match=r"inside\.example is an address of a private network"):
        fetcher(hosts, fetch_private=False).fetch(f"http://outside.example:{site}/a")
    assert Site.hosts == [f"outside.example:{site}"]


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://0.0.0.0/", "http://2130706433/",
     "http://0x7f.1/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.8/"],
)  # fmt: skip
def test_private_addresses_are_refused_however_they_are_spelt(url: str) -> None:
    with pytest.raises(Forbidden, match="private network"):
        WebFetcher(IngestionSettings()).fetch(url)


def test_one_private_address_among_several_is_enough_to_refuse() -> None:
    with pytest.raises(Forbidden, match="private network"):
        fetcher(resolving(mixed_example="93.184.216.34 10.0.0.1"), fetch_private=False).fetch("http://mixed.example/")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False), ("240.0.0.1", False), ("::1", False),
        ("::", False), ("fe80::1%eth0", False), ("fc00::1", False), ("ff02::1", False), ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False), ("64:ff9b::7f00:1", False), ("64:ff9b::a00:1", False), ("192.0.2.1", False),
        ("fec0::1", False), ("no address", False),
    ],
)  # fmt: skip
def test_only_addresses_that_anybody_may_reach_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://x.example/a",
        "file:///etc/passwd",
        "http://",
        "http://me:pw@x.example/",
        "http://[::1",
        "data:,x",
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        web_address(url)


def test_too_much_is_cut_off_while_it_comes_packed_or_not(site: int) -> None:
    Site.pages |= {
        "/big": page(b"0" * 1_100_000),
        "/bomb": page(gzip.compress(b"0" * 9_000_000), Content_Encoding="gzip"),
    }
    for path in ("big", "bomb"):
        with pytest.raises(TooLarge, match="more than 1 MB"):
            fetcher().fetch(f"http://127.0.0.1:{site}/{path}")


@pytest.mark.parametrize("path", ["/slow", "/slow-head"])
def test_a_slow_page_ends_at_the_time_limit(site: int, path: str) -> None:
    Site.pages[path] = page(b"drop by drop " * 20)
    with pytest.raises(UnreadableDocument, match=r"longer than 0\.2 seconds"):
        fetcher(fetch_timeout_s=0.2).fetch(f"http://127.0.0.1:{site}{path}")


def test_a_time_limit_that_is_over_as_the_request_begins_is_told_as_one(
    site: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    Site.pages["/a"] = page(b"Hi")
    pinned = web._pinned

    def pin_late(target: httpx.URL, address: str) -> dict[str, Any]:
        time.sleep(0.4)
        return pinned(target, address)

    monkeypatch.setattr(web, "_pinned", pin_late)
    with pytest.raises(UnreadableDocument, match=r"longer than 0\.2 seconds"):
        fetcher(fetch_timeout_s=0.2).fetch(f"http://127.0.0.1:{site}/a")


def test_an_encoding_that_only_the_server_tells_is_believed(site: int) -> None:
    text = "<p>Возврат в течение тридцати дней</p>"
    Site.pages["/ru"] = page(text.encode("koi8-r"), Content_Type="text/html; charset=koi8-r")
    assert fetcher().fetch(f"http://127.0.0.1:{site}/ru").data.decode() == text


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ((404, {}, b""), "answered 404"),
        ((500, {}, b""), "answered 500"),
        (page(b"x", Content_Encoding="br"), "packing"),
    ],
)
def test_an_answer_that_is_no_page_says_what_it_was(site: int, reply: Reply, reason: str) -> None:
    Site.pages["/a"] = reply
    with pytest.raises(UnreadableDocument, match=reason):
        fetcher().fetch(f"http://127.0.0.1:{site}/a")


def test_a_host_that_does_not_answer_or_exist_says_so(site: int) -> None:
    def nowhere(_host: str, _port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(UnreadableDocument, match="no host called"):
        fetcher(nowhere).fetch("http://no.example/")
    with pytest.raises(UnreadableDocument, match="cannot be fetched"):
        fetcher().fetch("http://127.0.0.1:1/")


def test_nothing_is_fetched_offline() -> None:
    with pytest.raises(SupportBotError, match="OFFLINE"):
        WebFetcher(IngestionSettings(), offline=True).fetch("http://x.example/")
