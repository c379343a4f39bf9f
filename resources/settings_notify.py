"""Settings of alerts: the channels, who is told of what, and how often."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import get_args

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from resources.comma_separated import listed
from resources.notify.event import KINDS, Kind
from resources.notify.plan import Channel, Notify, Service
from resources.notify.texts import Language
from resources.redact import remember
from resources.setting_types import Duration, Secret

_RATE = re.compile(r"(\d+)\s*/\s*(\d*)\s*(s|m|h|d)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NAMES = re.compile(r"webhook|slack|dingtalk|feishu|wecom|email|apprise(-[2-9])?")
_HOST = re.compile(r"[A-Za-z0-9_.-]+")
_LONG_PART = 12
"""Characters from which a part of an address is taken for a token."""
_EVERY = "*"
_CHANNELS = ", ".join((*get_args(Service), "apprise-2"))
_FIELDS = {
    **{name: f"notify_{name}" for name in ("slack", "dingtalk", "feishu", "wecom", "apprise")},
    "email": "notify_smtp",
}
"""Channel → the field that sets it; `webhook` is Settings'."""


class NotifySettings(BaseSettings):
    """Mixed into Settings."""

    notify_slack: SecretStr | None = Field(
        None, alias="NOTIFY_SLACK", description="incoming-webhook address of Slack (or Mattermost)"
    )
    notify_dingtalk: SecretStr | None = Field(
        None, alias="NOTIFY_DINGTALK", description="address of a DingTalk robot"
    )
    notify_dingtalk_secret: Secret | None = Field(
        None, alias="NOTIFY_DINGTALK_SECRET", description="its signing secret (SEC…)"
    )
    notify_feishu: SecretStr | None = Field(
        None, alias="NOTIFY_FEISHU", description="address of a Feishu (Lark) custom bot"
    )
    notify_feishu_secret: Secret | None = Field(
        None, alias="NOTIFY_FEISHU_SECRET", description="its signing secret"
    )
    notify_wecom: SecretStr | None = Field(
        None, alias="NOTIFY_WECOM", description="address of a WeCom group robot"
    )
    notify_smtp: SecretStr | None = Field(
        None,
        alias="NOTIFY_SMTP",
        description="mail, as the channel email: smtp+starttls://USER:PASSWORD@HOST:587?from=A@B&to=C@D,E@F; "
        "or smtps:// or smtp://",
    )
    notify_apprise: SecretStr | None = Field(
        None,
        alias="NOTIFY_APPRISE",
        description="any other service: addresses of apprise (appriseit.com), separated by spaces; "
        "channels apprise, apprise-2, …",
    )
    notify_events: str = Field(
        "",
        alias="NOTIFY_EVENTS",
        description="who is told of what: `slack: failure, rollback; email: *; *: decision`; "
        f"kinds: {', '.join(KINDS)}; `none`; default: every channel, everything",
    )
    notify_language: str = Field("en", alias="NOTIFY_LANGUAGE", description="of the messages: en or zh")
    notify_repeat: Duration = Field(
        4 * 3600.0,
        alias="NOTIFY_REPEAT",
        description="the same state of the same thing is not told again so soon; 4 h by default",
        ge=0,
    )
    notify_rate: str = Field(
        "20/h",
        alias="NOTIFY_RATE",
        description="most messages of one channel, e.g. 5/m, 20/h; what is beyond comes summed up",
    )
    notify_give_up: Duration = Field(
        86400.0,
        alias="NOTIFY_GIVE_UP",
        description="a message that could not be delivered for so long is given up; 1 d by default",
        gt=0,
    )
    notify_allow_private: str = Field(
        "",
        alias="NOTIFY_ALLOW_PRIVATE",
        description="hosts, addresses or networks, comma-separated, that may be private: chat.lan, "
        "10.0.0.0/8. NOTIFICATION_WEBHOOK and NOTIFY_SMTP may be private anyway; link-local addresses never "
        "without it",
    )
    notify_heartbeat: Duration = Field(
        0.0,
        alias="NOTIFY_HEARTBEAT",
        description="a message that all is well, so often (1d); 0: none",
        ge=0,
    )
    notify_heartbeat_url: SecretStr | None = Field(
        None,
        alias="NOTIFY_HEARTBEAT_URL",
        description="address of a dead man's switch, asked (GET) every minute while alerts can be delivered",
    )
    notify_watchdog: str = Field(
        "",
        alias="NOTIFY_WATCHDOG",
        description="channel that is told when the other channels, or the heartbeat, fail; "
        "default: all others",
    )

    @field_validator(
        "notify_slack",
        "notify_dingtalk",
        "notify_feishu",
        "notify_wecom",
        "notify_heartbeat_url",
        mode="after",
    )
    @classmethod
    def _web(cls, given: SecretStr | None) -> SecretStr | None:
        from resources.http.address import web_address

        if given is None:
            return given
        url = given.get_secret_value().strip()
        _remember_address(url)
        address = web_address(url)
        if address is None or any(sign.isspace() for sign in url):
            raise ValueError("not an http or https address")
        return SecretStr(url)

    @field_validator("notify_smtp", mode="after")
    @classmethod
    def _mail(cls, given: SecretStr | None) -> SecretStr | None:
        from resources.notify.services.email import parse_relay

        if given is not None:
            remember(given.get_secret_value())
            remember(parse_relay(given.get_secret_value()).password)
        return given

    @field_validator("notify_apprise", mode="after")
    @classmethod
    def _other(cls, given: SecretStr | None) -> SecretStr | None:
        from resources.notify.services.apprise import refusal

        for url in given.get_secret_value().split() if given else ():
            _remember_address(url)
            if why := refusal(url):
                raise ValueError(why)
        return given

    @field_validator("notify_events", mode="after")
    @classmethod
    def _routes(cls, given: str, info: ValidationInfo) -> str:
        for name in parse_events(given):
            _require_set(name, info)
        return given

    @field_validator("notify_watchdog", mode="after")
    @classmethod
    def _channel(cls, given: str, info: ValidationInfo) -> str:
        if given and not _NAMES.fullmatch(given):
            raise ValueError(f"no channel; channels are {_CHANNELS}")
        _require_set(given, info)
        return given

    @field_validator("notify_language", mode="after")
    @classmethod
    def _known_language(cls, given: str) -> str:
        if given not in get_args(Language):
            raise ValueError(f"not one of {', '.join(get_args(Language))}")
        return given

    @field_validator("notify_rate", mode="after")
    @classmethod
    def _pace(cls, given: str) -> str:
        parse_rate(given)
        return given

    @field_validator("notify_allow_private", mode="after")
    @classmethod
    def _networks(cls, given: str) -> str:
        for one in listed(given):
            if _HOST.fullmatch(one):
                continue
            try:
                ip_network(one, strict=False)
            except ValueError:
                raise ValueError(f"{one} is no host, address or network such as 10.0.0.0/8") from None
        return given


