"""Strawberry's decorators with types that tell the truth, and the right that each field needs beside the field.

Fields of the roots say what they need themselves; fields of a type need what the type does. Whoever is bound to a scope
(some customers) may use fields of the roots that say that they keep to it (`scoped`), and of types those that do not
say that they tell of everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar, cast

import strawberry

from access.permissions import Permission

F = TypeVar("F", bound=Callable[..., object])
C = TypeVar("C", bound=type)
# None: whoever was recognised. Of what is only reached through fields that need something, or tells of nobody.
Needed: TypeAlias = Permission | None
ANYONE: Final = None
NEEDS: Final = "needs"
# Of a field's metadata: whether somebody bound to a scope may use it.
SCOPED: Final = "scoped"
_OF_TYPE: Final = "__needs__"


def needs(needed: Needed) -> Callable[[C], C]:
    """What fields of the type below need; stands under Strawberry's own decorator."""

    def mark(cls: C) -> C:
        setattr(cls, _OF_TYPE, needed)
        return cls

    return mark


def needs_of_type(origin: type) -> Needed:
    """What fields of a type need.

    Raises:
        LookupError: it does not say so itself; what it inherits from does not count.
    """
    if _OF_TYPE not in vars(origin):
        raise LookupError(f"{origin.__name__} does not say what its fields need: see schema.declare.needs")
    return cast("Needed", vars(origin)[_OF_TYPE])


def field(needed: Needed, description: str | None = None, *, scoped: bool = False) -> Callable[[F], F]:
    """A field of the root of all reads, answered by the function below."""
    metadata = {NEEDS: needed, SCOPED: scoped}
    return cast("Callable[[F], F]", strawberry.field(description=description, metadata=metadata))


def mutation(needed: Permission, description: str, *, scoped: bool = False) -> Callable[[F], F]:
    """A change, made by the function below."""
    metadata = {NEEDS: needed, SCOPED: scoped}
    return cast("Callable[[F], F]", strawberry.mutation(description=description, metadata=metadata))


def subscription(needed: Permission, description: str, *, scoped: bool = False) -> Callable[[F], F]:
    """A stream, opened by the function below."""
    metadata = {NEEDS: needed, SCOPED: scoped}
    return cast("Callable[[F], F]", strawberry.subscription(description=description, metadata=metadata))


def resolved(resolver: Callable[..., object], description: str | None = None, *, everybody: bool = False) -> Any:
    """A field of a type answered by a function of resolvers/, which returns records of the field's shape.

    Args:
        everybody: it tells of customers whom a scope may leave out.
    """
    return strawberry.field(resolver=resolver, description=description, metadata={SCOPED: not everybody})
