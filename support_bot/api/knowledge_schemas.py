"""What is sent and received about articles: documents, search, pinned answers, a tested question."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from support_bot.api.fields import LARGEST_ID, Words
from support_bot.api.schemas import Answered, ErrorOut
from support_bot.services.risk import CurvePoint, RiskDial
from support_bot.services.views import CitedAnswer, DocumentView, PinnedView
from support_bot.values import Audience, DocumentSort, DocumentStatus, Passage


class Reindexed(Answered):
    chunks: int
    conversations: int


class DocumentQuery(BaseModel):
    """Which documents, in which order."""

    search: Annotated[Words, Field(max_length=500)] = ""
    status: DocumentStatus | None = None
    audience: Audience | None = None
    sort: DocumentSort = DocumentSort.NAME
    descending: bool = False
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    offset: Annotated[int, Field(ge=0, le=LARGEST_ID)] = 0


class DocumentsOut(Answered):
    documents: list[DocumentView]
    counts: dict[str, int] = Field(description="Documents by status, whatever the filter.")
    total: int = Field(description="Documents that match, on all pages together.")


class Uploaded(Answered):
    """What became of one file; `document` or `error` is there."""

    name: str
    outcome: Literal["created", "replaced", "unchanged", "duplicate", "failed"]
    document: DocumentView | None = None
    error: ErrorOut | None = None


class UploadsOut(Answered):
    files: list[Uploaded]


class DocumentPatch(BaseModel):
    audience: Audience


class RollBackIn(BaseModel):
    version: Annotated[int, Field(ge=1, le=LARGEST_ID, description="The number of the version to bring back.")]


class CitedAnswersOut(Answered):
    answers: list[CitedAnswer]
    next: int | None = Field(description="Give it as `before` for the next page; null at the end.")


class SearchOut(Answered):
    passages: list[Passage]


class TrialIn(BaseModel):
    question: Words
    audience: Audience = Field(Audience.PUBLIC, description="`internal` also answers from what only staff may read.")


class PinnedIn(BaseModel):
    """A pinned answer as a whole; how long each text may be is said by the error."""

    question: Words
    answer: Words
    others: Annotated[list[Words], Field(max_length=100, description="More ways to ask it.")] = []
    url: Words | None = Field(None, description="A link that is cited with the answer.")
    document_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = Field(
        None, description="The article it rests on; when that changes, the pinned answer lapses."
    )
    enabled: bool = True


class PinnedPatch(BaseModel):
    enabled: bool


class PinnedAnswersOut(Answered):
    pinned: list[PinnedView]


Share = Annotated[float, Field(ge=0, le=1)]


class CurvePointIn(BaseModel):
    """With this threshold `answered` of `n` questions of an exam are answered, `wrong` of those wrongly."""

    threshold: Share
    n: Annotated[int, Field(ge=1, le=LARGEST_ID)]
    answered: Annotated[int, Field(ge=1, le=LARGEST_ID)]
    wrong: Annotated[int, Field(ge=0, le=LARGEST_ID)]

    def point(self) -> CurvePoint:
        return CurvePoint(self.threshold, self.n, self.answered, self.wrong)


class RiskIn(BaseModel):
    threshold: Share
    wrong_at_most: Share = Field(description="The rate of wrong answers it was chosen for.")
    points: Annotated[list[CurvePointIn], Field(max_length=1000, description="The curve it was chosen from.")] = []


class RiskOut(Answered):
    threshold: float = Field(description="The one in force.")
    chosen: RiskDial | None = Field(description="The newest choice; it counts from the next start on.")
