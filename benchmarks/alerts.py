"""`make bench ARGS=alerts`: what a release takes longer while nobody answers on any channel."""

from __future__ import annotations

import shutil
import socket

from benchmarks.measure import Measured, medians
from benchmarks.stage import Bench
from resources.notify.outbox import Outbox

_NONE, _DEAD = "no channel set", "every channel dead"


def alerts(bench: Bench) -> None:
    """Whole runs of `dbsync deploy` with nothing pending; prints both and the difference."""
    outbox = Outbox(bench.shop.target.storage)
    bench.verb("deploy")
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as nobody:  # the kernel accepts, nobody answers
        dead = _channels(nobody.getsockname()[1])

        def release() -> Measured:
            # Anew: a channel that was silent within the last minute is not waited for a second time.
            shutil.rmtree(outbox.folder, ignore_errors=True)
            found = bench.verb("deploy", project=None, NOTIFY_ALLOW_PRIVATE="127.0.0.1", **dead)
            waiting = len(outbox.waiting())
            if waiting != len(dead):
                raise AssertionError(f"{waiting} alerts wait, of {len(dead)} channels: this measured nothing")
            return found

        print(f"alerts\n  $ dbsync deploy      (nothing pending; {', '.join(sorted(dead))})", flush=True)
        found = medians({_NONE: lambda: bench.verb("deploy"), _DEAD: release}, bench.rounds, print)
    shutil.rmtree(outbox.folder)
    more = found[_DEAD].seconds - found[_NONE].seconds
    print(f"  {_DEAD} - {_NONE} = {more:.2f} s   (bar: at most 5 s)", flush=True)


def _channels(port: int) -> dict[str, str]:
    """Every kind of channel, one each."""
    http, mail = f"http://127.0.0.1:{port}/hook", f"smtp+starttls://a:b@127.0.0.1:{port}"
    return {
        "NOTIFICATION_WEBHOOK": http,
        "NOTIFY_SLACK": http,
        "NOTIFY_DINGTALK": http,
        "NOTIFY_FEISHU": http,
        "NOTIFY_WECOM": http,
        "NOTIFY_SMTP": f"{mail}?from=dbsync@example.com&to=ops@example.com",
    }
