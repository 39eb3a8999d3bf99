"""Plug-ins come in by entry point, and a broken one is named."""

import logging
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from support_bot import plugins
from support_bot.plugins import LOADERS, PluginError, load, load_named, load_one


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch):
    """Pretend that these `name = module:attribute` rows are installed in the group of loaders."""

    def install(**rows: str) -> None:
        points = EntryPoints(EntryPoint(name, value, LOADERS) for name, value in rows.items())
        monkeypatch.setattr(plugins, "entry_points", lambda group: points.select(group=group))

    return install


def test_classes_are_found_by_name(install) -> None:
    install(path="pathlib:Path")
    assert load(LOADERS) == {"path": Path}


def test_a_group_without_plug_ins_is_empty(install) -> None:
    install()
    assert load(LOADERS) == {}


def test_a_plug_in_that_does_not_import_is_named_and_its_traceback_logged(install, caplog) -> None:
    install(broken="no_such_package.loader:Loader")
    with caplog.at_level(logging.ERROR), pytest.raises(PluginError, match=r"'broken'.*no_such_package"):
        load(LOADERS)
    assert caplog.records[0].exc_info


def test_a_plug_in_must_be_a_class(install) -> None:
    install(function="os.path:join")
    with pytest.raises(PluginError, match="not a class"):
        load(LOADERS)


def test_two_plug_ins_may_not_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = EntryPoints([EntryPoint("path", "pathlib:Path", LOADERS), EntryPoint("path", "io:StringIO", LOADERS)])
    monkeypatch.setattr(plugins, "entry_points", lambda group: twice)
    with pytest.raises(PluginError, match="Two plug-ins are called 'path'"):
        load(LOADERS)


class TestOne:
    def test_is_found_and_the_others_are_not_imported(self, install) -> None:
        install(path="pathlib:Path", broken="no_such_package:Loader")
        assert load_one(LOADERS, "path") is Path

    def test_that_nobody_has_is_told_with_those_there_are(self, install) -> None:
        install(path="pathlib:Path", text="io:StringIO")
        with pytest.raises(PluginError, match=r"'pth'.*path, text"):
            load_one(LOADERS, "pth")

    def test_may_not_be_there_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        twice = EntryPoints([EntryPoint("path", "pathlib:Path", LOADERS), EntryPoint("path", "io:StringIO", LOADERS)])
        monkeypatch.setattr(plugins, "entry_points", lambda group: twice)
        with pytest.raises(PluginError, match="Two plug-ins are called 'path'"):
            load_one(LOADERS, "path")

    def test_whose_packages_are_missing_names_the_extra_that_has_them(self, install) -> None:
        install(far="no_such_package.far:Engine [remote]")
        with pytest.raises(PluginError, match=r"'far'.*pip install '.*\[remote\]'"):
            load_one(LOADERS, "far")


@pytest.mark.parametrize("path", ["no_such_package:Model", "json:nothing", "", "a b", "json:"])
def test_what_a_setting_names_and_nobody_has(path: str) -> None:
    with pytest.raises(PluginError):
        load_named(path)


def test_what_a_setting_names_is_found() -> None:
    assert load_named("pathlib:Path") is Path
