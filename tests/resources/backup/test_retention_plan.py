"""What no catalog, no clock and no setting can make retention do: thousands of random ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from resources.backup.ids import next_id
from resources.backup.retention_plan import Plan, Stored, plan_retention
from resources.target import Keep

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
many = settings(max_examples=100, deadline=None, derandomize=True, database=None)


@st.composite
def catalogs(draw: st.DrawFn, *, jumps: bool = True) -> tuple[list[Stored], set[str], datetime, set[str]]:
    """(backups, ids with damaged manifests, now, ids that are owed), as a life with a bad clock leaves it."""
    now = NOON
    ids: list[str] = []
    backups: list[Stored] = []
    damaged: set[str] = set()
    for _ in range(draw(st.integers(0, 9))):
        step = st.integers(0, 40 * 24) if not jumps else st.integers(-24, 40 * 24)
        now += timedelta(hours=draw(step), seconds=draw(st.integers(0, 59)))
        full = draw(st.booleans()) or not backups
        backup_id = next_id(ids, now, "full" if full else "incr")
        ids.append(backup_id)
        gone = "20200101T000000Z-0001-full"
        parent = "" if full else draw(st.sampled_from([*ids[:-1], ids[-2], ids[-2], gone]))
        if draw(st.integers(0, 9)) == 0:
            damaged.add(backup_id)
            continue
        backups.append(
            Stored(
                backup_id,
                "full" if full else "incremental",
                parent,
                now.astimezone(timezone(timedelta(hours=draw(st.integers(-12, 12))))),
                proven=draw(st.integers(0, 4)) > 0,
                whole=draw(st.integers(0, 6)) > 0,
                ours=draw(st.integers(0, 9)) > 0,
            )
        )
    owed = set(draw(st.lists(st.sampled_from(ids), max_size=2))) if ids else set()
    if draw(st.booleans()):  # somebody tidied up by hand
        backups = [one for one in backups if draw(st.integers(0, 9)) > 0]
    later = now + timedelta(hours=draw(st.integers(-30 if jumps else 0, 24 * 90)))
    return backups, damaged, later, owed


keeps = st.builds(
    Keep,
    last=st.integers(0, 5),
    daily=st.integers(0, 4),
    weekly=st.integers(0, 3),
    monthly=st.integers(0, 3),
    min_proven=st.integers(0, 4),
)


def good_fulls(backups: list[Stored]) -> list[str]:
    return sorted(one.id for one in backups if one.ours and one.type == "full" and one.proven and one.whole)


def after(backups: list[Stored], plan: Plan) -> list[Stored]:
    return [one for one in backups if one.id not in plan.removed]


@many
@given(catalogs(), keeps)
def test_every_backup_has_one_verdict_with_a_reason(catalog, keep):
    backups, damaged, now, owed = catalog
    plan = plan_retention(backups, damaged, keep, now=now, owed=owed)
    assert [one.id for one in plan.verdicts] == sorted({one.id for one in backups} | damaged)
    assert all(one.why for one in plan.verdicts)


@many
@given(catalogs(), keeps)
def test_never_below_the_minimum_of_proven_ones_and_never_the_newest(catalog, keep):
    backups, damaged, now, owed = catalog
    plan = plan_retention(backups, damaged, keep, now=now, owed=owed)
    before, left = good_fulls(backups), good_fulls(after(backups, plan))
    assert len(left) >= min(len(before), max(1, keep.min_proven, keep.last))
    assert left[-1:] == before[-1:]
    assert set(plan.relied_on) <= set(left)
    assert list(plan.relied_on) == before[-max(1, keep.min_proven) :]


@many
@given(catalogs(), keeps)
def test_nothing_goes_while_the_newest_is_not_good_or_the_clock_jumped(catalog, keep):
    backups, damaged, now, owed = catalog
    plan = plan_retention(backups, damaged, keep, now=now, owed=owed)
    ours = sorted((one for one in backups if one.ours), key=lambda one: one.id)
    fulls = [one for one in ours if one.type == "full"]
    jumped = ours and ours[-1].made > now
    for newest in (*fulls[-1:], *ours[-1:]):
        jumped = jumped or any(one.made > newest.made for one in ours if one.id < newest.id)
    bad = not fulls or not (fulls[-1].proven and fulls[-1].whole) or not ours[-1].whole
    if not bad:
        bad = any(name > good_fulls(backups)[-1] for name in damaged)
    if jumped or bad:
        assert plan.removed == []
        assert bool(plan.refusal) == bool(ours)


@many
@given(catalogs(), keeps)
def test_no_clock_stops_it_once_a_good_full_backup_is_the_newest_by_every_account(catalog, keep):
    backups, damaged, _, owed = catalog
    latest = max([NOON, *(one.made for one in backups)]) + timedelta(hours=1)
    ids = [*(one.id for one in backups), *damaged]
    backups.append(Stored(next_id(ids, latest), "full", "", latest, True, True))
    plan = plan_retention(backups, damaged, keep, now=latest, owed=owed)
    assert plan.refusal == ""
    assert backups[-1].id not in plan.removed


@many
@given(catalogs(), keeps)
def test_what_is_owed_damaged_or_not_ours_stays(catalog, keep):
    backups, damaged, now, owed = catalog
    gone = set(plan_retention(backups, damaged, keep, now=now, owed=owed).removed)
    assert not gone & owed
    assert not gone & damaged
    assert not gone & {one.id for one in backups if not one.ours}


@many
@given(catalogs(), keeps)
def test_what_a_kept_increment_builds_on_is_kept(catalog, keep):
    backups, damaged, now, owed = catalog
    plan = plan_retention(backups, damaged, keep, now=now, owed=owed)
    left = {one.id for one in after(backups, plan)} | damaged
    present = {one.id for one in backups}
    for one in after(backups, plan):
        if one.type == "incremental" and one.parent in present:
            assert one.parent in left, plan


@many
@given(catalogs(), keeps)
def test_a_chain_leaves_together_and_no_moment_of_it_leaves_an_increment_behind(catalog, keep):
    backups, damaged, now, owed = catalog
    plan = plan_retention(backups, damaged, keep, now=now, owed=owed)
    by_id = {one.id: one for one in backups}
    gone: set[str] = set()
    for name in plan.removed:  # interrupted after any of them
        gone.add(name)
        if by_id[name].type == "full":
            building_on = {one.id for one in backups if one.parent == name and one.ours}
            assert building_on <= gone


@many
@given(catalogs(jumps=False), keeps)
def test_pruning_twice_removes_nothing_more(catalog, keep):
    backups, damaged, now, owed = catalog
    first = plan_retention(backups, damaged, keep, now=now, owed=owed)
    left = after(backups, first)
    second = plan_retention(left, damaged, keep, now=now + timedelta(days=400), owed=owed)
    assert second.removed == []


@many
@given(catalogs(), keeps, st.integers(-12, 14))
def test_the_time_zone_changes_nothing(catalog, keep, hours):
    backups, damaged, now, owed = catalog
    zone = timezone(timedelta(hours=hours))
    elsewhere = [replace(one, made=one.made.astimezone(zone)) for one in backups]
    here = plan_retention(backups, damaged, keep, now=now, owed=owed)
    there = plan_retention(elsewhere, damaged, keep, now=now.astimezone(zone), owed=owed)
    assert there.removed == here.removed
    assert [one.why for one in there.verdicts] == [one.why for one in here.verdicts]


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.lists(st.integers(1, 100), min_size=5, max_size=60), keeps)
def test_pruning_after_each_backup_keeps_what_the_calendar_promises(hours, keep):
    """A year of backups at odd times: what pruning once at the end would keep is never gone before."""
    now, ids = NOON, []
    everything: list[Stored] = []
    living: list[Stored] = []
    for step in hours:
        now += timedelta(hours=step)
        one = Stored(next_id(ids, now), "full", "", now, True, True)
        ids.append(one.id)
        everything.append(one)
        living.append(one)
        living = after(living, plan_retention(living, (), keep, now=now))
        at_once = after(everything, plan_retention(everything, (), keep, now=now))
        assert [one.id for one in living] == [one.id for one in at_once]
        days = {one.made.date() for one in everything}
        covered = {one.made.date() for one in living}
        assert set(sorted(days)[-keep.daily :] if keep.daily else []) <= covered
