"""The words of messages, in English and in Chinese: one entry for each kind of event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from resources.notify.event import Kind

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Texts:
    urgent: str
    titles: Mapping[Kind, str]
    meanings: Mapping[Kind, str]
    """One sentence: what it means for whoever reads it."""
    labels: Mapping[str, str]


_ENGLISH = Texts(
    urgent="[URGENT]",
    titles={
        "success": "released",
        "failure": "not released",
        "rollback": "rolled back",
        "rollback_incomplete": "NOT rolled back",
        "drift": "live schema",
        "backup": "backups",
        "monitoring": "monitoring",
        "decision": "a person must decide",
        "heartbeat": "about the alerts",
    },
    meanings={
        "success": "Every migration is applied and every gate has passed.",
        "failure": "It did not go through. The reason is below.",
        "rollback": "The tables it touched are as they were before it.",
        "rollback_incomplete": "Putting the data back did not succeed. The data needs a person now.",
        "drift": "The live schema was compared with what its migrations make.",
        "backup": "This is about the backups; the state says how they stand.",
        "monitoring": "Something that is watched has changed its state.",
        "decision": "dbsync has stopped, and goes on only when a person has decided.",
        "heartbeat": "This is about the alerts themselves, not about the database.",
    },
    labels={"id": "id", "state": "state", "about": "about", "next": "Next", "more": "more alerts"},
)

_CHINESE = Texts(
    urgent="【紧急】",
    titles={
        "success": "发布成功",
        "failure": "发布失败",
        "rollback": "已回滚",
        "rollback_incomplete": "回滚未完成",
        "drift": "线上表结构",
        "backup": "备份",
        "monitoring": "监控状态变化",
        "decision": "需要人工决定",
        "heartbeat": "告警通道自检",
    },
    meanings={
        "success": "所有迁移已执行，所有检查均已通过。",
        "failure": "本次发布没有完成，原因如下。",
        "rollback": "涉及的表已恢复到发布之前的状态。",
        "rollback_incomplete": "数据没有完全恢复，请立即人工处理。",
        "drift": "已将线上表结构与迁移文件应得的结构进行比较。",
        "backup": "这条消息关于备份，当前情况见“状态”。",
        "monitoring": "某个监控项的状态发生了变化。",
        "decision": "dbsync 已停止，等待人工决定后才会继续。",
        "heartbeat": "这条消息关于告警通道本身，与数据库无关。",
    },
    labels={
        "id": "编号",
        "state": "状态",
        "about": "对象",
        "next": "下一步",
        "more": "其余告警",
        "deployment": "发布编号",
        "outcome": "结果",
        "reason": "原因",
        "what": "错误",
        "where": "位置",
        "why": "说明",
        "commit": "提交",
        "migrations": "已执行的迁移",
        "backup": "备份",
        "tables": "表",
        "lost": "丢失的行",
        "aside": "保留在旁的库",
        "seconds": "耗时（秒）",
        "channel": "通道",
        "detail": "详情",
        "age": "距今",
        "limit": "上限",
        "newest": "最新备份",
        "command": "命令",
        "job": "任务",
        "since": "开始时间",
        "waiting": "待发送",
        "given_up": "已放弃",
    },
)

_ALL: Mapping[Language, Texts] = {"en": _ENGLISH, "zh": _CHINESE}


def texts(language: Language) -> Texts:
    return _ALL[language]
