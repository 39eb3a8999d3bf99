"""What can be set, called, read or plugged in is written down, and nothing else is."""

import tomllib
from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel

from support_bot import plugins
from support_bot.settings import Settings
from support_bot.values import AnswerEvent

from .sources import ROOT, documented


def setting_names(model: type[BaseModel], prefix: str = "SUPPORT_BOT_") -> Iterator[str]:
    """The environment variable of each setting, nested ones joined with `__`."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_names(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield prefix + name.upper()


def test_every_setting_has_a_row() -> None:
    assert documented("settings.md", "Every setting") == set(setting_names(Settings))


def test_every_setting_says_what_it_is_for() -> None:
    fields = [*Settings.model_fields.items()]
    nested = [field.annotation for _, field in fields if isinstance(field.annotation, type)]
    fields += [entry for model in nested if issubclass(model, BaseModel) for entry in model.model_fields.items()]
    plain = [(name, field) for name, field in fields if not isinstance(field.default, BaseModel)]
    assert [name for name, field in plain if not field.description] == []


def test_every_event_has_a_row() -> None:
    assert documented("api.md", "Events") == {event.kind for event in get_args(AnswerEvent)}


def test_every_plug_in_group_has_a_row_and_an_entry_point() -> None:
    groups = set(plugins.GROUPS)
    assert documented("operations.md", "Plug-ins") == groups
    assert set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]) == groups
