"""Decisions about who is who."""

from __future__ import annotations

from typing import cast

import strawberry

from access.permissions import Permission
from resolvers.identity import identity, policy
from schema import declare
from schema.context import Info
from schema.inputs.customer import IdentifierInput
from schema.inputs.policy import IdentityPolicyInput, edit_of
from schema.types.effect import IdentityResult
from schema.types.policy import IdentityPolicyResult


@strawberry.type
class IdentityMutations:
    @declare.mutation(
        Permission.IDENTITY_CHANGE,
        "Two customers are one person, whatever the limits say. A retired id means its successor.",
    )
    async def merge_customers(
        self, info: Info, a: strawberry.ID, b: strawberry.ID, reason: str, dry_run: bool = False
    ) -> IdentityResult:
        desk = info.context.services.desk
        shown = await identity.decide(info.context, reason, dry_run, lambda said: desk.merge(a, b, said))
        return cast("IdentityResult", shown)

    @declare.mutation(Permission.IDENTITY_CHANGE, "Some of a customer's identifiers are another person's.")
    async def split_customer(
        self, info: Info, id: strawberry.ID, identifiers: list[IdentifierInput], reason: str, dry_run: bool = False
    ) -> IdentityResult:
        uids = identity.split_uids(info.context, [(one.namespace, one.value) for one in identifiers])
        desk = info.context.services.desk
        shown = await identity.decide(info.context, reason, dry_run, lambda said: desk.split(id, uids, said))
        return cast("IdentityResult", shown)

    @declare.mutation(Permission.IDENTITY_CHANGE, "A value identifies nobody, from now on and in all that was seen.")
    async def block_identifier(
        self, info: Info, identifier: IdentifierInput, reason: str, dry_run: bool = False
    ) -> IdentityResult:
        return await _block(info, identifier, reason, dry_run, blocked=True)

    @declare.mutation(Permission.IDENTITY_CHANGE, "A value that was blocked identifies somebody after all.")
    async def unblock_identifier(
        self, info: Info, identifier: IdentifierInput, reason: str, dry_run: bool = False
    ) -> IdentityResult:
        return await _block(info, identifier, reason, dry_run, blocked=False)

    @declare.mutation(Permission.IDENTITY_CHANGE, "A call never happened: what it joined, told and did is taken back.")
    async def revoke_call(
        self, info: Info, message_id: str, reason: str, source: str | None = None, dry_run: bool = False
    ) -> IdentityResult:
        call = identity.call_of(message_id, source)
        desk = info.context.services.desk
        shown = await identity.decide(info.context, reason, dry_run, lambda said: desk.revoke_call(call, said))
        return cast("IdentityResult", shown)

    @declare.mutation(
        Permission.POLICY_CHANGE,
        "Another policy of identity, in force at once; the graph follows in the background. "
        "A dry run finds out how many customers would change.",
    )
    async def update_identity_policy(
        self, info: Info, input: IdentityPolicyInput, reason: str, dry_run: bool = False
    ) -> IdentityPolicyResult:
        made = await policy.update(info.context, edit_of(input), reason, dry_run)
        return cast("IdentityPolicyResult", made)

    @declare.mutation(
        Permission.IDENTITY_CHANGE,
        "All calls of a source that were received until now never happened; later ones count. Many of them are taken "
        "back in the background.",
    )
    async def revoke_import(self, info: Info, source: str, reason: str, dry_run: bool = False) -> IdentityResult:
        desk = info.context.services.desk
        shown = await identity.decide(info.context, reason, dry_run, lambda said: desk.revoke_import(source, said))
        return cast("IdentityResult", shown)

    @declare.mutation(
        Permission.IDENTITY_CHANGE,
        "Do what an item of the review list suggests: join the two customers of a cut link, or block what is shared.",
    )
    async def accept_review(self, info: Info, id: strawberry.ID, reason: str, dry_run: bool = False) -> IdentityResult:
        desk = info.context.services.review_desk
        shown = await identity.decide(info.context, reason, dry_run, lambda said: desk.accept(id, said))
        return cast("IdentityResult", shown)

    @declare.mutation(
        Permission.IDENTITY_CHANGE, "All is well: the item stays away until its cause grows or arises anew."
    )
    async def dismiss_review(self, info: Info, id: strawberry.ID, reason: str) -> IdentityResult:
        desk = info.context.services.review_desk
        shown = await identity.decide(info.context, reason, False, lambda said: desk.dismiss(id, said))
        return cast("IdentityResult", shown)

    @declare.mutation(
        Permission.CUSTOMERS_ERASE,
        "A person is forgotten for ever: identifiers, events, attributes and evidence that are theirs alone go, and "
        "input from before does not bring them back. Cannot be undone; look with `dryRun` first.",
    )
    async def erase_customer(self, info: Info, id: strawberry.ID, reason: str, dry_run: bool = False) -> IdentityResult:
        desk = info.context.services.desk
        shown = await identity.decide(info.context, reason, dry_run, lambda said: desk.erase(id, said))
        return cast("IdentityResult", shown)

    @declare.mutation(Permission.IDENTITY_CHANGE, "A decision was never made. The undo of an undo lets it stand again.")
    async def undo(self, info: Info, decision: strawberry.ID, reason: str, dry_run: bool = False) -> IdentityResult:
        desk = info.context.services.desk
        shown = await identity.decide(info.context, reason, dry_run, lambda said: desk.undo(decision, said))
        return cast("IdentityResult", shown)


async def _block(
    info: Info, identifier: IdentifierInput, reason: str, dry_run: bool, *, blocked: bool
) -> IdentityResult:
    named = identity.named(info.context, identifier.namespace, identifier.value)
    desk = info.context.services.desk
    shown = await identity.decide(info.context, reason, dry_run, lambda said: desk.block(named, said, blocked=blocked))
    return cast("IdentityResult", shown)
