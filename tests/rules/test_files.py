"""What is committed names no package registry and no folder of one machine, and the lock is complete."""

import re
import tomllib

import pytest

from .sources import ROOT, project_files

_OWNERS = ("pypi", "pythonhosted", "npmjs", r"[a-z]+\.debian")
REGISTRIES = re.compile(rf"\b(?:{'|'.join(_OWNERS)})\.(?:org|com)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:work|opt|root|home)/")


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in project_files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        if pattern.search(text):
            numbered = enumerate(text.splitlines(), start=1)
            found += [f"{path.relative_to(ROOT)}:{number}" for number, line in numbered if pattern.search(line)]
    return found


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS], ids=["registries", "paths"])
def test_nothing_committed_is_about_one_machine(pattern: re.Pattern[str]) -> None:
    assert lines_with(pattern) == []


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
