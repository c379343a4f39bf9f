"""Whether a commit is deployed now: each order of events ends in the right single deploy or a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.release_source.attempts import Attempt, State, with_runs
from resources.release_source.decide import TRIES, Candidate, Launch, Seen, Skip, decide, run_key

A, B, C = "a" * 40, "b" * 40, "c" * 40
ONE, TWO = "1" * 64, "2" * 64
NEW = Candidate(A, ONE, ("20260101_x",))
NOW = 1_000_000.0
NOTHING_SEEN = Seen()


def _attempt(
    commit=A, migrations=ONE, number=1, state: State = "ended", outcome="rolled_back", at=0.0, **more
):
    return Attempt(commit, migrations, number, state, outcome, at, **more)


def _decide(candidate, attempts=(), seen=NOTHING_SEEN) -> Launch | Skip:
    return decide(candidate, seen, attempts, NOW)


def test_a_commit_with_new_migrations_is_launched_and_one_without_is_not():
    assert _decide(NEW) == Launch(NEW, 1)
    without = replace(NEW, pending=())
    skip = _decide(without)
    assert isinstance(skip, Skip) and "no new migrations" in skip.reason


def test_an_edited_applied_migration_is_launched_so_that_its_refusal_is_told():
    edited = replace(NEW, pending=(), findings=("20260101_x was edited",))
    assert isinstance(_decide(edited), Launch)


@pytest.mark.parametrize("seen", [Seen(), Seen(A, ONE)], ids=["cursor lost", "cursor there"])
@pytest.mark.parametrize("outcome", ["released", "rolled_back", "refused: its author", "rollback_refused"])
def test_what_was_tried_is_not_tried_again_by_itself_with_or_without_a_cursor(seen, outcome):
    skip = _decide(NEW, [_attempt(outcome=outcome)], seen)
    assert isinstance(skip, Skip) and outcome in skip.reason and "dbsync retry" in skip.reason


def test_a_later_commit_with_the_same_migrations_brings_nothing_new():
    later = replace(NEW, commit=B)
    assert isinstance(_decide(later, [_attempt()]), Skip)


def test_migrations_that_went_away_and_came_back_with_a_new_commit_are_new():
    assert _decide(replace(NEW, commit=C), [_attempt()], Seen(B, TWO)) == Launch(replace(NEW, commit=C), 1)
    assert isinstance(_decide(NEW, [_attempt()], Seen(B, TWO)), Skip), "the same commit pushed again is not"


def test_a_person_gets_one_attempt_more_with_a_number_of_its_own():
    assert _decide(NEW, [_attempt(asked_again=True)]) == Launch(NEW, 2)
    twice = [_attempt(asked_again=True), _attempt(number=2)]
    assert isinstance(_decide(NEW, twice), Skip), "and not more than one"
    newest = replace(NEW, commit=B)
    assert _decide(newest, [_attempt(asked_again=True)]) == Launch(newest, 1)


def test_while_one_commit_is_deployed_none_is_launched():
    skip = _decide(replace(NEW, commit=B, migrations=TWO), [_attempt(state="going", outcome="backed_up")])
    assert isinstance(skip, Skip) and A[:12] in skip.reason


def test_what_never_began_follows_by_itself_with_growing_waits_and_not_for_ever():
    attempts = [_attempt(state="not_begun", at=NOW - 29)]
    assert isinstance(_decide(NEW, attempts), Skip)
    attempts = [_attempt(state="not_begun", at=NOW - 31)]
    assert _decide(NEW, attempts) == Launch(NEW, 2)
    attempts = [_attempt(state="not_begun", number=n, at=NOW - 31) for n in (1, 2)]
    assert isinstance(_decide(NEW, attempts), Skip), "twice as long after the second"
    attempts = [_attempt(state="not_begun", number=n + 1) for n in range(TRIES)]
    skip = _decide(NEW, attempts)
    assert isinstance(skip, Skip) and "dbsync retry" in skip.reason
    attempts[-1] = replace(attempts[-1], asked_again=True)
    assert _decide(NEW, attempts) == Launch(NEW, TRIES + 1)


def test_a_run_that_was_started_and_recorded_nothing_counts_and_one_that_recorded_is_judged_by_the_journal():
    run = _attempt(state="not_begun", outcome="run 1 is failure", run="1")
    assert _decide(NEW, with_runs([], [run])) == Launch(NEW, 2), "never the same key: it would start nothing"
    going = replace(run, state="going")
    assert isinstance(_decide(NEW, with_runs([], [going])), Skip), "it waits in the queue"
    assert with_runs([_attempt()], [going]) == [_attempt()]


@pytest.mark.parametrize("cursor", [None, "", "{", "[]", '"x"', "{}"])
def test_a_cursor_that_cannot_be_read_counts_as_lost(cursor):
    assert Seen.parse(cursor) == Seen()
    assert Seen.parse(Seen(A, ONE).text()) == Seen(A, ONE)


def test_the_key_names_target_migrations_commit_and_attempt():
    assert run_key("shop@h:3306", Launch(NEW, 2)) == f"release:shop@h:3306:{ONE}:{A}:2"
