"""`python -m dbsync_assets.cli.worker FOLDER`: does a work, whoever follows it, and records its end.

What to do comes on stdin, secrets among it: nothing else reads that, while an environment
can be read in /proc for as long as the process lives.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from pathlib import Path


def work(folder: Path) -> int:
    from dbsync_assets.cli.main import main
    from dbsync_assets.cli.outcome import outcome
    from resources.work import Ended, record_end

    told = sys.stdin.read()
    if not told:
        return 0  # whoever started this was killed before it said what to do
    # It was blocked while this process was started, so that no signal fell between.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    task = json.loads(told)
    os.environ.update(task["environment"])
    code = main(task["arguments"], is_worker=True)
    record_end(folder, Ended(code, outcome.result, outcome.error))
    return code


if __name__ == "__main__":
    gc.set_threshold(100_000, 50, 100)
    ended = work(Path(sys.argv[1]))
    gc.freeze()
    sys.exit(ended)
