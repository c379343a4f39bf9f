"""What PM2 says of the application, in numbers."""

from __future__ import annotations

from resources.target import Target


def pm2_figures(target: Target) -> tuple[dict[str, float] | None, str]:
    """pm2_processes, pm2_down, pm2_restarts (all there were), pm2_cpu_percent, pm2_memory_bytes.

    None, with the reason, where no application is set or PM2 does not answer: "unknown", never "0 down".
    """
    del target
    return None, "no application is set"
