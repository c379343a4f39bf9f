"""`dbsync daemon` as a real process, its runs and ticks read from the instance it writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
from dagster._core.scheduler.instigation import TickStatus

from resources.settings import CHECKOUT
from tests.support.project import Project


class Daemon:
    def __init__(self, project: Project, **environment: str) -> None:
        self.project = project
        self.home = project.folder / ".dbsync" / "dagster"
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None
        self.log = project.folder / "daemon.log"

    def start(self) -> None:
        outside = {key: os.environ[key] for key in ("PATH", "MYSQLD") if key in os.environ}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dbsync_assets.cli", "daemon"],
                cwd=self.project.folder,
                env={
                    **outside,
                    "PYTHONPATH": str(CHECKOUT),
                    "HOME": str(self.project.folder),
                    "DATABASE_URL": self.project.url,
                    "DBSYNC_TOOLS": str(self.project.tools),
                    **self.environment,
                },
                stdout=log,
                stderr=log,
            )

    def stop(self) -> int:
        """SIGTERM; returns the exit code once it and its code server are gone."""
        assert self.process
        family = self.family()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        psutil.wait_procs(family, timeout=30)
        return code

    def family(self) -> list[psutil.Process]:
        """The daemon's code server and run workers."""
        assert self.process
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """kill -9 of the daemon and all below it."""
        if self.process is None:
            return
        for one in [*self.family(), psutil.Process(self.process.pid)] if self.process.poll() is None else []:
            one.kill()
        self.process.wait(10)

    def runs(self, job: str = "deploy") -> list[dg.DagsterRun]:
        """Oldest first."""
        with self._instance() as instance:
            return list(reversed(list(instance.get_runs(dg.RunsFilter(job_name=job)))))

    def skip_reasons(self, sensor: str = "git_migrations") -> list[str]:
        """Newest first."""
        with self._instance() as instance:
            states = [one for one in instance.all_instigator_state() if one.origin.instigator_name == sensor]
            if not states:
                return []
            ticks = instance.get_ticks(states[0].instigator_origin_id, states[0].selector_id)
            return [tick.tick_data.skip_reason or "" for tick in ticks]

    def failed_ticks(self) -> list[str]:
        """What went wrong in any of them; [] where all did their work."""
        with self._instance() as instance:
            return [
                str(tick.error)
                for state in instance.all_instigator_state()
                for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)
                if tick.status is TickStatus.FAILURE
            ]

    def until(self, holds: Callable[[], Any], what: str, seconds: float = 60) -> float:
        """How long it took."""
        begun = time.monotonic()
        while not holds():
            if time.monotonic() - begun > seconds:
                raise AssertionError(
                    f"not within {seconds} s: {what}\n{self.deployments()}\n{self.skip_reasons()[:5]}\n"
                    f"{self.skip_reasons('reconcile')[:5]}\n"
                    f"{[(run.job_name, run.status) for run in self.runs()]}\n{self.log.read_text()[-5000:]}"
                )
            time.sleep(0.2)
        return time.monotonic() - begun

    def deployments(self) -> list[tuple[str, str]]:
        """Commit and last phase of each deployment in the journal, oldest first."""
        found = []
        for path in sorted((self.project.storage / "journal").glob("*.jsonl")):
            events = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
            found.append((str(events[0].get("commit")), str(events[-1]["phase"])))
        return found

    def _instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.home))


def worker_of(project: Project) -> psutil.Process:
    """The process that wrote the last event of the newest deployment."""
    files: list[Path] = sorted((project.storage / "journal").glob("*.jsonl"))
    last = [line for line in files[-1].read_text().splitlines() if line.strip()][-1]
    return psutil.Process(json.loads(last)["pid"])
