"""Where a new policy of identity comes into force, or is only tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from base import clock
from base.ids import new_policy_id
from graph.client import GraphClient, Transaction
from graph.identity.policy import IdentityPolicy
from graph.identity.policy_document import encode_policy, respelled, steps_between
from graph.identity.policy_problems import find_problems
from graph.repositories import policy as repository
from graph.repositories.policy import NewPolicy
from rules.problems import Problem
from workers.decisions.execution import Said, check_reason

KEEP_TRIALS_MS = timedelta(days=1) // timedelta(milliseconds=1)


class Refused(Exception):
    """The policy cannot be: everything that is wrong with it. Nothing changed."""

    def __init__(self, problems: Sequence[Problem]):
        super().__init__()
        self.problems = tuple(problems)


async def enact(graph: GraphClient, edit: Callable[[IdentityPolicy], IdentityPolicy], said: Said) -> str:
    """Put an edited policy into force, or in a dry run: write a trial of it.

    The graph has to follow (`workers.policy.follow`); what is taken in from now on obeys it at once.

    Args:
        edit: makes the new policy of the one in force.

    Returns:
        The id of the stored policy.

    Raises:
        Refused: it contradicts itself, or changes nothing.
        BadInput: a reason is missing.
    """
    check_reason(said.reason)

    async def work(tx: Transaction) -> str:
        now_ms = clock.now_ms()
        old = await repository.lock_current(tx, now_ms)
        new = edit(old)
        problems = find_problems(new) or await _spelling_problems(tx, old, new)
        if not problems and encode_policy(old) == encode_policy(new):
            problems = [Problem("input", "The policy is like this already.", None)]
        if problems:
            raise Refused(problems)
        await repository.delete_trials(tx, now_ms - KEEP_TRIALS_MS)
        policy_id = new_policy_id()
        # A trial has to be compared even where it changes nothing, so that it ends like any other.
        await repository.create(
            tx,
            NewPolicy(
                policy_id,
                None if said.dry_run else old.version + 1,
                encode_policy(new),
                said.author,
                said.reason,
                now_ms,
                steps_between((old, new)),
            ),
        )
        return policy_id

    return await graph.write("enact_policy", work)


async def _spelling_problems(tx: Transaction, old: IdentityPolicy, new: IdentityPolicy) -> list[Problem]:
    """Stored values are known by the blind index of their spelling: it cannot change where there are any."""
    return [
        Problem(
            f"namespaces.{name}.normalisation",
            f"There are identifiers of {name} in the old spelling; they would not be found again.",
            "Use a new namespace, or keep the spelling.",
        )
        for name in respelled(old, new)
        if await repository.has_namespace(tx, name)
    ]
