"""The root of all changes."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from access.permissions import Permission
from graph.repositories.sharing import Visibility
from resolvers import favourites, retention, sharing
from resolvers.access import keys, roles, users
from resolvers.consent import consents, purposes
from resolvers.identity import identity, policy
from resolvers.registry import registry
from resolvers.segments import archive as segment_archive
from resolvers.segments import importing as segment_import
from resolvers.segments import saved_results, segments
from resolvers.segments import versions as segment_versions
from resolvers.segments.segments import Edit as SegmentEdit
from resolvers.tags import changes as tag_changes
from resolvers.tags import importing as tag_import
from resolvers.tags import tags
from resolvers.tags import versions as tag_versions
from schema import declare
from schema.context import Info
from schema.inputs.access import CreateApiKeyInput, CreateWriteKeyInput, RoleInput, role_edit_of
from schema.inputs.consent import PurposeInput, RecordConsentInput, asked_of
from schema.inputs.consent import edit_of as purpose_edit_of
from schema.inputs.customer import IdentifierInput
from schema.inputs.policy import IdentityPolicyInput, edit_of
from schema.inputs.registry import EventDefinitionInput, ValueDefinitionInput
from schema.inputs.registry import edit_of as definition_edit_of
from schema.inputs.segment import (
    CreateSegmentInput,
    ImportSegmentInput,
    SaveResultInput,
    SaveTagValueInput,
    UpdateSegmentInput,
    result_of,
    saving_of,
    selection_of,
)
from schema.inputs.segment import edit_of as segment_edit_of
from schema.inputs.sharing import GrantInput, wanted_sharing
from schema.inputs.tag import CreateTagInput, ImportTagValuesInput, UpdateTagInput, wanted_of
from schema.inputs.tag import edit_of as tag_edit_of
from schema.inputs.user import CreateUserInput, UpdateUserInput, user_edit_of
from schema.scalars import Duration
from schema.types.access import AccessKey, DeleteRoleResult, KeyResult, RoleResult
from schema.types.consent import DeletedPurpose, PrivacyResult, PurposeResult
from schema.types.effect import IdentityResult
from schema.types.favourite import FavouriteResult
from schema.types.policy import IdentityPolicyResult
from schema.types.registry import (
    AttributeDefinitionResult,
    EventDefinitionResult,
    PropertyDefinitionResult,
    RuleUserKind,
)
from schema.types.retention import RetentionResult
from schema.types.segment import DeleteResult, SegmentResult
from schema.types.segment_import import SegmentImportResult
from schema.types.tag import DeleteTagResult, LabelResult, TagResult
from schema.types.tag_import import TagImportResult
from schema.types.user import MadeUserResult, UserResult


@strawberry.type
class Mutation:
    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "A new segment; its members are found in the background, then kept live.",
        scoped=True,
    )
    async def create_segment(self, info: Info, input: CreateSegmentInput) -> SegmentResult:
        made = await segments.create(info.context, input.key, segment_edit_of(input), private=input.private)
        return cast("SegmentResult", made)

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Another name, folder, description or rule; a changed rule is a new version, which is built.",
        scoped=True,
    )
    async def update_segment(self, info: Info, key: str, input: UpdateSegmentInput) -> SegmentResult:
        return cast("SegmentResult", await segments.update(info.context, key, segment_edit_of(input)))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE, "Another segment with the rule, folder and description of this one.", scoped=True
    )
    async def copy_segment(self, info: Info, key: str, new_key: str, name: str) -> SegmentResult:
        return cast("SegmentResult", await segment_archive.copy(info.context, key, new_key, name))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE, "The rule of an earlier version again, as a new version.", scoped=True
    )
    async def restore_segment_version(
        self, info: Info, key: str, version: int, reason: str | None = None
    ) -> SegmentResult:
        return cast("SegmentResult", await segment_versions.restore(info.context, key, version, reason))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Members stay as they are and nobody hears of it; refused while segments that are kept live use it.",
        scoped=True,
    )
    async def archive_segment(self, info: Info, key: str) -> SegmentResult:
        return cast("SegmentResult", await segment_archive.archive(info.context, key))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Built in full and kept live again, as a new version; what differs is published.",
        scoped=True,
    )
    async def unarchive_segment(self, info: Info, key: str, reason: str | None = None) -> SegmentResult:
        return cast("SegmentResult", await segment_archive.unarchive(info.context, key, reason))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Who has one of these identifiers is in the segment. Unknown ones are reported, and nobody is made of them.",
    )
    async def import_segment(self, info: Info, input: ImportSegmentInput) -> SegmentImportResult:
        done = await segment_import.run(
            info.context,
            key=input.key,
            name=input.name,
            identifier=input.identifier,
            values=input.values,
            mode=input.mode,
            dry_run=input.dry_run,
        )
        return cast("SegmentImportResult", done)

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "A new segment of those who have one of these values of a tag, kept live.",
        scoped=True,
    )
    async def save_tag_value_as_segment(self, info: Info, input: SaveTagValueInput) -> SegmentResult:
        edit = SegmentEdit(input.name, input.folder, input.description, None, input.reason)
        made = await saved_results.save_tag_value(info.context, input.key, edit, selection_of(input))
        return cast("SegmentResult", made)

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Whoever is found now, or was in a segment at an instant, as a list: they stay in it, whatever becomes "
        "of the rule. `found` are on it; `unknown` are nobody any more or have no identifier.",
    )
    async def save_result_as_segment(self, info: Info, input: SaveResultInput) -> SegmentImportResult:
        done = await saved_results.save_result(info.context, saving_of(input), result_of(input))
        return cast("SegmentImportResult", done)

    @declare.mutation(
        Permission.SEGMENTS_CHANGE, "Gone at once for every reader; refused while other segments use it.", scoped=True
    )
    async def delete_segment(self, info: Info, key: str) -> DeleteResult:
        return cast("DeleteResult", await segments.delete(info.context, key))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Who may see or change a segment from now on; its owner's to say, and administrators'. `with` is for SHARED.",
        scoped=True,
    )
    async def share_segment(
        self,
        info: Info,
        key: str,
        visibility: Visibility,
        with_: Annotated[list[GrantInput] | None, strawberry.argument(name="with")] = None,
        owner: strawberry.ID | None = None,
    ) -> SegmentResult:
        wanted = wanted_sharing(visibility, with_, owner)
        return cast("SegmentResult", await sharing.share_segment(info.context, key, wanted, segments.unknown))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "A new tag; its values are computed in the background, then as its mode says.",
        scoped=True,
    )
    async def create_tag(self, info: Info, input: CreateTagInput) -> TagResult:
        made = await tag_changes.create(
            info.context, input.key, tag_edit_of(input), draft=bool(input.draft), private=input.private
        )
        return cast("TagResult", made)

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "Another tag of the same kind; what may change values is a new version, which is built.",
        scoped=True,
    )
    async def update_tag(self, info: Info, key: str, input: UpdateTagInput) -> TagResult:
        return cast("TagResult", await tag_changes.update(info.context, key, tag_edit_of(input)))

    @declare.mutation(Permission.TAGS_CHANGE, "Values stay as they are until `resumeTag`.", scoped=True)
    async def pause_tag(self, info: Info, key: str) -> TagResult:
        return cast("TagResult", await tag_changes.pause(info.context, key))

    @declare.mutation(
        Permission.TAGS_CHANGE, "A draft, paused or offline tag is built and computed as its mode says.", scoped=True
    )
    async def resume_tag(self, info: Info, key: str, reason: str | None = None) -> TagResult:
        return cast("TagResult", await tag_changes.resume(info.context, key, reason))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "The definition, mode, zone and keepOld of an earlier version again, as a new version.",
        scoped=True,
    )
    async def restore_tag_version(self, info: Info, key: str, version: int, reason: str | None = None) -> TagResult:
        return cast("TagResult", await tag_versions.restore(info.context, key, version, reason))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "Values stay as they are, and rules that do not name the tag yet cannot do so.",
        scoped=True,
    )
    async def offline_tag(self, info: Info, key: str) -> TagResult:
        return cast("TagResult", await tag_changes.take_offline(info.context, key))

    @declare.mutation(Permission.TAGS_CHANGE, "Compute a tag for everybody now.", scoped=True)
    async def build_tag(self, info: Info, key: str) -> TagResult:
        return cast("TagResult", await tag_changes.build(info.context, key))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "Gone at once for every reader; refused while segments or other tags use it.",
        scoped=True,
    )
    async def delete_tag(self, info: Info, key: str) -> DeleteTagResult:
        return cast("DeleteTagResult", await tag_changes.delete(info.context, key))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "Who may see or change a tag from now on; its owner's to say, and administrators'. `with` is for SHARED.",
        scoped=True,
    )
    async def share_tag(
        self,
        info: Info,
        key: str,
        visibility: Visibility,
        with_: Annotated[list[GrantInput] | None, strawberry.argument(name="with")] = None,
        owner: strawberry.ID | None = None,
    ) -> TagResult:
        wanted = wanted_sharing(visibility, with_, owner)
        return cast("TagResult", await sharing.share_tag(info.context, key, wanted, tags.unknown_tag))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "Give values of a tag of kind IMPORTED to whoever has these identifiers, or these values of an attribute. "
        "Unknown ones are reported, and nobody is made of them.",
    )
    async def import_tag_values(self, info: Info, input: ImportTagValuesInput) -> TagImportResult:
        return cast("TagImportResult", await tag_import.run(info.context, wanted_of(input)))

    @declare.mutation(
        Permission.LABELS_CHANGE,
        "Put labels of a tag of kind MANUAL on customers; who has one keeps it as it is.",
        scoped=True,
    )
    async def tag_customers(self, info: Info, key: str, ids: list[strawberry.ID], labels: list[str]) -> LabelResult:
        return cast("LabelResult", await tags.put_labels(info.context, key, ids, labels))

    @declare.mutation(
        Permission.LABELS_CHANGE, "Take labels off customers; all labels of the tag when none is named.", scoped=True
    )
    async def untag_customers(
        self, info: Info, key: str, ids: list[strawberry.ID], labels: list[str] | None = None
    ) -> LabelResult:
        return cast("LabelResult", await tags.take_labels(info.context, key, ids, labels))

    @declare.mutation(
        Permission.SEGMENTS_READ, "Put a segment or tag among your favourites, 1,000 at most.", scoped=True
    )
    async def favourite(self, info: Info, kind: RuleUserKind, key: str) -> FavouriteResult:
        is_tag = kind is RuleUserKind.TAG
        return cast("FavouriteResult", await favourites.put(info.context, key, is_tag=is_tag))

    @declare.mutation(Permission.SEGMENTS_READ, "Take a segment or tag off your favourites.", scoped=True)
    async def unfavourite(self, info: Info, kind: RuleUserKind, key: str) -> FavouriteResult:
        is_tag = kind is RuleUserKind.TAG
        return cast("FavouriteResult", await favourites.take(info.context, key, is_tag=is_tag))

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

    @declare.mutation(
        Permission.CONSENTS_CHANGE,
        "What a customer agreed to or not, from now on and in every list for a purpose.",
        scoped=True,
    )
    async def record_consent(self, info: Info, input: RecordConsentInput, reason: str) -> PrivacyResult:
        return cast("PrivacyResult", await consents.record(info.context, asked_of(input), reason))

    @declare.mutation(
        Permission.CUSTOMERS_RESTRICT,
        "Leave a customer out of every purpose, whatever was agreed to; the profile stays readable.",
        scoped=True,
    )
    async def restrict_customer(
        self, info: Info, id: strawberry.ID, reason: str, dry_run: bool = False
    ) -> PrivacyResult:
        return cast("PrivacyResult", await consents.restrict(info.context, id, reason, dry_run))

    @declare.mutation(Permission.CUSTOMERS_RESTRICT, "Let a customer who was restricted take part again.", scoped=True)
    async def lift_restriction(
        self, info: Info, id: strawberry.ID, reason: str, dry_run: bool = False
    ) -> PrivacyResult:
        return cast("PrivacyResult", await consents.lift(info.context, id, reason, dry_run))

    @declare.mutation(Permission.POLICY_CHANGE, "Make or change what customers are asked to agree to.")
    async def put_purpose(self, info: Info, key: str, input: PurposeInput) -> PurposeResult:
        return cast("PurposeResult", await purposes.put(info.context, key, purpose_edit_of(input)))

    @declare.mutation(Permission.POLICY_CHANGE, "A purpose that nobody asks for any more; what was said of it stays.")
    async def delete_purpose(self, info: Info, key: str) -> DeletedPurpose:
        return cast("DeletedPurpose", await purposes.delete(info.context, key))

    @declare.mutation(
        Permission.RETENTION_CHANGE,
        "Keep events of a name, or values of an attribute that are not reported again, for so many days; null: for "
        "ever. Look with `retentionPreview` first: what a night has removed does not come back.",
    )
    async def set_retention(
        self, info: Info, reason: str, days: int | None = None, event: str | None = None, attribute: str | None = None
    ) -> RetentionResult:
        return cast("RetentionResult", await retention.put(info.context, event, attribute, days, reason))

    @declare.mutation(Permission.REGISTRY_CHANGE, "What an attribute means, and what becomes of its values.")
    async def update_attribute_definition(
        self, info: Info, name: str, input: ValueDefinitionInput
    ) -> AttributeDefinitionResult:
        made = await registry.update_value(info.context, None, name, definition_edit_of(input))
        return cast("AttributeDefinitionResult", made)

    @declare.mutation(Permission.REGISTRY_CHANGE, "What an event means, and whether new rules may use it.")
    async def update_event_definition(
        self, info: Info, name: str, input: EventDefinitionInput
    ) -> EventDefinitionResult:
        made = await registry.update_event(info.context, name, definition_edit_of(input))
        return cast("EventDefinitionResult", made)

    @declare.mutation(Permission.REGISTRY_CHANGE, "What a property of an event means, and what becomes of its values.")
    async def update_property_definition(
        self, info: Info, event: str, name: str, input: ValueDefinitionInput
    ) -> PropertyDefinitionResult:
        made = await registry.update_value(info.context, event, name, definition_edit_of(input))
        return cast("PropertyDefinitionResult", made)

    @declare.mutation(Permission.USERS_CHANGE, "A new role.", scoped=True)
    async def create_role(self, info: Info, key: str, input: RoleInput) -> RoleResult:
        return cast("RoleResult", await roles.create(info.context, key, role_edit_of(input)))

    @declare.mutation(
        Permission.USERS_CHANGE,
        "Another role under the same key, in force within seconds for its holders.",
        scoped=True,
    )
    async def update_role(self, info: Info, key: str, input: RoleInput) -> RoleResult:
        return cast("RoleResult", await roles.update(info.context, key, role_edit_of(input)))

    @declare.mutation(
        Permission.USERS_CHANGE,
        "Gone, if nobody holds it; a role of every deployment is as it was in the beginning.",
        scoped=True,
    )
    async def delete_role(self, info: Info, key: str) -> DeleteRoleResult:
        return cast("DeleteRoleResult", await roles.delete(info.context, key))

    @declare.mutation(
        Permission.KEYS_CHANGE, "A key for a program that asks; its token is shown this once.", scoped=True
    )
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> KeyResult:
        made = await keys.create_api_key(info.context, input.name, input.roles, input.purpose, input.days)
        return cast("KeyResult", made)

    @declare.mutation(Permission.KEYS_CHANGE, "A key for a program that sends calls; its token is shown this once.")
    async def create_write_key(self, info: Info, input: CreateWriteKeyInput) -> KeyResult:
        return cast("KeyResult", await keys.create_write_key(info.context, input.name, input.source, input.days))

    @declare.mutation(
        Permission.KEYS_CHANGE,
        "Another token for a key; the one of now works for the overlap, a day if none is given.",
        scoped=True,
    )
    async def rotate_key(self, info: Info, id: strawberry.ID, overlap: Duration | None = None) -> KeyResult:
        return cast("KeyResult", await keys.rotate(info.context, id, overlap or "P1D"))

    @declare.mutation(Permission.KEYS_CHANGE, "A key ends, within seconds everywhere.", scoped=True)
    async def revoke_key(self, info: Info, id: strawberry.ID) -> AccessKey:
        return cast("AccessKey", await keys.revoke(info.context, id))

    @declare.mutation(
        Permission.USERS_CHANGE, "Somebody who may sign in, with a first password that is shown this once.", scoped=True
    )
    async def create_user(self, info: Info, input: CreateUserInput) -> MadeUserResult:
        made = await users.create(info.context, input.phone, input.name, input.roles)
        return cast("MadeUserResult", made)

    @declare.mutation(Permission.USERS_CHANGE, "Another name, or other roles, in force within seconds.", scoped=True)
    async def update_user(self, info: Info, id: strawberry.ID, input: UpdateUserInput) -> UserResult:
        return cast("UserResult", await users.update(info.context, id, user_edit_of(input)))

    @declare.mutation(
        Permission.USERS_CHANGE,
        "A new first password, without second factor; the user's sessions end.",
        scoped=True,
    )
    async def reset_password(self, info: Info, id: strawberry.ID) -> MadeUserResult:
        return cast("MadeUserResult", await users.reset_password(info.context, id))

    @declare.mutation(Permission.USERS_CHANGE, "Nobody signs in as this user; their sessions end.", scoped=True)
    async def disable_user(self, info: Info, id: strawberry.ID) -> UserResult:
        return cast("UserResult", await users.disable(info.context, id))

    @declare.mutation(Permission.USERS_CHANGE, "The user may sign in again.", scoped=True)
    async def enable_user(self, info: Info, id: strawberry.ID) -> UserResult:
        return cast("UserResult", await users.enable(info.context, id))

    @declare.mutation(Permission.USERS_CHANGE, "The user has to sign in again, everywhere.", scoped=True)
    async def end_sessions(self, info: Info, user: strawberry.ID) -> UserResult:
        return cast("UserResult", await users.end_sessions(info.context, user))

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
