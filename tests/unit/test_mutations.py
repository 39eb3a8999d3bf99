"""Every seeded fault can still be seeded; whether it is noticed takes minutes and is `make mutations`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutations.faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_the_fault_finds_its_place(fault: Fault) -> None:
    assert (ROOT / fault.file).read_text(encoding="utf-8").count(fault.old) == 1
    assert all((ROOT / test).is_file() for test in fault.tests)


def test_there_are_at_least_twenty_different_faults() -> None:
    assert len({(fault.file, fault.old, fault.new) for fault in FAULTS}) >= 20
