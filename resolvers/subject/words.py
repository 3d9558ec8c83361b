"""What the readable page calls things, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from graph.repositories.registry import RegistryRepository, ValueDefinition
from rules.names import Names

TITLE: Final = "Everything about you · 您的全部资料"
COMPLETE: Final = "End of the document: it is complete. · 文件结束，内容完整。"
CUT: Final = "Older entries than this were not looked at · 未查看更早的记录"
EMPTY: Final = "Nothing. · 无。"

# Part → heading, and under it what it is.
PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "identifiers": (
        "Identifiers · 标识",
        "What you are recognised by, and when it was yours. · 用于识别您的信息及其归属时间。",
    ),
    "attributes": ("Attributes · 属性", "What is known of you, from where and since when. · 已知信息、来源与时间。"),
    "tags": ("Tags · 标签", "What is worked out from the rest, or was noted about you. · 计算得出或人工标注的标签。"),
    "stages": ("Stages · 生命周期", "Your moves between stages. · 阶段变化。"),
    "segments": ("Segments · 分群", "Groups of customers that you are or were in. · 您所在或曾在的客户分群。"),
    "groups": (
        "Groups · 群组",
        "Households, companies and the like that you were named with. · 与您相关的家庭、公司等。",
    ),
    "consents": ("Consents · 同意", "What you agreed to, as it counts now. · 目前有效的同意。"),
    "restrictions": ("Restrictions · 限制处理", "Since when your data may not be used. · 限制处理的起始时间。"),
    "consentHistory": ("Consents before · 同意历史", "Each change of what you agreed to. · 同意的每次变更。"),
    "decisions": ("Decisions · 身份决定", "What was decided about who you are. · 关于您身份的决定。"),
    "events": ("Events · 行为", "What you did. · 您的行为记录。"),
    "calls": ("Messages · 上报", "What was told about you. · 关于您的上报数据。"),
    "takenBack": ("Taken back · 已撤回", "Messages that count no more and are still kept. · 不再生效但仍保留的数据。"),
    "putAside": (
        "Put aside · 隔离数据",
        "Messages that could not be used and are still kept. · 无法使用但仍保留的数据。",
    ),
    "lookups": (
        "Who looked · 查阅记录",
        "Who read or changed this, in which role and for what. · 谁以何角色、为何目的查阅或更改。",
    ),
}
# Column → heading. One without stays as it is.
COLUMNS: Final[Mapping[str, str]] = {
    "action": "action · 操作",
    "at": "time · 时间",
    "attributes": "attributes · 属性",
    "by": "by · 操作者",
    "channel": "channel · 渠道",
    "consents": "consents · 同意",
    "context": "context · 环境",
    "decision": "decision · 决定",
    "expiresAt": "until · 有效期至",
    "firstNamedAt": "first named · 首次提及",
    "firstSeenAt": "first seen · 首次出现",
    "from": "from · 自",
    "group": "group · 群组",
    "groupAttributes": "of the group · 群组属性",
    "id": "id · 编号",
    "identifiers": "identifiers · 标识",
    "key": "key · 代码",
    "kind": "kind · 类型",
    "labels": "labels · 标记",
    "lastNamedAt": "last named · 最近提及",
    "lastSeenAt": "last seen · 最近出现",
    "more": "more · 其他",
    "name": "name · 名称",
    "names": "names you as · 提及的标识",
    "namespace": "kind · 类型",
    "observedAt": "known since · 观测时间",
    "outcome": "outcome · 结果",
    "proof": "proof · 凭证",
    "properties": "details · 详情",
    "purpose": "purpose · 目的",
    "reason": "reason · 原因",
    "receivedAt": "received · 接收时间",
    "shown": "shown · 所示内容",
    "since": "since · 起始",
    "source": "source · 来源",
    "stands": "stands · 有效",
    "state": "state · 状态",
    "status": "status · 状态",
    "to": "to · 至",
    "until": "until · 止",
    "value": "value · 值",
    "version": "version · 版本",
}

# Names of properties that are remembered at once: a few MB, whatever somebody uses as names.
MAX_KNOWN: Final = 20_000


@dataclass(slots=True)
class BusinessNames:
    """What people of the company call attributes, events and properties; remembered as they are met."""

    registry: RegistryRepository
    _attributes: dict[str, str] = field(default_factory=dict)
    _events: dict[str, str] = field(default_factory=dict)
    _properties: dict[tuple[str, str], str] = field(default_factory=dict)

    async def learn(self, attributes: set[str], events: set[str], properties: set[tuple[str, str]]) -> None:
        """Read the names that are not known yet.

        Raises:
            Unavailable: Neo4j is away.
        """
        if len(self._properties) > MAX_KNOWN:
            self._properties.clear()
        asked = Names(
            frozenset(attributes - self._attributes.keys()),
            frozenset(events - self._events.keys()),
            frozenset(properties - self._properties.keys()),
        )
        if not (asked.attributes or asked.events or asked.properties):
            return
        found = await self.registry.get_named(asked)
        self._attributes |= {name: _shown(name, found.attributes.get(name)) for name in asked.attributes}
        self._properties |= {key: _shown(key[1], found.properties.get(key)) for key in asked.properties}
        for name in asked.events:
            event = found.events.get(name)
            self._events[name] = name if event is None else _joined(name, event.name_en, event.name_zh)

    def attribute(self, name: str) -> str:
        """An attribute."""
        return self._attributes.get(name, name)

    def event(self, name: str) -> str:
        """An event."""
        return self._events.get(name, name)

    def property(self, event: str, name: str) -> str:
        """A property of an event."""
        return self._properties.get((event, name), name)


def _shown(name: str, definition: ValueDefinition | None) -> str:
    return name if definition is None else _joined(name, definition.name_en, definition.name_zh)


def _joined(name: str, *business: str | None) -> str:
    given = " · ".join(one for one in business if one)
    return f"{given} ({name})" if given else name
