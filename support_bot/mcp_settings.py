"""Settings of the MCP server, by which assistants of others use the bot as tools."""

from __future__ import annotations

from pydantic import BaseModel, Field


class McpSettings(BaseModel):
    """What MCP clients may do beyond reading."""

    write: bool = Field(False, description="Offer MCP clients the tools that store something: `say` and `add_note`.")
