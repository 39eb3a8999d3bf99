"""What is committed names no package registry and no folder of one machine, and the lock is complete."""

import re
import tomllib

import pytest

from .sources import ROOT, project_files

# Reserved for examples, names without a dot, numbers, and documents that are cited; nothing that sells or gives away.
_KNOWN = r"(?:[\w-]+\.)*example(?:\.(?:com|org|net))?|[\w-]+(?:\.internal)?|[0-9a-fx.]+"
_CITED = r"www\.w3\.org|www\.apache\.org|schemas\.openxmlformats\.org|semver\.org|keepachangelog\.com"
UNKNOWN_HOSTS = re.compile(rf"https?://(?!(?:{_KNOWN}|{_CITED})\.?(?![\w.-]))[\w-]+\.")
CHOICE_OF_AN_INDEX = re.compile(r"-{2}(?:extra-)?index-url|-{2}registry")
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:work|opt|root|home)/")


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in project_files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        if pattern.search(text):
            numbered = enumerate(text.splitlines(), start=1)
            found += [f"{path.relative_to(ROOT)}:{number}" for number, line in numbered if pattern.search(line)]
    return found


@pytest.mark.parametrize(
    "pattern", [UNKNOWN_HOSTS, CHOICE_OF_AN_INDEX, MACHINE_PATHS], ids=["hosts", "choice of an index", "paths"]
)
def test_nothing_committed_is_about_one_machine(pattern: re.Pattern[str]) -> None:
    assert lines_with(pattern) == []


@pytest.mark.parametrize("host", ["files.somewhere.org", "shop.examples.com", "semver.org.evil.com"])
def test_a_host_that_nobody_knows_is_seen(host: str) -> None:
    address = "https" + f"://{host}/simple"
    assert UNKNOWN_HOSTS.search(address)
    assert not UNKNOWN_HOSTS.search("http" + "://127.0.0.1:8080/ or http" + "://bot.example.com/help.")


def test_the_lock_holds_every_dependency_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[<>=!~\[; ]", entry)[0].lower().replace("_", "-") for entry in wanted}
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text())
    locked = {
        block.split("==")[0] for block in blocks if "==" in block.partition("\n")[0] and "--hash=sha256:" in block
    }
    assert names - locked == set()


def test_the_lock_names_no_index() -> None:
    assert not re.search(r"://|^-", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
