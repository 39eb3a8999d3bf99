"""Search: what the bot would find for a question, with every score."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from support_bot.api.auth import Agent
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import storable
from support_bot.api.knowledge_schemas import SearchOut
from support_bot.values import Audience

router = APIRouter(prefix="/api/v1/search", tags=["search"])


@router.get("", responses=error_responses(401, 403, 422, 429, 503))
def search(
    q: Annotated[str, Query(min_length=1, max_length=1000, description="The question."), AfterValidator(storable)],
    app: Bot,
    agent: Agent,
    audience: Annotated[
        Audience, Query(description="`internal` also searches what only staff may read.")
    ] = Audience.PUBLIC,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> SearchOut:
    """The passages found for a question, best first, with their vector, keyword, fused and rerank scores."""
    searched = Audience.PUBLIC if audience is Audience.PUBLIC else None
    return SearchOut(passages=app.knowledge.search(q, audience=searched, limit=limit))
