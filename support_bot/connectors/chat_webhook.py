"""A line of text to a webhook that Slack, Teams and others take. Its address is a secret and shown nowhere."""

from __future__ import annotations

import httpx

_TIMEOUT_S = 10.0
_LATER = (408, 425, 429)
_GAP = "\u200b"  # not seen, and ends what the programs take for a name or a link


class WebhookError(Exception):
    """It did not take the text; `again` where it surely has not and may later."""

    def __init__(self, detail: str, *, again: bool) -> None:
        super().__init__(detail)
        self.again = again


def post_text(url: str, text: str) -> None:
    """Send `{"text": …}`. Raises WebhookError; after silence nobody knows, and nothing is said twice."""
    try:
        answer = httpx.post(url, json={"text": text}, timeout=_TIMEOUT_S, trust_env=False, follow_redirects=False)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise WebhookError("The webhook cannot be reached.", again=True) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WebhookError(f"The webhook did not answer ({type(error).__name__}).", again=False) from error
    if not answer.is_success:
        code = answer.status_code
        raise WebhookError(f"The webhook answered {code}.", again=code in _LATER or code >= 500)


def plain(text: str) -> str:
    """The text as Slack, Teams and those like them show it: what a customer wrote calls nobody and links nowhere."""
    flat = " ".join(text.split())
    for mark in ("@", "://", "]"):
        flat = flat.replace(mark, mark + _GAP)
    return flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
