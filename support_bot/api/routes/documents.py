"""Documents: upload, look at, replace, delete. Reading is for agents, changing for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, UploadFile
from starlette.status import HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from support_bot.api.auth import Admin, Agent
from support_bot.api.deps import Bot
from support_bot.api.errors import error_body, error_responses
from support_bot.api.fields import Before, Limit, PathId, WebAddress
from support_bot.api.knowledge_schemas import (
    CitedAnswersOut,
    DocumentPatch,
    DocumentQuery,
    DocumentsOut,
    Reindexed,
    RollBackIn,
    Uploaded,
    UploadsOut,
)
from support_bot.errors import Invalid, SupportBotError
from support_bot.services.intake import Taken
from support_bot.services.views import DocumentDetail, DocumentView
from support_bot.values import Audience, DocumentFilter

router = APIRouter(prefix="/api/v1/documents", tags=["documents"])

_NO_FILES: list[UploadFile] = []
_NO_URLS: list[str] = []
_CHANGE_ERRORS = error_responses(400, 401, 403, 404, 409, 413, 422, 429)


@router.post("", status_code=HTTP_202_ACCEPTED, responses=error_responses(400, 401, 403, 413, 422, 429))
def upload_documents(
    app: Bot,
    admin: Admin,
    files: Annotated[list[UploadFile], File(description="One part `files` for each file.")] = _NO_FILES,
    urls: Annotated[list[WebAddress], Form(description="One part `urls` for each page to fetch.")] = _NO_URLS,
    audience: Annotated[Audience, Form(description="`internal` documents answer staff only.")] = Audience.PUBLIC,
) -> UploadsOut:
    """Take files and web pages in; each file of a ZIP is a document of its own.

    Each is read later; what became of it stands in its document's `status` and `reason`."""
    if not files and not urls:
        raise Invalid("There is neither a part `files` nor a part `urls`.")
    taken = [
        each for file in files for each in app.intake.upload(_file_name(file), file.file.read(), audience=audience)
    ]
    taken += [each for url in urls for each in app.intake.fetch(url, audience=audience)]
    return UploadsOut(files=[_outcome(each) for each in taken])


@router.get("", responses=error_responses(401, 403, 422, 429))
def list_documents(
    app: Bot,
    agent: Agent,
    wanted: Annotated[DocumentQuery, Query()],
) -> DocumentsOut:
    """Documents, with the number in each state, and of all that match."""
    found = DocumentFilter(wanted.search, wanted.status, wanted.audience)
    documents = app.catalogue.page(
        found, sort=wanted.sort, descending=wanted.descending, limit=wanted.limit, offset=wanted.offset
    )
    return DocumentsOut(documents=documents, counts=app.catalogue.counts(), total=app.catalogue.count(found))


@router.post("/reindex", responses=error_responses(401, 403, 429))
def reindex_documents(app: Bot, admin: Admin) -> Reindexed:
    """Throw both search indexes away and build them again from the database; answers when that is done."""
    return Reindexed(chunks=app.knowledge.reindex(), conversations=app.tickets.reindex())


@router.get("/{document_id}", responses=error_responses(401, 403, 404, 422, 429))
def read_document(document_id: PathId, app: Bot, agent: Agent) -> DocumentDetail:
    """One document with its versions, its text and the chunks it was cut into."""
    return app.catalogue.get(document_id)


@router.get("/{document_id}/answers", responses=error_responses(401, 403, 404, 422, 429))
def list_answers_of_document(
    document_id: PathId, app: Bot, agent: Agent, before: Before = None, limit: Limit = 50
) -> CitedAnswersOut:
    """Who was answered from a document, newest first."""
    answers = app.catalogue.answers(document_id, before=before, limit=limit)
    return CitedAnswersOut(answers=answers, next=answers[-1].message_id if len(answers) == limit else None)


@router.post("/{document_id}/roll-back", status_code=HTTP_202_ACCEPTED, responses=_CHANGE_ERRORS)
def roll_back_document(document_id: PathId, body: RollBackIn, app: Bot, admin: Admin) -> DocumentView:
    """Bring an earlier version back as the newest; the text before answers until it is read."""
    return app.knowledge.roll_back(document_id, body.version)


@router.put("/{document_id}", status_code=HTTP_202_ACCEPTED, responses=_CHANGE_ERRORS)
def replace_document(document_id: PathId, file: Annotated[UploadFile, File()], app: Bot, admin: Admin) -> DocumentView:
    """Replace a document's content; the old text answers until the new one is read."""
    return app.knowledge.replace(document_id, file.file.read(), name=_file_name(file))


@router.patch("/{document_id}", responses=_CHANGE_ERRORS)
def change_document(document_id: PathId, body: DocumentPatch, app: Bot, admin: Admin) -> DocumentView:
    """Change who may read a document."""
    return app.knowledge.set_audience(document_id, body.audience)


@router.delete("/{document_id}", status_code=HTTP_204_NO_CONTENT, responses=error_responses(401, 403, 404, 422, 429))
def delete_document(document_id: PathId, app: Bot, admin: Admin) -> None:
    """Delete a document with all its versions; nothing is answered from it any more."""
    app.knowledge.delete(document_id)


def _outcome(taken: Taken) -> Uploaded:
    """One file that cannot be used stops no other: its error is told beside the others' outcomes."""
    if taken.error is not None or taken.added is None:
        error = taken.error or SupportBotError("The file was not taken.")
        return Uploaded(name=taken.name, outcome="failed", error=error_body(error.code, error.detail))
    added = taken.added
    return Uploaded.model_validate({"name": taken.name, "outcome": added.outcome, "document": added.document})


def _file_name(file: UploadFile) -> str:
    """The name as sent, folders included; the service takes the tricks out of it."""
    return (file.filename or "").replace("\0", "")
