"""Settings of the e-mail channel and of what is told by e-mail and webhook. Holds secrets, and shows none."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

MailTls = Literal["tls", "starttls", "off"]


class MailSettings(BaseModel):
    """One mailbox: mails to it become tickets, and answers go out from its address."""

    address: str = Field("", description="Address of the mailbox; answers come from it. Empty: no e-mail channel.")
    user: str = Field("", description="Name to sign in with at both servers; empty takes the address.")
    password: SecretStr | None = Field(None, description="Password of the mailbox; empty signs in nowhere by SMTP.")
    password_file: Path | None = Field(None, description="File that holds the password instead, read at each use.")
    imap_host: str = Field("", description="IMAP server that is asked each minute; empty: no mail comes in.")
    imap_port: int = Field(993, gt=0, lt=65536, description="Port of the IMAP server.")
    imap_tls: MailTls = Field("tls", description="`tls`, `starttls`, or `off` for a server on this machine.")
    imap_folder: str = Field("INBOX", description="Folder that is read; what was read there is marked as seen.")
    smtp_host: str = Field("", description="SMTP server that takes answers; empty: nothing goes out by mail.")
    smtp_port: int = Field(587, gt=0, lt=65536, description="Port of the SMTP server.")
    smtp_tls: MailTls = Field("starttls", description="`starttls`, `tls` (often port 465), or `off`.")
    ca_file: Path | None = Field(None, description="Certificates (PEM) that are trusted beside those of the system.")
    channel: str = Field("mail", description="Short name of the channel that mails come in on.")
    max_mb: int = Field(25, gt=0, description="Largest mail taken, in megabytes; a larger one is not fetched.")
    per_sender_per_hour: int = Field(20, gt=0, description="Mails taken from one address in an hour.")
    timeout_s: float = Field(20.0, gt=0, description="Longest silence of a mail server, in seconds.")
    attempts: int = Field(8, ge=1, le=20, description="Times an answer is sent before it is given up.")

    @property
    def receives(self) -> bool:
        return bool(self.address and self.imap_host)

    @property
    def sends(self) -> bool:
        return bool(self.address and self.smtp_host)

    @property
    def login(self) -> str:
        return self.user or self.address

    def secret(self) -> str:
        """The password; empty for none. Raises OSError where the file of it cannot be read."""
        if self.password_file is not None:
            return self.password_file.read_text(encoding="utf-8").strip()
        return self.password.get_secret_value() if self.password is not None else ""


class NoticeSettings(BaseModel):
    """Where the whole team is told of escalations and assignments."""

    webhook_url: SecretStr | None = Field(
        None, description="Incoming webhook of Slack, Teams or the like, told of escalations; empty: none."
    )
