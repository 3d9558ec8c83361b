"""Strawberry's decorators with types that tell the truth: what they decorate stays what it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., object])


def field(description: str | None = None) -> Callable[[F], F]:
    """A field of a type, answered by the function below."""
    return cast("Callable[[F], F]", strawberry.field(description=description))


def mutation(description: str) -> Callable[[F], F]:
    """A change, made by the function below."""
    return cast("Callable[[F], F]", strawberry.mutation(description=description))


def subscription(description: str) -> Callable[[F], F]:
    """A stream, opened by the function below."""
    return cast("Callable[[F], F]", strawberry.subscription(description=description))


def resolved(resolver: Callable[..., object], description: str | None = None) -> Any:
    """A field answered by a function of resolvers/, which returns records of the field's shape."""
    return strawberry.field(resolver=resolver, description=description)
