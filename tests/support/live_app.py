"""The application of `tests/support/app`, committed, released and served by a real PM2."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

from resources.app.app import App
from resources.child_environment import child_environment
from resources.mysql.connection import execute, quoted, rows
from resources.mysql.leftovers import stop_leftovers
from resources.mysql.server import PrivateServer
from resources.pm2 import Listing, Pm2
from resources.settings import CHECKOUT
from tests.support.project import Project, World

SOURCE = Path(__file__).parent / "app"
INIT = (
    "20260101000000_init",
    "CREATE TABLE `User` (`id` INTEGER NOT NULL AUTO_INCREMENT, `email` VARCHAR(191) NOT NULL,"
    " PRIMARY KEY (`id`)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n",
)


@dataclass(frozen=True)
class State:
    """What a bad release must leave as it was."""

    world: World
    release: str
    answer: dict[str, Any]
    processes: list[tuple[str, str, str]]


@dataclass
class LiveApp:
    """`project` released to `root`; `alerts` are the notices that were told."""

    project: Project
    root: Path
    pm2: Path
    pm2_home: Path
    port: int
    alerts: list[dict[str, Any]] = field(default_factory=list)

    def lay_out(self, modules: Path, exec_mode: str) -> None:
        """The sources, the settings, and the environment of the application in `shared/`."""
        for path in SOURCE.iterdir():
            if path.is_dir():
                shutil.copytree(path, self.project.folder / path.name, dirs_exist_ok=True)
            else:
                shutil.copy(path, self.project.folder)
        ecosystem = self.project.folder / "ecosystem.config.cjs"
        ecosystem.write_text(ecosystem.read_text().replace("cluster", exec_mode))
        (self.root / "shared").mkdir(parents=True)
        (self.root / "shared" / ".env").write_text(f'DATABASE_URL="{self.project.url}"\nPORT={self.port}\n')
        (self.project.folder / ".gitignore").write_text(".dbsync\n*.log\n")
        self.project.environment |= {
            "APP_FOLDER": str(self.root),
            "APP_PM2_NAME": "shop",
            "APP_ECOSYSTEM": "ecosystem.config.cjs",
            "APP_INSTALL": f"ln -s {modules} node_modules",
            "APP_BUILD": "sh build.sh",
            "APP_RESTART_WINDOW": "1s",
            "APP_READY_TIMEOUT": "20s",
            "PM2": str(self.pm2),
            "PM2_HOME": str(self.pm2_home),
            "HEALTH_URL": f"http://127.0.0.1:{self.port}/api/health",
            "HEALTH_EXPECT": "$.commit={commit}",
        }
        self._git("init", "--quiet")
        self.commit("first")

    def commit(self, subject: str, **behaviour: Any) -> str:
        (self.project.folder / "behaviour.json").write_text(json.dumps(behaviour))
        self._git("add", "-A")
        self._git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self._git("rev-parse", "HEAD")

    def forget_commit(self) -> None:
        self._git("reset", "--quiet", "--hard", "HEAD~1")

    def state(self) -> State:
        processes = [(one.name, one.status, str(one.running_in)) for one in self.listing().processes]
        return State(self.project.world(), (self.root / "current").readlink().name, self.ask(), processes)

    def listing(self) -> Listing:
        return Pm2(App(self.root, self.root, ("shop",), self.pm2_home, pm2=self.pm2)).listing()

    def ask(self) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/api/health")
            answer = connection.getresponse()
            return dict(json.loads(answer.read())) | {"http": answer.status}
        except (OSError, ValueError, http.client.HTTPException) as error:
            return {"error": type(error).__name__}
        finally:
            connection.close()

    def wait_for_answer(self, seconds: float = 30) -> None:
        """Return as soon as it answers well."""
        deadline = time.monotonic() + seconds
        while self.ask().get("status") != "ok":
            assert time.monotonic() < deadline, self.ask()
            time.sleep(0.05)

    def kill_pm2(self) -> None:
        """kill -9 of PM2's daemon; what runs in cluster mode ends with it."""
        os.kill(int((self.pm2_home / "pm2.pid").read_text()), signal.SIGKILL)

    def resurrect(self) -> None:
        """What a host's start-up script of PM2 does: `pm2 save` remembered what runs."""
        self._pm2("resurrect")

    def stop(self) -> None:
        """PM2's own word for its daemon of this folder, and what that serves."""
        self._pm2("kill")

    def _pm2(self, verb: str) -> None:
        environment = child_environment(PM2_HOME=str(self.pm2_home))
        subprocess.run([str(self.pm2), verb], env=environment, capture_output=True, timeout=60, check=False)

    def _git(self, *arguments: str) -> str:
        login = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        done = subprocess.run(
            ["git", *login, *arguments],
            cwd=self.project.folder,
            env=child_environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


@contextmanager
def live_app(project: Project, root: Path, exec_mode: str = "cluster") -> Iterator[LiveApp]:
    """Laid out and committed, not released yet; PM2 has a folder of its own."""
    subprocess.run(["sh", str(CHECKOUT / "setup" / "app.sh")], check=True, timeout=300)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    pm2_home = Path(tempfile.mkdtemp(prefix="pm2-"))  # short: PM2 has sockets in it
    modules = CHECKOUT / ".tools" / "app" / "node_modules"
    made = LiveApp(project, root, modules / ".bin" / "pm2", pm2_home, port)
    made.lay_out(modules, exec_mode)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(pm2_home, ignore_errors=True)


class Probe:
    """A client that asks all the time: how long was anything but a right answer served?"""

    def __init__(self, live: LiveApp) -> None:
        self._live = live
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.wrong_seconds = 0.0
        self.asked = 0

    def __enter__(self) -> Probe:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._over.is_set():
            begun = time.monotonic()
            right = self._live.ask().get("status") == "ok"
            self.asked += 1
            self._over.wait(0.05)
            if not right:
                self.wrong_seconds += time.monotonic() - begun


class Receiver(ThreadingHTTPServer):
    """Takes notices on loopback into `alerts`."""

    daemon_threads = True

    def __init__(self, alerts: list[dict[str, Any]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                alerts.append(json.loads(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/notice"


@contextmanager
def unreleased(server: PrivateServer, tools: Path, folder: Path, exec_mode: str) -> Iterator[LiveApp]:
    """`live_app` with one migration, on an empty database of its own; alerts arrive in `alerts`."""
    name = f"t_{uuid4().hex[:12]}"
    project = Project(folder / "app", server.tcp_endpoint, name, tools)
    with server.connect() as admin:
        execute(admin, f"CREATE DATABASE {quoted(name)}")
    project.add_migration(*INIT)
    try:
        with live_app(project, folder / "srv", exec_mode) as made:
            receiver = Receiver(made.alerts)
            project.environment["NOTIFICATION_WEBHOOK"] = receiver.url
            try:
                yield made
            finally:
                receiver.shutdown()
    finally:
        for inside in ("servers", "replay"):
            stop_leftovers(project.folder / ".dbsync" / inside)
        with server.connect() as admin:
            for (found,) in rows(admin, "SHOW DATABASES"):
                if found == name or found.startswith(f"{name}__"):
                    execute(admin, f"DROP DATABASE {quoted(found)}")
