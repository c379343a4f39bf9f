"""Slack, DingTalk, Feishu and WeCom as they behave: what they check, and how they refuse.

Written from the services' own pages, without the code under test. DingTalk, Feishu and WeCom answer
HTTP 200 whatever happens.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.receiver import Answer, Receiver, answering

SECRET = "SEC-canary-signing-secret"


class AlertService(Receiver):
    """`faults` answer the next requests in its place, one each; `taken` are the texts it accepted."""

    path = "/"

    def __init__(self, secret: str = "") -> None:
        super().__init__(answering("500 nobody asked"))
        self.secret = secret
        self.faults: list[Answer] = []
        self.always: Answer | None = None
        self.taken: list[str] = []
        self.url = f"http://127.0.0.1:{self.port}{self.path}"

    def respond(self, client: socket.socket, request: bytes) -> None:
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else self.always
        if fault is not None:
            fault(client)
            return
        head, _, body = request.partition(b"\r\n\r\n")
        query = parse_qs(urlsplit(head.split(b" ")[1].decode()).query)
        status, said = self.judge({name: values[0] for name, values in query.items()}, body)
        answering(status, said)(client)

    def judge(self, query: dict[str, str], body: bytes) -> tuple[str, bytes]:
        raise NotImplementedError


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Slack(AlertService):
    path = "/services/T00000000/B00000000/canary-slack-token"

    def judge(self, query: dict[str, str], body: bytes) -> tuple[str, bytes]:
        text = _object(body).get("text")
        if not text:
            return "400 Bad Request", b"no_text"
        self.taken.append(text)
        return "200 OK", b"ok"


class DingTalk(AlertService):
    path = "/robot/send?access_token=canary-dingtalk-token"

    def judge(self, query: dict[str, str], body: bytes) -> tuple[str, bytes]:
        if query.get("access_token") != "canary-dingtalk-token":
            return "200 OK", b'{"errcode":300005,"errmsg":"token is not exist"}'
        if self.secret and not self._is_signed(query):
            return "200 OK", b'{"errcode":310000,"errmsg":"sign not match"}'
        found = _object(body)
        if found.get("msgtype") != "text" or len(body) > 20_000:
            return "200 OK", b'{"errcode":40035,"errmsg":"invalid parameter"}'
        self.taken.append(found["text"]["content"])
        return "200 OK", b'{"errcode":0,"errmsg":"ok"}'

    def _is_signed(self, query: dict[str, str]) -> bool:
        stamp = query.get("timestamp", "0")
        if abs(time.time() * 1000 - int(stamp)) > 3_600_000:
            return False
        text = (stamp + "\n" + self.secret).encode()
        wanted = base64.b64encode(hmac.new(self.secret.encode(), text, hashlib.sha256).digest())
        return query.get("sign", "").encode() == wanted


class Feishu(AlertService):
    path = "/open-apis/bot/v2/hook/canary-feishu-token"

    def judge(self, query: dict[str, str], body: bytes) -> tuple[str, bytes]:
        found = _object(body)
        if self.secret and not self._is_signed(found):
            return (
                "200 OK",
                b'{"code":19021,"data":{},"msg":"sign match fail or timestamp too old"}',
            )
        if found.get("msg_type") != "text" or len(body) > 20_000:
            return "200 OK", b'{"code":9499,"msg":"Bad Request","data":{}}'
        self.taken.append(found["content"]["text"])
        return "200 OK", b'{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}'

    def _is_signed(self, body: dict[str, Any]) -> bool:
        stamp = str(body.get("timestamp", "0"))
        if abs(time.time() - int(stamp)) > 3600:
            return False
        key = (stamp + "\n" + self.secret).encode()
        return body.get("sign") == base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()


class WeCom(AlertService):
    path = "/cgi-bin/webhook/send?key=canary-wecom-key"

    def judge(self, query: dict[str, str], body: bytes) -> tuple[str, bytes]:
        if query.get("key") != "canary-wecom-key":
            return "200 OK", b'{"errcode":93000,"errmsg":"invalid webhook url"}'
        content = _object(body).get("text", {}).get("content", "")
        if not content or len(content.encode()) > 2048:
            return "200 OK", b'{"errcode":40058,"errmsg":"text.content exceed max length 2048"}'
        self.taken.append(content)
        return "200 OK", b'{"errcode":0,"errmsg":"ok"}'


SERVICES = {"slack": Slack, "dingtalk": DingTalk, "feishu": Feishu, "wecom": WeCom}
REFUSALS = {
    "slack": answering("200 OK", b"no_service"),
    "dingtalk": answering("200 OK", b'{"errcode":130101,"errmsg":"send too fast"}'),
    "feishu": answering("200 OK", b'{"code":19021,"msg":"sign match fail"}'),
    "wecom": answering("200 OK", b'{"errcode":45009,"errmsg":"api freq out of limit"}'),
}
"""How each says no with HTTP 200."""
