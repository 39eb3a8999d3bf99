"""Real mail servers on this machine: Dovecot for what comes in, aiosmtpd for what goes out. Nothing survives a test."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

PASSWORD = "a-mailbox-secret"
DOVECOT = Path("/usr/sbin/dovecot")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@dataclass(frozen=True)
class Dovecot:
    """A running IMAP server with TLS; anybody signs in with the one password."""

    port: int
    certificate: Path

    @contextmanager
    def session(self, user: str) -> Iterator[imaplib.IMAP4_SSL]:
        context = ssl.create_default_context(cafile=str(self.certificate))
        with imaplib.IMAP4_SSL("127.0.0.1", self.port, ssl_context=context) as session:
            session.login(user, PASSWORD)
            session.select("INBOX")
            yield session

    def put(self, user: str, raw: bytes) -> None:
        """A mail arrives."""
        with self.session(user) as session:
            state, answer = session.append("INBOX", "", "", raw)
            assert state == "OK", answer

    def unseen(self, user: str) -> int:
        with self.session(user) as session:
            return len(session.search(None, "UNSEEN")[1][0].split())

    def forget_what_was_seen(self, user: str) -> None:
        with self.session(user) as session:
            session.store("1:*", "-FLAGS", r"(\Seen)")


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """The server, for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    owner = pwd.getpwnam("mail") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    (folder / "mail").mkdir()
    if os.getuid() == 0:  # Dovecot lets nobody read mail as root
        os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
        folder.chmod(0o755)
    certificate, key = make_certificate(folder)
    port = free_port()
    (folder / "conf").write_text(_configuration(folder, port, owner, certificate, key))
    log = (folder / "log").open("wb")
    server = subprocess.Popen([str(DOVECOT), "-F", "-c", str(folder / "conf")], stdout=log, stderr=log)
    try:
        _wait(port, folder)
        yield Dovecot(port, certificate)
    finally:
        server.terminate()
        server.wait(20)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _configuration(folder: Path, port: int, owner: pwd.struct_passwd, certificate: Path, key: Path) -> str:
    rootless = ""
    if os.getuid() != 0:
        name = owner.pw_name
        rootless = f"default_internal_user = {name}\ndefault_login_user = {name}\ndefault_internal_group = {name}\n"
    return f"""{rootless}
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={folder}/mail/%u
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
"""


def _wait(port: int, folder: Path) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError((folder / "dovecot.log").read_text() if (folder / "dovecot.log").exists() else "no log")


@dataclass
class Sent:
    """An SMTP server's memory; `answers` are given to recipients one after the other, then everything is taken."""

    mails: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.answers and not (answer := self.answers.pop(0)).startswith("250"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.senders.append(envelope.mail_from)
        return "250 taken"


@dataclass(frozen=True)
class Smtp:
    port: int
    sent: Sent


@contextmanager
def smtp(certificate: Path, key: Path) -> Iterator[Smtp]:
    """An SMTP server that wants STARTTLS and the password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password.decode() == PASSWORD
        return AuthResult(success=right)

    sent = Sent()
    controller = Controller(
        sent, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True, authenticator=check,
        auth_required=True,
    )  # fmt: skip
    controller.start()
    try:
        yield Smtp(controller.port, sent)
    finally:
        controller.stop()
