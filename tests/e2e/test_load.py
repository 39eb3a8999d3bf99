"""Ten customers at once while two hundred pages are read: nobody is lost, nobody is answered twice."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

PAGES = 200
VISITORS = 10
QUESTIONS = ("How long does delivery take?", "How do I pause my plan?", "Who won the football cup last year?")


def page(number: int) -> bytes:
    """A page of its own for each number, with a few paragraphs to cut and index."""
    lines = [f"# Handbook page {number}", ""]
    lines += [
        f"Rule {number}.{i}: shelf {number * 7 + i} holds part {number * 13 + i}, see also page {i}." for i in range(12)
    ]
    return "\n\n".join(lines).encode()


@pytest.fixture
def staff(server: Any) -> Iterator[httpx.Client]:
    """A client that is signed in as the admin, with the header that changes need."""
    with httpx.Client(base_url=server.base_url, timeout=120) as client:
        sign_in(client, server)
        yield client


def sign_in(client: httpx.Client, server: Any) -> None:
    answered = client.post("/login", data={"email": server.admin_email, "password": server.admin_password})
    assert answered.status_code == 303, answered.text
    client.headers["X-CSRF-Token"] = client.get("/api/v1/me").json()["csrf_token"]


def visit(base_url: str, number: int) -> dict[str, Any]:
    """One customer: three questions, each sent twice at the same moment with one client message id."""
    with httpx.Client(base_url=base_url, timeout=180) as client:
        begun = client.post("/api/v1/conversations", json={"channel": "web", "visitor": f"visitor-{number}"}).json()
        headers = {"Authorization": f"Bearer {begun['token']}", "Accept": "application/json"}
        path = f"/api/v1/conversations/{begun['id']}/messages"
        answers = []
        for question in QUESTIONS:
            body = {"text": question, "client_message_id": uuid.uuid4().hex}
            with ThreadPoolExecutor(2) as twice:
                first, second = twice.map(lambda _, b=body: client.post(path, json=b, headers=headers), range(2))
            assert first.status_code == second.status_code == 200, (first.text, second.text)
            assert first.json() == second.json()
            answers.append(first.json())
        said = client.get(path, headers=headers).json()
    return {"id": begun["id"], "answers": answers, "messages": said}


@pytest.mark.timeout(600)
def test_ten_visitors_are_answered_while_two_hundred_pages_are_read(server: Any, staff: httpx.Client) -> None:
    uploads: list[int] = []

    def upload() -> None:
        for begin in range(0, PAGES, 20):
            files = [("files", (f"handbook-{n}.md", page(n), "text/markdown")) for n in range(begin, begin + 20)]
            answered = staff.post("/api/v1/documents", files=files)
            assert answered.status_code == 202, answered.text
            uploads.append(answered.status_code)

    uploading = threading.Thread(target=upload)
    uploading.start()
    with ThreadPoolExecutor(VISITORS) as pool:
        visits = list(pool.map(lambda n: visit(server.base_url, n), range(VISITORS)))
    uploading.join()
    assert len(uploads) == PAGES / 20
    for seen in visits:
        authors = [message["author"] for message in seen["messages"]["messages"]]
        assert authors == ["customer", "bot"] * len(QUESTIONS)
        assert [answer["status"] for answer in seen["answers"]] == ["answered", "answered", "refused"]
    desk = staff.get("/api/v1/staff/conversations", params={"limit": 100}).json()
    shown = {row["id"] for row in desk["conversations"]}
    assert {seen["id"] for seen in visits} <= shown
