"""How much somebody may ask for: objects a second, objects at once, time. By role; whoever has several has the best."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from access.principal import Principal, PrincipalKind
from base.errors import ConfigurationFault

# For every role that has no number of its own.
DEFAULT: Final = "default"
# Whoever holds KITH_ADMIN_TOKEN: a deployment's own scripts, whose author can count.
ADMIN_TOKEN: Final = "admin-token"
NO_LIMIT: Final = 0

# A 360° profile costs about 30 objects, so 150 profiles a second, and ten times as many in a burst. An integrator's
# back end asks for all its users together.
OBJECTS_PER_S: Final = MappingProxyType({DEFAULT: 5_000, "integrator": 20_000, ADMIN_TOKEN: NO_LIMIT})
# 100 customers with 100 events each. A 360° profile costs about 30.
OBJECTS_AT_ONCE: Final = MappingProxyType({DEFAULT: 12_000})
TIME_S: Final = MappingProxyType({DEFAULT: 10})
# What passes over everybody (about 5,000 customers a second), or has a statement that the columnar store checks.
SCAN_TIMES: Final = 6
_PAIR = re.compile(r"([A-Za-z0-9_-]{1,64})\s*=\s*([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one caller may ask for.

    Attributes:
        objects_per_s: in the long run; `NO_LIMIT` for as many as there are.
        objects_at_once: of one operation, by its page sizes.
        time_s: of one operation; one that scans has `SCAN_TIMES` as much.
        role: whose numbers these are, for the text of a refusal.
    """

    objects_per_s: int
    objects_at_once: int
    time_s: int
    role: str


class Allowances:
    """The allowance of each role.

    Args:
        objects_per_s, objects_at_once, time_s: changes to the built-in ones, as `role=number, …`; `default` stands for
            every role without a number, `admin-token` for the token of the environment.

    Raises:
        ConfigurationFault: one of them is no such list, or would let nobody ask for anything.
    """

    def __init__(self, objects_per_s: str = "", objects_at_once: str = "", time_s: str = ""):
        self._objects_per_s = {**OBJECTS_PER_S, **_parsed("KITH_RATE_LIMITS", objects_per_s, lowest=NO_LIMIT)}
        self._objects_at_once = {**OBJECTS_AT_ONCE, **_parsed("KITH_COST_LIMITS", objects_at_once, lowest=1)}
        self._time_s = {**TIME_S, **_parsed("KITH_TIME_LIMITS", time_s, lowest=1)}
        self._found: dict[tuple[str, ...], Allowance] = {}

    def of(self, principal: Principal) -> Allowance:
        """What somebody may ask for, by their roles as of now."""
        roles = (ADMIN_TOKEN,) if principal.kind is PrincipalKind.TOKEN else principal.roles or (DEFAULT,)
        found = self._found.get(roles)
        if found is None:
            # Roles are few, and of the deployment's making; their combinations are as well.
            found = self._found[roles] = self._best(roles)
        return found

    def _best(self, roles: tuple[str, ...]) -> Allowance:
        rates = [_of_role(self._objects_per_s, role) for role in roles]
        return Allowance(
            objects_per_s=NO_LIMIT if NO_LIMIT in rates else max(rates),
            objects_at_once=max(_of_role(self._objects_at_once, role) for role in roles),
            time_s=max(_of_role(self._time_s, role) for role in roles),
            role=", ".join(roles),
        )


def _of_role(numbers: Mapping[str, int], role: str) -> int:
    return numbers.get(role, numbers[DEFAULT])


def _parsed(name: str, text: str, *, lowest: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        pair = _PAIR.fullmatch(part)
        if pair is None or int(pair[2]) < lowest:
            raise ConfigurationFault(
                f"{name} is a list as in default=5000,integrator=20000, of whole numbers from {lowest} on, not {part!r}"
            )
        found[pair[1]] = int(pair[2])
    return found
