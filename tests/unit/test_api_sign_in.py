"""Where a sign-in may lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.api.routes.sign_in import safe_target


@pytest.mark.parametrize("path", ["/", "/desk", "/admin?tab=staff#x", "/desk/a%2Fb", "/dësk"])
def test_paths_of_this_server_are_kept(path: str) -> None:
    assert safe_target(path) == path


@pytest.mark.parametrize(
    "wish",
    ["", "desk", "//evil", "///evil", "/\\evil", "\\\\evil", "https:evil", "javascript:alert(1)", "/\n/evil", "/a b"],
)
def test_everything_else_leads_to_the_desk(wish: str) -> None:
    assert safe_target(wish) == "/desk"


@given(st.text(alphabet="/\\:@. \t\r\nhtpsevil", max_size=12))
def test_no_wish_leads_to_another_host(wish: str) -> None:
    target = safe_target(wish)
    assert target.startswith("/") and target[1:2] not in ("/", "\\") and not set(target) & set("\\\t\r\n ")
