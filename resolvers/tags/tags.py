"""Tags: reads, and labels that people put on customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strawberry import Parent

from base.errors import BadInput, NotFound
from graph.repositories.tag import DELETING, TagRecord
from resolvers import counts
from resolvers.context import Info, RequestContext
from resolvers.customers import scope
from resolvers.definitions import RESTING
from resolvers.pages import Page, check_first
from resolvers.refusal import Refusal
from resolvers.sharing import changeable
from rules.problems import Problem, text_fault
from rules.tags.definition import TagKind

TAGS = "tags"
MAX_SEARCH_CHARS = 200
MAX_CUSTOMERS_AT_ONCE = 1_000
MAX_LABELS_AT_ONCE = 20
MAX_LABEL_CHARS = 100


@dataclass(frozen=True, slots=True)
class Deleted:
    """A tag that is gone for every reader."""

    key: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """How many customers have other labels now, and who is nobody."""

    count: int
    unknown: tuple[str, ...]


def status(root: Parent[TagRecord]) -> str:
    """One of BuildStatus; a tag that is being removed shows as OFFLINE."""
    return "OFFLINE" if root.status == DELETING else root.status


async def count(root: Parent[TagRecord], info: Info) -> int:
    """Customers with a value now."""
    context = info.context
    return counts.shown(context, await context.loaders.tag_counts.load(root.key), "tag", root.key)


async def find(context: RequestContext, key: str) -> TagRecord | None:
    """The tag of that key."""
    found = await context.loaders.tags.load(key)
    if found is not None:
        context.services.usage.note(found.id)
    return found


async def find_by_id(context: RequestContext, tag_id: str) -> TagRecord | None:
    """The tag of that id."""
    found = await context.services.tags.find_by_id(tag_id)
    return found if found is not None and context.viewer.sees(found.sharing) else None


async def list_page(
    context: RequestContext,
    *,
    search: str | None,
    category: str | None,
    favourite: bool,
    first: int | None,
    after: str | None,
) -> Page[TagRecord]:
    """Tags by key: all, those whose key or name holds the text, in a category or below it, that are favourites."""
    first = check_first(first)
    if search is not None and len(search) > MAX_SEARCH_CHARS:
        raise BadInput(f"A search has at most {MAX_SEARCH_CHARS} characters.", field="search")
    cursors = context.services.cursors
    behind = "" if after is None else str(cursors.decode(TAGS, after, (str,))[0])
    only = await context.loaders.favourites() if favourite else None
    found = await context.services.tags.list_page(
        behind, search or "", category or "", first + 1, viewer=context.viewer.names, only=only
    )
    return Page(
        found[:first],
        cursors=cursors,
        scope=TAGS,
        place_of=lambda tag: (tag.key,),
        has_next_page=len(found) > first,
        resumed=after is not None,
    )


async def put_labels(
    context: RequestContext, key: str, ids: Sequence[str], labels: Sequence[str]
) -> Labelled | Refusal:
    """Put labels on customers; a retired id means its successor.

    Raises:
        NotFound: no such tag.
    """
    tag, problems = await _checked(context, key, ids, labels)
    if not labels:
        problems.append(Problem("labels", "There is no label.", f"Give 1 to {MAX_LABELS_AT_ONCE}."))
    if problems:
        return Refusal(tuple(problems))
    living, unknown = await _living(context, ids)
    changed = await context.services.labels.put(
        key, tag.version, living, list(dict.fromkeys(labels)), context.principal.id
    )
    return Labelled(changed, unknown)


async def take_labels(
    context: RequestContext, key: str, ids: Sequence[str], labels: Sequence[str] | None
) -> Labelled | Refusal:
    """Take labels off customers, all of the tag without names.

    Raises:
        NotFound: no such tag.
    """
    tag, problems = await _checked(context, key, ids, labels or ())
    if problems:
        return Refusal(tuple(problems))
    living, unknown = await _living(context, ids)
    return Labelled(await context.services.labels.take(key, tag.version, living, labels), unknown)


async def _checked(
    context: RequestContext, key: str, ids: Sequence[str], labels: Sequence[str]
) -> tuple[TagRecord, list[Problem]]:
    """The tag, and what stands against putting these labels on these customers or taking them off."""
    tag = changeable(context, await context.loaders.tags.load(key), unknown_tag)
    problems: list[Problem] = []
    if tag.kind != TagKind.MANUAL:
        problems.append(Problem("key", "This tag is computed.", "Labels belong to tags of kind MANUAL."))
    elif tag.status in RESTING:
        problems.append(Problem("key", f"The tag is {tag.status}.", "resumeTag lets it go on."))
    return tag, [*problems, *_id_problems(ids), *_label_problems(labels)]


async def _living(context: RequestContext, ids: Sequence[str]) -> tuple[set[str], tuple[str, ...]]:
    """Whom the ids mean now, and the ids that mean nobody."""
    paths = await context.services.customers.get_paths(list(dict.fromkeys(ids)))
    living = {one: path.ids[-1] for one, path in paths.items() if path.version is not None}
    seen = set(await scope.keep(context, sorted(set(living.values()))))
    return seen, tuple(one for one in dict.fromkeys(ids) if living.get(one) not in seen)


def _id_problems(ids: Sequence[str]) -> list[Problem]:
    if 1 <= len(ids) <= MAX_CUSTOMERS_AT_ONCE:
        return []
    return [Problem("ids", f"1 to {MAX_CUSTOMERS_AT_ONCE:,} customers at once.", "Send the others in further calls.")]


def _label_problems(labels: Sequence[str]) -> list[Problem]:
    if len(labels) > MAX_LABELS_AT_ONCE:
        return [Problem("labels", f"At most {MAX_LABELS_AT_ONCE} labels at once.", None)]
    problems: list[Problem] = []
    for place, label in enumerate(labels):
        if not 0 < len(label.strip()) <= MAX_LABEL_CHARS:
            problems.append(Problem(f"labels.{place}", f"A label has 1 to {MAX_LABEL_CHARS} characters.", None))
        elif fault := text_fault(label):
            problems.append(Problem(f"labels.{place}", fault, None))
    return problems


def unknown_tag() -> NotFound:
    """No tag has that key."""
    return NotFound("There is no tag of this key.", hint="`tags` lists them.")
