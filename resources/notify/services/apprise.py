"""All other services, through the library apprise, with what is dangerous in it switched off.

Apprise says yes or no only, and yes for robots that answer 200 and refuse: those have senders here.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from resources.notify.delivery import Delivery
from resources.notify.message import Message, cut
from resources.notify.plan import Channel

MOST = 1_800
"""Bytes of a message: the smallest of the services that matter takes 2,000 characters."""
OWN = {
    "slack": "NOTIFY_SLACK",
    "dingtalk": "NOTIFY_DINGTALK",
    "feishu": "NOTIFY_FEISHU",
    "lark": "NOTIFY_FEISHU",
    "wecom": "NOTIFY_WECOM",
    "wecombot": "NOTIFY_WECOM",
    "mailto": "NOTIFY_SMTP",
    "mailtos": "NOTIFY_SMTP",
    **dict.fromkeys(("json", "jsons", "form", "forms", "xml", "xmls"), "NOTIFICATION_WEBHOOK"),
}
"""Schemes that are refused because dbsync sends there itself, and reads the answer."""
LOCAL = frozenset(
    {"blink1", "dbus", "deltachat", "deltachats", "file", "gio", "glib", "gnome", "growl", "kde", "macosx"}
    | {"apprise", "apprises", "qt", "rsyslog", "syslog", "windows"}
)
"""Schemes that act on this machine, or hand the message on to who knows where."""


def refusal(url: str) -> str:
    """Why this apprise URL may not be used; "" where it may. Needs no apprise."""
    scheme = url.partition("://")[0].lower()
    if "://" not in url or not scheme:
        return "not an apprise address; write one such as tgram://TOKEN/CHAT"
    if scheme in OWN:
        return f"{scheme}:// is sent by dbsync itself: set {OWN[scheme]}"
    if scheme in LOCAL:
        return f"{scheme}:// acts on this machine, or is a relay of unknown ends, and is not used"
    return ""


def send(channel: Channel, message: Message, seconds: float) -> Delivery:
    if why := refusal(channel.address):
        return Delivery(False, None, why)
    attempt = _Attempt(channel.address, message)
    attempt.start()
    attempt.join(seconds)
    if attempt.is_alive():
        return Delivery(False, None, f"no complete answer within {seconds:.1f} s", slow=True)
    if attempt.error:
        return Delivery(False, None, attempt.error)
    return Delivery(True, None, "taken, as apprise says")


class _Attempt(threading.Thread):
    """A thread, because apprise bounds each wait and not the whole."""

    def __init__(self, url: str, message: Message) -> None:
        super().__init__(name="apprise", daemon=True)
        self._url, self._message = url, message
        self.error = ""

    def run(self) -> None:
        try:
            self.error = self._notify()
        except Exception as error:  # noqa: BLE001 - 200 plugins, each with errors of its own
            # Its text may hold the URL with its token.
            self.error = f"apprise failed: {type(error).__name__}"

    def _notify(self) -> str:
        try:
            import apprise
        except ImportError:
            return "the package apprise is not installed; type: make setup"
        _silence()
        asset = apprise.AppriseAsset(secure_logging=True, async_mode=False, plugin_paths=[])
        plugin: Any = apprise.Apprise.instantiate(self._url, asset=asset, suppress_exceptions=True)
        if plugin is None:
            return "apprise does not know this address; its form is at https://appriseit.com/services/"
        plugin.redirects = False  # whatever the address asks for
        plugin.socket_connect_timeout = plugin.socket_read_timeout = 4.0
        taken = plugin.notify(
            body=cut(self._message, MOST).partition("\n")[2],
            title=self._message.title,
            body_format=apprise.NotifyFormat.TEXT,
        )
        return "" if taken else "it was not taken; apprise does not say why"


def _silence() -> None:
    """Apprise writes addresses with their tokens into its log (measured with 2.2.0)."""
    for name in ("apprise", "requests", "urllib3", "requests_oauthlib", "oauthlib"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
