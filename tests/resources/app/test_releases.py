"""Releases in folders, one of them named by a link."""

from __future__ import annotations

import pytest

from resources.app.app import App
from resources.app.build import build
from resources.app.releases import Releases
from resources.app.source import files_of
from resources.errors import AppBuildError


@pytest.fixture
def app(tmp_path) -> App:
    source = tmp_path / "source"
    (source / "node_modules").mkdir(parents=True)
    (source / "ecosystem.config.js").write_text("module.exports = { apps: [] };\n")
    return App(tmp_path / "srv", source, ("shop",), tmp_path / "pm2", install="", build="echo built >out")


def test_a_release_is_whole_only_after_its_build(app):
    build(app, None, "one", files_of(app.source, None))
    releases = Releases(app)
    assert (releases.path("one") / "out").read_text() == "built\n"
    assert not (releases.path("one") / "node_modules").exists()
    assert releases.whole() == ["one"] and releases.current() is None


def test_a_failing_build_leaves_no_whole_release_and_shows_its_last_lines_without_secrets(app):
    broken = App(
        app.folder, app.source, app.names, app.pm2_home, install="", build="echo mysql://u:sekrit@h/d; exit 3"
    )
    with pytest.raises(AppBuildError) as failed:
        build(broken, None, "one", files_of(broken.source, None))
    assert "ended with 3" in failed.value.what and "mysql://u:" in failed.value.why
    assert "sekrit" not in str(failed.value)
    assert Releases(app).whole() == []
    build(app, None, "one", files_of(app.source, None))
    assert Releases(app).whole() == ["one"], "what was left unfinished is built anew"


def test_a_build_that_hangs_is_ended_with_what_it_started(app):
    hanging = App(
        app.folder,
        app.source,
        app.names,
        app.pm2_home,
        install="",
        build="sleep 60 & sleep 60",
        build_timeout=0.3,
    )
    with pytest.raises(AppBuildError, match="took too long"):
        build(hanging, None, "one", files_of(hanging.source, None))


def test_the_switch_is_one_rename_and_old_releases_go(app):
    releases = Releases(app)
    for number in range(6):
        build(app, None, f"r{number}", files_of(app.source, None))
    for name in ("r0", "r5"):
        releases.switch(name)
        assert releases.current() == name and app.current.resolve() == releases.path(name)
    (releases.folder / "unfinished").mkdir()
    gone = releases.prune({"r0", None})
    assert gone == ["r1", "unfinished"]
    assert releases.current() == "r5"


def test_what_is_shared_appears_in_every_release(app):
    (app.folder / "shared").mkdir(parents=True)
    (app.folder / "shared" / ".env").write_text("PORT=1\n")
    build(app, None, "one", files_of(app.source, None))
    assert (Releases(app).path("one") / ".env").read_text() == "PORT=1\n"


def test_before_the_current_release_are_those_that_were_well_then_and_were_not_left(app):
    releases = Releases(app)
    for name in ("first", "bad", "second", "third"):
        build(app, None, name, files_of(app.source, None))
        if name != "bad":
            releases.set_released(name)
    assert releases.before("third") == ["second", "first"]
    releases.set_left("third")
    assert releases.before("second") == ["first"] and releases.before("first") == []
    assert releases.before(None) == ["second", "first"] == releases.before("bad")
    releases.set_released("first")
    assert releases.whole() == ["first", "second", "third", "bad"], "released once more, it is the newest"
