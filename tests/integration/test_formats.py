"""Every kind of file through the HTTP API into a real database and index: what is read, and why the rest is not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support_bot.values import DocumentStatus
from tests.factories_files import column, pdf
from tests.factories_files.office import archive, bomb, eml, locked, lying, pptx, warranty_docx, xlsx
from tests.integration.api_harness import V1, Api, running_api

FEES = [["Country", "Fee"], ["Spain", 4.9], ["Chile", 12]]
MARKDOWN = b"# Parcels\n\nA parcel locker keeps your parcel for seven days, then it goes back to our warehouse.\n"
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "WordDocument".encode("utf-16-le")
LOCKED_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("formats")) as api:
        yield api


@pytest.fixture
def api(shared: Api) -> Iterator[Api]:
    yield shared
    for document in shared.app.catalogue.page():
        shared.app.knowledge.delete(document.id)


def upload(api: Api, *files: tuple[str, bytes], **form: str) -> list[dict[str, Any]]:
    """Send files; what became of each, when the jobs are done."""
    parts = [("files", (name, data)) for name, data in files]
    answered = api.client.post(f"{V1}/documents", files=parts, data=form, headers=api.admin)
    assert answered.status_code == 202, answered.text
    return [told | document(api, told) for told in answered.json()["files"]]


def document(api: Api, told: dict[str, Any]) -> dict[str, Any]:
    if told["document"] is None:
        return {"reason": told["error"]["detail"]}
    api.app.knowledge.process(told["document"]["id"])
    found = api.client.get(f"{V1}/documents/{told['document']['id']}", headers=api.agent).json()
    return {**found["document"], "chunk_list": found["chunks"], "text": found["text"], "outcome": told["outcome"]}


@pytest.mark.parametrize(
    ("name", "make", "question", "words"),
    [
        ("warranty.docx", warranty_docx, "is the bulb covered", "| Part | Covered |"),
        (
            "refunds.pptx",
            lambda: pptx(("Refunds", ["A refund takes five days"])),
            "how long does a refund take",
            "five",
        ),
        ("fees.xlsx", lambda: xlsx({"F": FEES}, {"B2": '"$"0.00'}), "fee for Spain", "| Spain | $4.90 |"),
        ("fees.csv", lambda: b"Country;Fee\nSpain;$4.90\n", "fee for Spain", "| Spain | $4.90 |"),
        ("news.eml", lambda: eml("Lockers", "Lockers are closed in May."), "lockers closed", "closed in May"),
        ("parcels.md", lambda: MARKDOWN, "parcel locker days", "seven days"),
        ("text.pdf", lambda: pdf(column("Gift cards last for three years.")), "how long do gift cards last", "three"),
        ("../../x.md", lambda: MARKDOWN, "parcel locker days", "seven days"),
        ("C:\\x\\y.md", lambda: MARKDOWN, "parcel locker days", "seven days"),
    ],
)
def test_what_can_be_read_is_found(api: Api, name: str, make: Callable[[], bytes], question: str, words: str) -> None:
    (found,) = upload(api, (name, make()))
    assert (found["outcome"], found["status"], found["reason"]) == ("created", "ready", "")
    assert ".." not in found["name"] and ":" not in found["name"]
    passages = api.client.get(f"{V1}/search", params={"q": question}, headers=api.agent).json()["passages"]
    assert words in passages[0]["text"]
    assert passages[0]["document_id"] == found["id"]


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("scan.pdf", lambda: pdf([], []), "only images (a scan)"),
        ("locked.pdf", lambda: pdf(column("Secret words."), password="x"), "protected by a password"),
        ("locked.docx", lambda: LOCKED_WORD, "protected by a password"),
        ("locked.xlsx", lambda: LOCKED_WORD, "protected by a password"),
        ("empty.md", lambda: b"", "is empty"),
        ("blank.txt", lambda: b" \n\t ", "is empty"),
        ("old.doc", lambda: OLD_WORD, "Save it as .docx"),
        ("picture.png", lambda: b"\x89PNG\r\n\x1a\n" + bytes(600), "is an image"),
        ("wrong.pdf", warranty_docx, "named .pdf but is a Word document"),
        ("wrong.docx", lambda: MARKDOWN, "named .docx but is not a Word document"),
        ("program.exe", lambda: b"MZ" + bytes(600), "not supported"),
        ("noise.txt", lambda: os.urandom(5000), "not text"),
        ("bomb.zip", lambda: bomb(201), "unpacks to more than 200 MB"),
        ("bomb.docx", lambda: bomb(201, "word/document.xml"), "not a Word document, or is damaged"),
        ("liar.zip", lambda: lying(bomb(5), 1000), "damaged"),
        ("locked.zip", lambda: locked(archive({"a.md": MARKDOWN})), "protected by a password"),
        ("nested.zip", lambda: archive({"inner.zip": archive({"a.md": MARKDOWN})}), "archive inside an archive"),
        ("slip.zip", lambda: archive({"../../x.md": MARKDOWN}), "leads out of the archive"),
        ("many.zip", lambda: archive({f"{n}.md": b"x" for n in range(1001)}), "at most 1,000"),
        ("..", lambda: MARKDOWN, "has no name"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_and_answers_nothing(
    api: Api, name: str, make: Callable[[], bytes], reason: str
) -> None:
    found, good = upload(api, (name, make()), ("good.md", MARKDOWN))
    assert reason in found["reason"]
    assert found.get("status", "failed") == "failed"
    assert good["status"] == "ready"
    assert [passage.name for passage in api.app.knowledge.search("parcel locker days")] == ["good.md"]


def test_an_office_file_that_unpacks_to_too_much_is_refused(api: Api) -> None:
    parts = {"[Content_Types].xml": b"<x/>", "word/document.xml": b"0" * 201_000_000}
    (found,) = upload(api, ("bomb.docx", archive(parts)))
    assert (found["status"], "unpacks to more than 200 MB" in found["reason"]) == ("failed", True)


def test_60_mb_are_refused_before_they_are_read(api: Api) -> None:
    answered = api.client.post(f"{V1}/documents", files={"files": ("big.txt", b"x" * 60_000_000)}, headers=api.admin)
    assert (answered.status_code, answered.json()["error"]) == (413, "too_large")
    assert "at most 51 MB" in answered.json()["detail"]
    (taken,) = api.app.intake.upload("big.txt", b"x" * 60_000_000)
    assert "60.0 MB; at most 50 MB" in str(taken.error)


def test_each_file_of_an_archive_is_a_document_of_its_own(api: Api) -> None:
    files = {
        "help/parcels.md": MARKDOWN, "help/warranty.docx": warranty_docx(), "logo.png": b"\x89PNG" + bytes(99),
        "__MACOSX/._x.md": b"x", "../evil.md": MARKDOWN + b"evil",
    }  # fmt: skip
    found = {each["name"]: each for each in upload(api, ("articles.zip", archive(files)), audience="internal")}
    assert {name: each["outcome"] for name, each in found.items()} == {
        "help/parcels.md": "created", "help/warranty.docx": "created", "logo.png": "failed", "../evil.md": "failed",
    }  # fmt: skip
    assert {document.name for document in api.app.catalogue.page()} == {"help/parcels.md", "help/warranty.docx"}
    assert api.app.knowledge.search("parcel locker days") == []
    assert api.app.knowledge.search("parcel locker days", audience=None)
    again = upload(api, ("articles.zip", archive(files | {"help/parcels.md": MARKDOWN + b"\nNew."})))
    assert [each["outcome"] for each in again] == ["replaced", "unchanged", "failed", "failed"]


def test_the_same_twice_is_one_document_and_a_near_copy_says_of_which(api: Api) -> None:
    (first,) = upload(api, ("warranty.docx", warranty_docx()))
    data = api.app.knowledge._blobs.get(api.app.catalogue.get(first["id"]).versions[0].sha256)
    same, twin = upload(api, ("warranty.docx", data), ("copy.docx", data))
    assert [same["outcome"], twin["outcome"], twin["id"]] == ["unchanged", "duplicate", first["id"]]
    (near,) = upload(api, ("warranty-2.docx", warranty_docx(years=3)))
    assert (near["outcome"], near["near_copy_of"]) == ("created", first["id"])
    assert api.app.catalogue.get(first["id"]).document.near_copy_of is None
    (other,) = upload(api, ("parcels.md", MARKDOWN))
    assert other["near_copy_of"] is None


def test_a_near_copy_is_one_no_longer_when_either_changes_or_goes(api: Api) -> None:
    text = MARKDOWN.decode() + " ".join(f"Rule {n} stays as it is." for n in range(20))
    first, near = upload(api, ("a.md", text.encode()), ("b.md", text.replace("seven", "nine").encode()))
    assert near["near_copy_of"] == first["id"]
    upload(api, ("a.md", b"# Something else\n\nNothing of the old words is left in here.\n"))
    assert api.app.catalogue.get(near["id"]).document.near_copy_of is None
    upload(api, ("a.md", text.encode()))
    assert api.app.catalogue.get(first["id"]).document.near_copy_of == near["id"]
    api.app.knowledge.delete(near["id"])
    assert api.app.catalogue.get(first["id"]).document.near_copy_of is None


def test_the_language_is_found_unless_the_file_says_it(api: Api) -> None:
    german = "# Pakete\n\nIhr Paket liegt sieben Tage in der Packstation und geht dann zurück.\n"
    told = b"---\nlang: pt-BR\n---\n\n" + MARKDOWN
    page = b'<!doctype html><html lang="fr"><body><h1>Colis</h1><p>Sept jours.</p></body></html>'
    found = upload(
        api, ("a.md", MARKDOWN), ("b.md", german.encode()), ("c.md", told), ("d.html", page), ("e.md", b"Refund.")
    )
    assert [each["language"] for each in found] == ["en", "de", "pt", "fr", ""]


def test_a_long_table_keeps_its_header_in_every_chunk(api: Api) -> None:
    rows = [["Country", "Price of delivery"]] + [[f"Country number {n}", f"{n} dollars"] for n in range(200)]
    (found,) = upload(api, ("fees.xlsx", xlsx({"Fees": rows})))
    assert len(found["chunk_list"]) > 3
    assert all("| Country | Price of delivery |" in chunk["text"] for chunk in found["chunk_list"])


def test_a_bad_new_version_leaves_the_old_one_answering(api: Api) -> None:
    (first,) = upload(api, ("warranty.docx", warranty_docx()))
    (bad,) = upload(api, ("warranty.docx", LOCKED_WORD))
    assert bad["outcome"] == "failed"
    assert api.app.catalogue.get(first["id"]).document.status is DocumentStatus.READY
    assert api.app.knowledge.search("is the bulb covered")


def test_a_request_without_files_and_addresses_says_what_is_missing(api: Api) -> None:
    answered = api.client.post(f"{V1}/documents", data={"audience": "public"}, headers=api.admin)
    assert (answered.status_code, "`files`" in answered.json()["detail"]) == (422, True)
