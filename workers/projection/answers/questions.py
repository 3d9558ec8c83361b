"""What the owner of the columnar store answers, each while its asker waits.

A question travels as one job, sealed, and so does its answer: rules and rows hold what people are asked by.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, cast

from base.errors import KithError
from workers.projection.answers.answering import Answering
from workers.projection.answers.builds import (
    begin_build,
    begin_tag_build,
    compare_build,
    end_build,
    page_build,
    page_result,
    page_values,
)
from workers.projection.answers.counting import count
from workers.projection.answers.distribution import spread_tag
from workers.projection.answers.history import count_segment_moves, count_stage_moves
from workers.projection.answers.listing import list_customers
from workers.projection.answers.looking_up import find_customers
from workers.projection.answers.statements import check_sql
from workers.projection.replies import open_question, reply_of, sealed

# (what it works with, arguments of the question) → the answer; raises KithError for a fault that its asker sees.
Question: TypeAlias = Callable[..., Awaitable[Mapping[str, Any]]]

_ASKED: Final = (
    count,
    list_customers,
    spread_tag,
    count_stage_moves,
    count_segment_moves,
    find_customers,
    check_sql,
    begin_build,
    begin_tag_build,
    compare_build,
    page_build,
    page_values,
    page_result,
    end_build,
)
_BY_NAME: Final[Mapping[str, Question]] = {question.__name__: question for question in _ASKED}


async def answer(ctx: Mapping[str, object], question: bytes) -> bytes:
    """The job: answer a sealed question."""
    answering = cast("Answering", ctx["answering"])
    name, args = open_question(answering.keyring, question)
    try:
        reply = await _BY_NAME[name](answering, *args)
    except KithError as fault:
        reply = reply_of(fault)
    return sealed(answering.keyring, reply)
