"""Every setting and its default, read from the environment (`SUPPORT_BOT_…`), then from `support-bot.toml`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from support_bot.mail_settings import MailSettings, NoticeSettings
from support_bot.mcp_settings import McpSettings


def _words(value: object) -> object:
    """A list written as one text, as in the environment: `a, b`, or as JSON."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.lstrip().startswith("[") else value.replace(",", " ").split()


Words = Annotated[list[str], NoDecode, BeforeValidator(_words)]


class ServerSettings(BaseModel):
    """Where the product listens and how much it takes on at once."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(7860, description="Port to listen on.")
    public_url: str = Field("", description="Address customers see, when a proxy stands in front (scheme and path).")
    threads: int = Field(64, description="Worker threads for requests; each blocking request holds one.")
    secure_cookies: bool = Field(False, description="Send cookies over HTTPS only; set it when behind TLS.")
    trusted_proxies: Words = Field(
        default_factory=list, description="Proxy addresses whose X-Forwarded-For is believed, separated by commas."
    )


class RemoteSettings(BaseModel):
    """A model on another machine, for the kinds `openai` and `langchain`."""

    url: str = Field("", description="OpenAI-compatible server, with its path: `http://gpu.internal:8000/v1`.")
    model: str = Field("", description="Name of the model there.")
    api_key: SecretStr | None = Field(None, description="Key of that server; empty where it asks for none.")
    chat_model: str = Field("", description="LangChain chat model for `langchain`: `package.module:ClassOrFunction`.")
    options: dict[str, Any] = Field(  # may hold a key, so it is never written down
        default_factory=dict,
        description="What that class or function is called with, as a JSON object.",
        repr=False,
        exclude=True,
    )
    context_tokens: int = Field(8192, gt=0, description="Context window of the model there, in tokens.")
    slots: int = Field(8, ge=1, le=256, description="Requests sent to that server at the same time.")
    timeout_s: float = Field(10.0, gt=0, description="Longest silence before and between pieces of text, in seconds.")
    pause_s: float = Field(
        30.0, ge=0, description="After a failure the server is left alone for so long, in seconds; 0: it never is."
    )
    retries: int = Field(2, ge=0, description="Times a request is sent again before its first text has come.")


class EngineSettings(BaseModel):
    """Which model writes, and the room it gets."""

    model: str = Field("", description="Catalogue name of the writing model; empty takes the one in use.")
    adapter: str = Field("", description="LoRA file laid over the model; empty: ours where it fits; `none`: none.")
    adapters: Words = Field(
        default_factory=list, description="More LoRA files that requests may name: `name=path` or `name=path@sha256`."
    )
    kind: str = Field(
        "llama",
        description="`llama` runs weights here, `openai` asks a server, `langchain` any LangChain chat model, `fake` "
        "answers from a script (tests); or the name of a plug-in.",
    )
    fallback: str = Field("", description="Kind that writes while the first one cannot: `llama`; empty: none.")
    context_tokens: int = Field(2048, description="Context window given to the model, in tokens.")
    threads: int = Field(0, description="Threads for the model; 0 takes the number of physical cores.")
    tune: Literal["auto", "off"] = Field(
        "auto", description="`auto` runs the model as it was tuned here, and tunes it once; `off`: as shipped."
    )
    slots: int = Field(4, ge=1, le=64, description="Answers written at the same time.")
    memory_tokens: int = Field(
        0, ge=0, description="Tokens the model remembers in all, shared ones once; 0 takes two context windows."
    )
    shared_memory: bool = Field(
        True, description="On: all answers share one memory of `memory_tokens`. Off: each has a context window of its "
        "own, which takes more memory and is faster with many slots and long prompts."
    )  # fmt: skip
    prefix_memory_mb: int = Field(
        256, ge=0, description="Beginnings of prompts that nobody needs at the moment, kept in so much memory beside "
        "the model's; 0: in the model's, where they slow it down."
    )  # fmt: skip
    max_answer_tokens: int = Field(160, description="Longest answer the model may write, in tokens.")
    queue_limit: int = Field(32, description="Turns that may wait for the engine before callers get 503.")
    deadline_s: float = Field(60.0, description="A generation that takes longer is ended, in seconds.")
    step_timeout_s: float = Field(
        30.0, gt=0, description="A step of the model that takes longer has hung: it is loaded again, in seconds."
    )
    remote: RemoteSettings = RemoteSettings()


class RetrievalSettings(BaseModel):
    """How passages are found."""

    embedder: str = Field(
        "auto", description="Catalogue name of the embedding model; `auto` chooses by the languages of the articles."
    )
    passages: int = Field(10, description="Passages kept after fusion.")
    candidates: int = Field(40, description="Candidates taken from each search before fusion.")
    keyword_weight: float = Field(0.1, ge=0, le=1, description="Share of the keyword search in the fused score.")
    reread: int = Field(20, ge=0, description="Best candidates that are ordered anew by their closest sentence.")
    piece_weight: float = Field(0.5, ge=0, le=1, description="Share of that sentence in the likeness of a passage.")


class AnsweringSettings(BaseModel):
    """When the bot answers, and how much it says."""

    answer_threshold: float = Field(0.45, description="Least confidence (0..1) at which the bot answers at all.")
    evidence_words: int = Field(54, description="Most words of evidence chosen for one answer.")
    write: bool = Field(True, description="Let the model say the evidence; off quotes it only.")
    deadline_s: float = Field(15.0, description="Seconds the model may write; then the article is quoted.")
    silence_s: float = Field(
        60.0, description="A running answer that says nothing for so many seconds goes to a person."
    )
    reader_timeout_s: float = Field(30.0, description="A turn that nobody reads for this long is ended, in seconds.")


class CopilotSettings(BaseModel):
    """What helps agents on the desk."""

    learn: bool = Field(False, description="Keep each draft that an agent was offered, and what was sent instead.")


class IngestionSettings(BaseModel):
    """What may be uploaded and how it is cut."""

    max_file_mb: int = Field(50, description="Largest file taken, in megabytes.")
    max_unpacked_mb: int = Field(200, description="Most that a ZIP or an office file may unpack to, in megabytes.")
    max_archive_files: int = Field(1000, description="Most files taken out of one ZIP.")
    fetch_timeout_s: float = Field(30.0, description="Longest time a page may take to be fetched, in seconds.")
    fetch_private: bool = Field(False, description="Let pages be fetched from private networks (an intranet) too.")
    chunk_words: int = Field(200, description="Words a chunk aims at.")
    workers: int = Field(
        1, ge=0, description="Threads of the server that read articles; 0 leaves them to `support-bot worker`."
    )


class SecuritySettings(BaseModel):
    """Sign-in, tokens and limits."""

    session_hours: float = Field(12.0, description="Hours until a staff session ends.")
    conversation_token_days: float = Field(30.0, description="Days until a visitor's conversation token ends.")
    lockout_failures: int = Field(5, description="Failed sign-ins before an account pauses.")
    lockout_minutes: float = Field(15.0, description="Minutes that pause lasts.")
    link_hours: float = Field(
        48.0, gt=0, le=24 * 365, description="Hours until a link ends by which somebody joins or sets a new password."
    )
    message_chars: int = Field(4000, description="Longest customer message, in characters.")
    conversations_per_minute: int = Field(30, description="New conversations per address and minute.")
    messages_per_minute: int = Field(30, description="Messages per conversation and minute.")
    sign_ins_per_minute: int = Field(10, description="Sign-in attempts per address and minute.")
    requests_per_minute: int = Field(1200, description="Requests per API key or staff session and minute.")


class TicketSettings(BaseModel):
    """What happens to tickets by the clock."""

    pending_days: int = Field(
        7,
        ge=0,
        le=3650,
        description="Days of silence after which a ticket that waits for its customer closes; 0: never.",
    )


class Settings(BaseSettings):
    """All settings; nested names join with `__` (`SUPPORT_BOT_SERVER__PORT=8000`)."""

    model_config = SettingsConfigDict(
        env_prefix="SUPPORT_BOT_", env_nested_delimiter="__", toml_file="support-bot.toml", extra="forbid"
    )

    data_dir: Path = Field(Path("data"), description="Folder of the database, the index and uploaded files.")
    cache_dir: Path = Field(
        Path("~/.cache/support-bot"), description="Folder of downloaded weights, shared between data folders."
    )
    database_url: str = Field(
        "", description="`postgresql://user:password@host/name`; empty is SQLite in the data folder.", repr=False
    )
    database_connections: int = Field(30, gt=0, description="Most connections to PostgreSQL that a process holds.")
    chroma_url: str = Field(
        "", description="`http://host:port` of a Chroma server; empty is a folder in the data folder.", repr=False
    )
    conversation_days: int = Field(
        0, ge=0, le=36500, description="Days after which a conversation in which nothing happened is erased; 0: never."
    )
    company: str = Field("Tindlewort", description="Company name shown to customers on a fresh install.")
    sample_data: bool = Field(True, description="Load the sample company into an empty database.")
    offline: bool = Field(False, description="Never try to fetch anything.")
    log_level: str = Field("INFO", description="Least severe level that is logged.")
    log_json: bool = Field(False, description="Write logs as JSON lines.")
    admin_email: str = Field("admin@example.com", description="Sign-in name of the first admin.")
    admin_password: SecretStr | None = Field(None, description="Password of the first admin; empty makes one up.")
    server: ServerSettings = ServerSettings()
    engine: EngineSettings = EngineSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answering: AnsweringSettings = AnsweringSettings()
    copilot: CopilotSettings = CopilotSettings()
    ingestion: IngestionSettings = IngestionSettings()
    security: SecuritySettings = SecuritySettings()
    tickets: TicketSettings = TicketSettings()
    mail: MailSettings = MailSettings()
    notices: NoticeSettings = NoticeSettings()
    mcp: McpSettings = McpSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the file in the working directory."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @field_validator("database_url")
    @classmethod
    def _with_driver(cls, url: str) -> str:
        """`postgres://` and `postgresql://` mean the one driver there is."""
        scheme, separator, rest = url.strip().partition("://")
        if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
            return f"postgresql+psycopg{separator}{rest}"
        if url.strip() and scheme not in ("sqlite", "sqlite+pysqlite"):
            raise ValueError("begins with sqlite:// or postgresql://")
        return url.strip()

    @field_validator("chroma_url")
    @classmethod
    def _with_host(cls, url: str) -> str:
        url = url.strip().rstrip("/")
        if url and not (url.startswith(("http://", "https://")) and urlsplit(url).hostname):
            raise ValueError("is written like http://chroma.internal:8000")
        return url

    @property
    def uses_postgresql(self) -> bool:
        return self.database_url.startswith("postgresql")

    @property
    def effective_database_url(self) -> str:
        """The database URL in use: the given one, or SQLite in the data folder."""
        return self.database_url or f"sqlite:///{quote(str((self.data_dir / 'support-bot.db').absolute()))}"

    @property
    def vector_place(self) -> Path | str:
        """Where the vectors are: a folder of this process's own, or the URL of a Chroma server."""
        return self.chroma_url or self.data_dir / "chroma"

    @property
    def weights_dir(self) -> Path:
        """Where verified weights lie, by SHA-256."""
        return self.cache_dir.expanduser() / "weights"

    @property
    def tuning_dir(self) -> Path:
        """What tuning chose, for each file and processor."""
        return self.cache_dir.expanduser() / "tuning"