def parse_events(given: str) -> dict[str, frozenset[Kind]]:
    """Channel name, or `*`, → kinds. Raises ValueError naming what is allowed."""
    found: dict[str, frozenset[Kind]] = {}
    for part in filter(None, (one.strip() for one in re.split(r"[;\n]", given))):
        name, colon, kinds = (one.strip() for one in part.partition(":"))
        if not colon:
            raise ValueError(f"{part!r} is no `channel: kind, kind`")
        if name != _EVERY and not _NAMES.fullmatch(name):
            raise ValueError(f"{name!r} is no channel; channels are {_CHANNELS}, {_EVERY}")
        if name in found:
            raise ValueError(f"{name} is there twice")
        found[name] = _kinds(kinds)
    return found


def _kinds(text: str) -> frozenset[Kind]:
    named = listed(text)
    if named == (_EVERY,):
        return frozenset(KINDS)
    if named == ("none",):
        return frozenset()
    known: dict[str, Kind] = {kind: kind for kind in KINDS}
    for one in named or ("",):
        if one not in known:
            raise ValueError(f"{one!r} is no kind of event; kinds are {', '.join(KINDS)}, or * or none")
    return frozenset(known[one] for one in named)


def parse_rate(given: str) -> tuple[int, float]:
    """`20/h`, `5/10m` → (messages, seconds). Raises ValueError."""
    match = _RATE.fullmatch(given.strip())
    if not match or int(match[1]) < 1 or match[2] in ("0", "00"):
        raise ValueError("not a rate; write 5/m, 20/h or 10/30m")
    return int(match[1]), float(match[2] or 1) * _SECONDS[match[3]]


def notify_of(settings: NotifySettings, webhook: bool) -> Notify:
    """`webhook`: whether NOTIFICATION_WEBHOOK is set."""
    channels = _channels(settings)
    names = [*(["webhook"] if webhook else []), *(channel.name for channel in channels)]
    routes = parse_events(settings.notify_events)
    others = routes.get(_EVERY)
    events = {name: routes.get(name, others) for name in names}
    url = settings.notify_heartbeat_url
    languages: dict[str, Language] = {"en": "en", "zh": "zh"}
    return Notify(
        channels=channels,
        events={name: kinds for name, kinds in events.items() if kinds is not None},
        language=languages[settings.notify_language],
        repeat=settings.notify_repeat,
        rate=parse_rate(settings.notify_rate),
        give_up=settings.notify_give_up,
        allow_private=listed(settings.notify_allow_private.lower()),
        heartbeat=settings.notify_heartbeat,
        heartbeat_url=url.get_secret_value() if url else None,
        watchdog=settings.notify_watchdog or None,
    )


def _channels(settings: NotifySettings) -> tuple[Channel, ...]:
    found: list[Channel] = []

    def add(name: str, service: Service, address: SecretStr | None, secret: SecretStr | None = None) -> None:
        if address is not None:
            signed = secret.get_secret_value() if secret else ""
            found.append(Channel(name, service, address.get_secret_value(), signed))

    add("slack", "slack", settings.notify_slack)
    add("dingtalk", "dingtalk", settings.notify_dingtalk, settings.notify_dingtalk_secret)
    add("feishu", "feishu", settings.notify_feishu, settings.notify_feishu_secret)
    add("wecom", "wecom", settings.notify_wecom)
    add("email", "email", settings.notify_smtp)
    urls = settings.notify_apprise.get_secret_value().split() if settings.notify_apprise else ()
    for number, url in enumerate(urls, 1):
        add("apprise" if number == 1 else f"apprise-{number}", "apprise", SecretStr(url))
    return tuple(found)


def _require_set(name: str, info: ValidationInfo) -> None:
    """Raises ValueError where the channel has no address. Where that is wrong, it says so itself."""
    field, _, number = name.partition("-")
    if field not in _FIELDS or _FIELDS[field] not in info.data:
        return
    address: SecretStr | None = info.data[_FIELDS[field]]
    count = len(address.get_secret_value().split()) if address else 0
    if count < int(number or 1):
        setting = NotifySettings.model_fields[_FIELDS[field]].alias
        raise ValueError(f"the channel {name} is not set; set {setting}, or leave it out")


def _remember_address(url: str) -> None:
    """The whole, and each part that may be a token: a message may quote the path alone."""
    remember(url)
    for part in re.split(r"[/?&=:@]", url.partition("://")[2]):
        if len(part) >= _LONG_PART and "." not in part:
            remember(part)
