"""The root of all changes."""

from __future__ import annotations

import strawberry

from schema.mutations.access import AccessMutations
from schema.mutations.identity import IdentityMutations
from schema.mutations.privacy import PrivacyMutations
from schema.mutations.registry import RegistryMutations
from schema.mutations.segments import SegmentMutations
from schema.mutations.tags import TagMutations


# In the schema the fields of the last come first.
@strawberry.type
class Mutation(AccessMutations, RegistryMutations, PrivacyMutations, IdentityMutations, TagMutations, SegmentMutations):
    """Every change is one of these."""
