"""Customers, an agent and an admin who go on through every crash, and a ledger of what the server acknowledged."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

ROOM_FOR_DOCUMENTS = 12
_QUESTIONS = ("How much does part {} cost?", "How long does part {} take?", "Who won the cup in {}?")


@dataclass
class Ledger:
    """What was sent, and what came back as done. Sent but not acknowledged may be there or not, but never twice."""

    sent: set[tuple[str, str]] = field(default_factory=set)
    acknowledged: set[tuple[str, str]] = field(default_factory=set)
    handoffs: dict[str, int] = field(default_factory=dict)
    may_have_tickets: set[str] = field(default_factory=set)
    replies: set[str] = field(default_factory=set)
    documents: dict[str, set[str | None]] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)


class Person:
    """Somebody with work in steps; a step that the crash cut off is done again after it."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger = ledger
        self.random = random.Random(seed)

    def act(self, client: httpx.Client, owner: str) -> None:
        raise NotImplementedError

    def check(self, answer: httpx.Response, *expected: int) -> bool:
        """Whether the server did it; what nobody expects is kept for the test to show."""
        if answer.status_code not in expected:
            self.ledger.unexpected.append(f"{answer.request.method} {answer.request.url.path}: {answer.text[:300]}")
        return answer.status_code < 300


class Customer(Person):
    """Writes a few messages, asks for a person, leaves the conversation to the agent and begins another one."""

    def __init__(self, ledger: Ledger, seed: int, queue: list[str]) -> None:
        super().__init__(ledger, seed)
        self._queue = queue
        self._steps: list[Callable[[httpx.Client], None]] = []
        self._conversation = self._token = ""

    def act(self, client: httpx.Client, owner: str) -> None:
        if not self._steps:
            self._begin(client)
        if self._steps:
            self._steps[0](client)
            self._steps.pop(0)

    def _begin(self, client: httpx.Client) -> None:
        answer = client.post("/conversations", json={"channel": "web"})
        if not self.check(answer, 201):
            return
        begun = answer.json()
        self._conversation, self._token = begun["id"], begun["token"]
        texts = [self.random.choice(_QUESTIONS).format(self.random.randrange(90)) for _ in range(3)]
        self._steps = [lambda c, n=n, t=t: self._say(c, f"m{n}", t) for n, t in enumerate(texts)]  # type: ignore[misc]
        if self.random.random() < 0.7:
            self._steps.append(self._ask_for_a_person)

    def _say(self, client: httpx.Client, name: str, text: str) -> None:
        key = (self._conversation, name)
        self.ledger.sent.add(key)
        body = {"text": text, "client_message_id": name}
        path = f"/conversations/{self._conversation}/messages"
        with client.stream("POST", path, json=body, headers=self._headers()) as answer:
            if answer.status_code == 200:
                self.ledger.acknowledged.add(key)  # the message is stored before the first byte of its answer
                for _ in answer.iter_bytes():
                    if self.random.random() < 0.02:
                        return  # reads no further
            else:
                answer.read()
                self.check(answer, 200)

    def _ask_for_a_person(self, client: httpx.Client) -> None:
        self.ledger.may_have_tickets.add(self._conversation)
        answer = client.post(f"/conversations/{self._conversation}/handoff", headers=self._headers())
        if self.check(answer, 200):
            self.ledger.handoffs[self._conversation] = answer.json()["ticket"]
            self._queue.append(self._conversation)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}


class Agent(Person):
    """Takes who waits, replies, solves."""

    def __init__(self, ledger: Ledger, seed: int, queue: list[str]) -> None:
        super().__init__(ledger, seed)
        self._queue = queue
        self._replies = 0

    def act(self, client: httpx.Client, owner: str) -> None:
        if not self._queue:
            return
        headers = {"Authorization": f"Bearer {owner}"}
        conversation = self._queue[0]
        ticket = self.ledger.handoffs[conversation]
        self.check(client.post(f"/staff/conversations/{conversation}/take", headers=headers), 200, 409)
        self._replies += 1
        text = f"reply {self._replies}"
        answer = client.post(f"/tickets/{ticket}/reply", json={"text": text}, headers=headers)
        if self.check(answer, 201, 409):
            self.ledger.replies.add(text)
        self.check(client.post(f"/tickets/{ticket}/solve", headers=headers), 200, 409)
        self._queue.pop(0)


class Admin(Person):
    """Uploads, replaces, makes internal and deletes documents."""

    def act(self, client: httpx.Client, owner: str) -> None:
        headers = {"Authorization": f"Bearer {owner}"}
        name = f"part-{self.random.randrange(ROOM_FOR_DOCUMENTS)}.md"
        known = self.ledger.documents.setdefault(name, {None})
        kind = self.random.random()
        if kind < 0.65:
            number = self.random.randrange(1_000_000)
            text = f"# Part {number}\n\n" + "\n\n".join(f"Part {number} costs {i} euros." for i in range(30))
            known.add(text)
            answer = client.post("/documents", files=[("files", (name, text.encode()))], headers=headers)
            if self.check(answer, 202) and not answer.json()["files"][0]["error"]:
                self.ledger.documents[name] = {text}
            return
        found = client.get("/documents", params={"search": name}, headers=headers).json()["documents"]
        exact: list[dict[str, Any]] = [row for row in found if row["name"] == name]
        if exact and kind < 0.8:
            audience = "internal" if exact[0]["audience"] == "public" else "public"
            path = f"/documents/{exact[0]['id']}"
            self.check(client.patch(path, json={"audience": audience}, headers=headers), 200)
        elif exact:
            known.add(None)
            if self.check(client.delete(f"/documents/{exact[0]['id']}", headers=headers), 204):
                self.ledger.documents[name] = {None}


def people(seed: int) -> tuple[Ledger, list[Person]]:
    """Four customers, an agent and an admin over one ledger."""
    ledger, queue = Ledger(), list[str]()
    customers = [Customer(ledger, seed + number, queue) for number in range(4)]
    return ledger, [*customers, Agent(ledger, seed + 10, queue), Admin(ledger, seed + 11)]


class Load:
    """Everybody works at once against one server, until it dies or the block ends."""

    def __init__(self, everybody: list[Person], url: str, token: str) -> None:
        self._url, self._token = url, token
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(person,), daemon=True) for person in everybody]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _work(self, person: Person) -> None:
        with httpx.Client(base_url=f"{self._url}/api/v1", timeout=30, trust_env=False) as client:
            while not self._stop.is_set():
                try:
                    person.act(client, self._token)
                except (httpx.TransportError, ValueError):  # the crash: nothing came, or half an answer
                    return
