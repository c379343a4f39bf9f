"""Whether database, application and machine are well enough to call a release good."""

from __future__ import annotations

import time

from resources import progress
from resources.app.start import expected
from resources.health.application import check_application
from resources.health.database import check_database
from resources.health.status import HealthStatus, Problem
from resources.health.system import check_system
from resources.metrics.during_release import check_monitoring
from resources.target import Target


def check_health(target: Target, since: float | None = None) -> HealthStatus:
    """Read everything once; never raises for what is unhealthy, however it is.

    The application is asked only where `target.health_url` is set. `since`: Unix time at which a
    release began; what has been critical since then for too long is a problem, where a monitor runs.
    """
    begun = time.monotonic()
    database, problems = check_database(target)
    system, found = check_system(target.storage, target.limits)
    problems += found
    application: dict[str, object] = {"checked": False}
    if target.health_url:
        application, found = check_application(
            target.health_url,
            seconds=target.health_timeout,
            expect=expected(target.app, target),
            good_answers=target.health_good_answers,
        )
        application["checked"] = True
        problems += found
    monitoring, found = check_monitoring(target, since)
    problems += found
    failing = [problem for problem in problems if problem.severity == "fail"]
    for problem in problems:
        progress.say(f"{problem.severity}: {problem}")
    return HealthStatus(
        healthy=not failing,
        database=database,
        application=application,
        system=system,
        problems=failing,
        warnings=[problem for problem in problems if problem.severity == "warn"],
        seconds=time.monotonic() - begun,
        monitoring=monitoring,
    )


__all__ = ["HealthStatus", "Problem", "check_health"]
