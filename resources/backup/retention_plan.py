"""Which backups are kept, which are removed, and why: the rules of retention, touching nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from resources.target import Keep


@dataclass(frozen=True)
class Stored:
    """One stored backup with a sound manifest, as the rules see it."""

    id: str
    type: str
    """full or incremental."""
    parent: str
    made: datetime
    proven: bool
    whole: bool
    """Every file is there in its full length."""
    ours: bool = True
    """Of the server and database that the rules are for."""

    @property
    def fault(self) -> str:
        """What is not good about it as a full backup, or empty."""
        return "" if self.proven and self.whole else "not whole" if not self.whole else "not proven"


@dataclass(frozen=True)
class Verdict:
    id: str
    made: datetime | None
    """None where the manifest is damaged."""
    kept: bool
    why: str


@dataclass(frozen=True)
class Plan:
    """What is to become of every stored backup."""

    verdicts: tuple[Verdict, ...]
    """Oldest first."""
    refusal: str = ""
    """Why nothing at all is removed, as a phrase; or empty."""
    relied_on: tuple[str, ...] = ()
    """The proven full backups that must remain: to be read once more before anything goes."""

    @property
    def removed(self) -> list[str]:
        """Newest first: even when it is interrupted, no increment outlives its full backup."""
        return [verdict.id for verdict in reversed(self.verdicts) if not verdict.kept]

    def refused(self, why: str) -> Plan:
        """The same with nothing removed."""
        kept = (
            one if one.kept else replace(one, kept=True, why=f"nothing is removed: {why}")
            for one in self.verdicts
        )
        return replace(self, verdicts=tuple(kept), refusal=why)


def plan_retention(
    stored: Sequence[Stored],
    damaged: Collection[str],
    keep: Keep,
    *,
    now: datetime,
    owed: Collection[str] = (),
) -> Plan:
    """Apply the rules. `damaged`: ids whose manifest cannot be read; `owed`: ids something unfinished needs.

    Kept are the newest `keep.last` good full backups (proven, whole), and for each of the newest
    `daily` days, `weekly` ISO weeks and `monthly` months (UTC) that have a good one, the newest
    of them. A day without a backup does not count, so that no clock can make anything old. An
    increment stays and goes with its full backup.
    """
    everything = {one.id: one for one in stored}
    ours = sorted((one for one in stored if one.ours), key=lambda one: one.id)
    good = [one for one in ours if one.type == "full" and not one.fault]
    refusal = _refusal(ours, good, damaged, now)
    verdicts = [
        Verdict(name, None, True, "its manifest is damaged: whose it is cannot be told") for name in damaged
    ]
    reasons = _reasons(ours, good, everything, keep, owed)
    for one in stored:
        if not one.ours:
            verdicts.append(Verdict(one.id, one.made, True, "of another server or database"))
        elif refusal:
            verdicts.append(Verdict(one.id, one.made, True, f"nothing is removed: {refusal}"))
        elif one.id in reasons:
            verdicts.append(Verdict(one.id, one.made, True, ", ".join(reasons[one.id])))
        elif one.type == "full":
            fault = f"{one.fault}, and " if one.fault else ""
            newer = "a newer good one is" if keep.last <= 1 else f"{keep.last} newer good ones are"
            verdicts.append(Verdict(one.id, one.made, False, f"{fault}{newer} kept"))
        else:
            verdicts.append(_increment(one, _base(one, everything), everything, damaged, reasons))
    return Plan(
        tuple(sorted(verdicts, key=lambda verdict: verdict.id)),
        refusal,
        tuple(one.id for one in good[-max(1, keep.min_proven) :]),
    )


def _refusal(ours: Sequence[Stored], good: Sequence[Stored], damaged: Collection[str], now: datetime) -> str:
    """Why nothing may be removed now, or empty."""
    if not ours:
        return ""
    fulls = [one for one in ours if one.type == "full"]
    if not good:
        return "no full backup is proven and whole"
    if fulls[-1].fault:
        return f"the newest full backup {fulls[-1].id} is {fulls[-1].fault}"
    if not ours[-1].whole:
        return f"the newest backup {ours[-1].id} is not whole"
    newest_damaged = max(damaged, default="")
    if newest_damaged > good[-1].id:
        return f"the manifest of {newest_damaged}, newer than the last good full backup, is damaged"
    # Further back it is over once the newest are the latest too, or one jump would stop retention for ever.
    for newest in (good[-1], ours[-1]):
        latest = max((one for one in ours if one.id < newest.id), key=lambda one: one.made, default=newest)
        if newest.made < latest.made:
            return f"the clock was set back: {newest.id} claims an earlier time than {latest.id}"
    if ours[-1].made > now:
        return f"the clock says {now.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}, and {ours[-1].id} was made later"
    return ""


def _reasons(
    ours: Sequence[Stored],
    good: Sequence[Stored],
    everything: Mapping[str, Stored],
    keep: Keep,
    owed: Collection[str],
) -> dict[str, list[str]]:
    """Id → why it is kept, of full backups, and of increments that are kept for their own sake."""
    reasons: dict[str, list[str]] = {}
    for one in everything.values():
        if one.id in owed:
            reasons.setdefault(one.id, []).append("an unfinished rollback or restore needs it")
        if one.id in owed or not one.ours:
            for below in _builds_on(one, everything):
                reasons.setdefault(below.id, []).append(f"{one.id}, which stays, builds on it")
    last = max(1, keep.last)
    for one in good[-last:]:
        reasons.setdefault(one.id, []).append(f"newest {last}" if last > 1 else "newest")
    for name, count, pattern in (
        ("day", keep.daily, "%Y-%m-%d"),
        ("week", keep.weekly, "%G-W%V"),
        ("month", keep.monthly, "%Y-%m"),
    ):
        newest = {one.made.astimezone(UTC).strftime(pattern): one.id for one in good}
        for period in sorted(newest)[-count:] if count > 0 else []:
            reasons.setdefault(newest[period], []).append(f"{name} {period}")
    for one in good[-max(1, keep.min_proven) :]:
        if one.id not in reasons:
            reasons[one.id] = [f"one of the {keep.min_proven} proven ones that must stay"]
    for one in ours:
        if one.type == "full" and one.fault and (len(good) < last or one.id > good[-last].id):
            reasons.setdefault(one.id, []).append(f"{one.fault}, but newer than some that count")
    return reasons


def _builds_on(one: Stored, everything: Mapping[str, Stored]) -> Iterator[Stored]:
    """What is there of its chain: its parent, the parent's parent, as far as the full backup."""
    while one.type != "full" and one.parent < one.id and one.parent in everything:
        one = everything[one.parent]
        yield one


def _base(one: Stored, everything: Mapping[str, Stored]) -> str:
    """Id of the full backup that it builds on; else of the first parent that is not there or no parent."""
    end = next(iter(deque(_builds_on(one, everything), maxlen=1)), one)
    return end.id if end.type == "full" else end.parent


def _increment(
    one: Stored,
    base: str,
    everything: Mapping[str, Stored],
    damaged: Collection[str],
    reasons: Mapping[str, object],
) -> Verdict:
    if base in damaged:
        return Verdict(one.id, one.made, True, f"it builds on {base}, whose manifest is damaged")
    if base not in everything:
        return Verdict(one.id, one.made, False, f"{base or 'the backup'}, which it builds on, is gone")
    if everything[base].type != "full" or not everything[base].ours:
        return Verdict(one.id, one.made, True, f"it claims to build on {base}, which cannot be")
    if base in reasons:
        return Verdict(one.id, one.made, True, f"it builds on {base}, which is kept")
    return Verdict(one.id, one.made, False, f"it builds on {base}, which goes")
