"""Fetch a page from the web without being made to reach what only this machine may reach. Reads no format.

Every address a name resolves to is checked and the connection goes to the very address that was checked, so a name
that resolves differently a moment later changes nothing; redirects are followed one by one, each checked alike."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from support_bot.errors import Forbidden, Invalid, TooLarge, UnreadableDocument
from support_bot.settings import IngestionSettings

Resolve = Callable[[str, int], list[str]]
"""The addresses of a host; raises OSError where it has none."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_MOST_REDIRECTS = 5
_STEP_S = 10.0
_MEGABYTE = 1_000_000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CODINGS = ("", "identity", "gzip", "deflate")
_CHARSET = re.compile(rb"charset|encoding", re.I)
_HEADERS = {"User-Agent": "support-bot", "Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip, deflate"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave: its bytes, their media type, and where they came from after redirects."""

    data: bytes
    media_type: str
    address: str


def resolve(host: str, port: int) -> list[str]:
    """The system's answer, in its order, each address once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class WebFetcher:
    """Gets pages within the limits of the settings."""

    def __init__(self, settings: IngestionSettings, *, offline: bool = False, resolve: Resolve = resolve) -> None:
        self._settings = settings
        self._offline = offline
        self._resolve = resolve

    def fetch(self, url: str) -> Fetched:
        """The content behind `url`. Raises Invalid for what is no web address, Forbidden for a private one or when
        offline, TooLarge, and UnreadableDocument where nothing useful comes back."""
        if self._offline:
            raise Forbidden("Nothing is fetched while SUPPORT_BOT_OFFLINE is set. Save the page and upload the file.")
        deadline = time.monotonic() + self._settings.fetch_timeout_s
        target = web_address(url)
        for _ in range(_MOST_REDIRECTS + 1):
            found = self._get(target, deadline)
            if isinstance(found, Fetched):
                return found
            target = found
        raise UnreadableDocument(f"{url} leads in circles: more than {_MOST_REDIRECTS} redirects.")

    def _get(self, target: httpx.URL, deadline: float) -> Fetched | httpx.URL:
        """The content of a page, or where it redirects to."""
        failure: httpx.HTTPError | None = None
        with (
            httpx.Client(verify=httpx.create_ssl_context(), trust_env=False, timeout=_STEP_S) as client,
            _closing_at(deadline, client),
        ):
            for address in self._addresses(target):
                if time.monotonic() > deadline:
                    break
                try:
                    with client.stream(**_pinned(target, address)) as response:
                        return self._answer(target, response, deadline)
                except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                    failure = error
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    failure = error if isinstance(error, httpx.HTTPError) else None
                    break
                except (RuntimeError, ValueError):  # what a client says that was closed at this very moment
                    if time.monotonic() <= deadline:
                        raise
                    break
        if time.monotonic() > deadline:
            raise self._too_slow(target) from failure
        raise UnreadableDocument(f"{target} cannot be fetched: {failure or 'no valid answer'}.") from failure

    def _addresses(self, target: httpx.URL) -> list[str]:
        """Every address of the host, all of them checked."""
        host = target.raw_host.decode("ascii")
        try:
            found = self._resolve(host, target.port or (443 if target.scheme == "https" else 80))
        except (OSError, UnicodeError) as error:
            raise UnreadableDocument(f"There is no host called {host}. Check the address.") from error
        if not self._settings.fetch_private and not (found and all(map(is_public, found))):
            raise Forbidden(
                f"{host} is an address of a private network, which is not fetched. "
                "SUPPORT_BOT_INGESTION__FETCH_PRIVATE allows it."
            )
        return found

    def _answer(self, target: httpx.URL, response: httpx.Response, deadline: float) -> Fetched | httpx.URL:
        if response.is_redirect:
            return web_address(str(target.join(response.headers["location"])))
        if response.status_code != httpx.codes.OK:
            raise UnreadableDocument(f"{target} answered {response.status_code} {response.reason_phrase}.".strip())
        if response.headers.get("content-encoding", "").strip().lower() not in _CODINGS:
            raise UnreadableDocument(f"{target} answered in a packing that nobody asked for.")
        kind, _, parameters = response.headers.get("content-type", "").partition(";")
        data = self._body(target, response, deadline)
        return Fetched(_as_utf8(data, kind, parameters), kind.strip().lower(), str(target))

    def _body(self, target: httpx.URL, response: httpx.Response, deadline: float) -> bytes:
        """The unpacked content, counted while it comes."""
        data = bytearray()
        for part in response.iter_bytes():
            data += part
            if len(data) > self._settings.max_file_mb * _MEGABYTE:
                raise TooLarge(f"{target} has more than {self._settings.max_file_mb} MB.")
            if time.monotonic() > deadline:
                raise self._too_slow(target)
        return bytes(data)

    def _too_slow(self, target: httpx.URL) -> UnreadableDocument:
        return UnreadableDocument(f"{target} took longer than {self._settings.fetch_timeout_s:g} seconds.")


def web_address(url: str) -> httpx.URL:
    """`url` without its fragment. Raises Invalid for anything but http and https, and for passwords in it."""
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise Invalid(f"{url[:200]} is not a web address.") from None
    if parsed.scheme not in ("http", "https") or not parsed.raw_host:
        raise Invalid(f"{url[:200]} is not a web address: it must begin with http:// or https://.")
    if parsed.userinfo:
        raise Invalid("Names and passwords in an address are not sent. Save the page and upload the file.")
    return parsed.copy_with(fragment=None)


def is_public(address: str) -> bool:
    """Whether anybody may reach this address; what is wrapped into an IPv6 address is looked at as well."""
    try:
        whole = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(whole, ipaddress.IPv6Address) and whole.is_site_local:
        return False  # given up in 2004, still in use behind some routers
    return all(each.is_global and not each.is_multicast and not each.is_reserved for each in (whole, *_inner(whole)))


def _inner(address: _Address) -> list[_Address]:
    """IPv4 addresses that an IPv6 address stands for: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    wrapped: list[_Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        wrapped.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in wrapped if each is not None]


@contextmanager
def _closing_at(deadline: float, client: httpx.Client) -> Iterator[None]:
    """Close the client at the deadline: a server that drips its headers keeps every single step within its limit."""
    watch = threading.Timer(max(0.0, deadline - time.monotonic()), client.close)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _pinned(target: httpx.URL, address: str) -> dict[str, Any]:
    """A request that connects to `address` but speaks, and checks the certificate, as to the host of `target`."""
    return {
        "method": "GET",
        "url": target.copy_with(host=address),
        "headers": {**_HEADERS, "Host": target.netloc.decode("ascii")},
        "extensions": {"sni_hostname": target.raw_host.decode("ascii").strip("[]")},
    }


def _as_utf8(data: bytes, kind: str, parameters: str) -> bytes:
    """Text whose encoding only the server told, in UTF-8; anything else as it is."""
    found = re.search(r"charset\s*=\s*\"?([\w.:-]+)", parameters, re.I)
    if not found or not kind.strip().lower().startswith("text/") or _CHARSET.search(data[:4096]):
        return data
    try:
        return data.decode(found.group(1)).encode()
    except (LookupError, UnicodeError):
        return data
