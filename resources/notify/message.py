"""An event as the text that people read: a title, the facts, and the next command as its last line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from resources.notify.event import URGENT, Event
from resources.notify.facts import told_facts
from resources.notify.texts import Language, texts

_MENTION = re.compile(r"@(?=all\b|channel\b|here\b|everyone\b|所有人)|<(?=[!@#/]|at\b)", re.IGNORECASE)
_LONGEST_VALUE = 600


@dataclass(frozen=True)
class Message:
    id: str
    """The event's: a receiver that gets the same id twice has got one message twice."""
    at: str
    """When it happened, UTC."""
    event: Event
    title: str
    """One line."""
    lines: tuple[str, ...]
    next: str
    """The last line."""

    @property
    def text(self) -> str:
        return "\n".join((self.title, *self.lines, self.next))


def message_of(identity: str, at: str, event: Event, language: Language) -> Message:
    """`event` as it lies in the outbox: redacted, bounded and without control characters."""
    words = texts(language)
    about = str(event.facts.get("target") or event.about)
    urgent = f"{words.urgent} " if event.kind in URGENT else ""
    title = no_mentions(_line(f"{urgent}dbsync: {words.titles[event.kind]} · {about}"))
    lines = [words.meanings[event.kind]]
    if event.about != about:
        lines.append(_fact(words.labels.get("about", "about"), event.about))
    lines.append(_fact(words.labels["state"], event.state))
    for name, value in told_facts(event.facts, event.about, event.state):
        lines.append(_fact(words.labels.get(name, name.replace("_", " ")), value))
    lines.append(_fact(words.labels["id"], f"{identity} ({at})"))
    return Message(identity, at, event, title, tuple(lines), _fact(words.labels["next"], event.next_command))


def cut(message: Message, most: int) -> str:
    """The text in at most `most` bytes of UTF-8. Facts go, the last first; the next command never does."""
    lines = list(message.lines)
    while len(lines) > 1 and _size([message.title, *lines, message.next]) > most:
        # The id, which is last, stays as long as there is another one.
        del lines[-2 if len(lines) > 2 else -1]
    text = "\n".join((message.title, *lines, message.next))
    if len(text.encode()) <= most:
        return text
    ending = f"\n{message.next}"
    room = most - len(ending.encode())
    return message.title.encode()[: max(0, room)].decode("utf-8", "ignore") + ending


def no_mentions(text: str) -> str:
    """`text` in which nobody is called: `@all`, `<!channel>`, `<at …>` have a gap behind the first sign."""
    return _MENTION.sub(lambda found: found.group() + "\u200b", text)


def _size(lines: list[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _fact(label: str, value: str) -> str:
    return f"{label}: {no_mentions(_line(value))}"


def _line(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= _LONGEST_VALUE else one[:_LONGEST_VALUE] + " …"
