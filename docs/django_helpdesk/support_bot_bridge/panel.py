"""Shows the bot's panel on a ticket's page for staff, with a token for that ticket alone which this server signs."""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.html import format_html

LIFE_S = 3600
_END = b"</body>"


class PanelMiddleware:
    """Adds one script to the page that django-helpdesk has already decided to show to this member of staff."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        match = request.resolver_match
        is_ticket = match is not None and match.view_name == "helpdesk:view" and response.status_code == 200
        if not (is_ticket and request.user.is_staff and not response.streaming and _END in response.content):
            return response
        before, end, after = response.content.rpartition(_END)
        script = script_for(str(match.kwargs["ticket_id"]), request.user.get_username())
        response.content = before + script.encode() + end + after
        if response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
        return response


def script_for(ticket: str, user: str) -> str:
    """The element that loads the panel below the reply form."""
    bot, connector = _bot()
    return format_html(
        '<script src="{}/copilot.js" data-connector="{}" data-token="{}" data-into="#commentBox" '
        'data-in="#respond-tab-pane"></script>',
        bot, connector, signed(connector, ticket, user),
    )  # fmt: skip


def signed(connector: str, ticket: str, user: str) -> str:
    """A JWT (HS256) for one ticket and one hour; its key is made from the secret that signs events."""
    now = int(time.time())
    claims = {"iss": connector, "aud": "copilot", "sub": user, "ticket": ticket, "iat": now, "exp": now + LIFE_S}
    body = b".".join(_packed(part) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    secret = base64.b64decode(settings.SUPPORT_BOT["SECRET"].removeprefix("whsec_"))
    key = hmac.new(secret, b"copilot", hashlib.sha256).digest()
    return (body + b"." + _base64(hmac.new(key, body, hashlib.sha256).digest())).decode()


def _bot():
    """Where the bot is and what it calls this help desk: both stand in the address of its events."""
    url = urlsplit(settings.SUPPORT_BOT["URL"])
    below, _, connector = url.path.removesuffix("/events").rpartition("/api/v1/connectors/")
    return f"{url.scheme}://{url.netloc}{below}", connector


def _packed(part) -> bytes:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
