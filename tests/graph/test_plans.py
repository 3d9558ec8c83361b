"""What Neo4j would do for each statement, on a graph that is full enough to tempt its planner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from graph.client import GraphClient, Transaction
from graph.migrate import statements
from graph.queries import all_names, load
from tests.support.line import query

CUSTOMERS, EVENTS_EACH, SEGMENTS = 400, 10, 30
Plan = Mapping[str, Any]
_INDEX = re.compile(r"(?:CONSTRAINT|INDEX) (\w+) .*?\w:(\w+).*?(?:REQUIRE|ON EACH|ON) [\[(]?(.+?)[\])]?(?: IS|\n|$)")

# Operators that look at everything of a kind, and the statements that may: what they look at is few.
FULL_SCANS = ("AllNodesScan", "LabelScan", "LabelsScan", "AllRelationshipsScan", "TypeScan", "TypesScan", "IndexScan")
MAY_SCAN = {
    "live/get_catalogue": "all segments, a few hundred, once for each change of a rule",
    "segment_build/list_unfinished": "all segments, every few seconds",
    "policy/list_unfinished": "all versions of the policy of identity, every few seconds",
    "retention/list_all": "all rules of retention, five hundred at most",
    "purpose/list_all": "all purposes, fifty at most",
    "policy/delete_trials": "all versions of the policy of identity, with each trial",
}
# Time moves customers, and ends how long events are kept: only the sweep and retention go from events to customers.
FROM_EVENTS = {"live/scan_events", "live/scan_starting_events", "retention/list_events", "retention/count_events"}

# A customer with two identifiers, evidence, an observation, a group, memberships and events of three names, one of them
# not yet begun.
_FILL = query(
    """
    UNWIND range(1, $customers) AS n
    CREATE (c:Customer {id: 'cus_' + n, version: 1, created_at: n, updated_at: n, attributes: '{}', search_tokens: 'n'})
    CREATE (i:Identifier {uid: 'user_id|' + n, namespace: 'user_id', status: 'ACTIVE', first_seen: n, last_seen: n})
    CREATE (j:Identifier {uid: 'email|' + n, namespace: 'email', status: 'ACTIVE', first_seen: n, last_seen: n})
    SET j.last_four = 'd' + n
    CREATE (c)-[:HAS {from: n}]->(i), (c)-[:HAS {from: n}]->(j), (i)-[:LINKED {status: 'accepted', last_at: n}]->(j)
    CREATE (e:Evidence {key: 'k' + n, source: 's', first_at: n, last_at: n, count: 1})
    CREATE (e)-[:SAW {verified: true}]->(i), (e)-[:SAW {verified: true}]->(j)
    CREATE (i)-[:REPORTED]->(:Observation {key: 'o' + n, name: 'birthday', value: '1', at: n, source: 's', instant: n})
    CREATE (c)<-[:ABOUT]-(:Decision {id: 'd' + n})
    CREATE (i)-[:CALLED {at: n, group: 'g' + n}]->(:Call {id: 'call' + n, group_traits: '{}'})
    CREATE (:Change {position: n, body: '{}', at: n})
    CREATE (:Quarantined {id: 'q' + n, at: n, reason: 'r'})
    CREATE (:Attribute {name: 'a' + n, active: true}), (:EventType {name: 'e' + n, active: true})
    CREATE (:EventProperty {event: 'e' + (n % 20), name: 'p' + n, active: true})
    CREATE (i)-[:MEMBER_OF {at: n}]->(:Group {key: 'g' + n, at: n})
    FOREACH (m IN range(1, $events) |
      CREATE (i)-[:DID {name: 'event' + (m % 3), at: m * n, starts_at: CASE m WHEN 1 THEN n END}]->(
        :Event {id: 'e' + n + '-' + m, name: 'event' + (m % 3)}))
    """,
    "WRITE",
)
_FILL_SEGMENTS = query(
    """
    UNWIND range(1, $segments) AS n
    CREATE (s:Segment {key: 's' + n, id: 'seg_s' + n, rule: '{}', version: 1, status: 'LIVE', name: 'S'})
    WITH s MATCH (c:Customer)
    CREATE (c)-[:IN_SEGMENT {segment: s.key, customer: c.id, since: 1, segment_version: 1, sequence: 1}]->(s)
    CREATE (c)-[:WAS_IN {segment: s.key, since: 1, until: 1, segment_version: 1, sequence: 1}]->(s)
    """,
    "WRITE",
)
_FILL_TAGS = query(
    """
    UNWIND range(1, $tags) AS n
    CREATE (t:Tag {key: 't' + n, id: 'tag_t' + n, status: 'LIVE', mode: 'LIVE', name: 'T', version: 1})
    WITH t, n MATCH (c:Customer)
    CREATE (c)-[:TAGGED {tag: t.key, customer: c.id, value: '1', since: 1, tag_version: 1, instant: n}]->(t)
    CREATE (c)-[:WAS_TAGGED {tag: t.key, since: 1, tag_version: 1}]->(t)
    CREATE (c)-[:MOVED {tag: t.key, customer: c.id, at: n, place: n, reason: 'CUSTOMER'}]->(t)
    """,
    "WRITE",
)
_FILL_REST = query(
    """
    UNWIND range(1, $customers / 10) AS n
    CREATE (:Customer:Retired {id: 'retired' + n})-[:MERGED_INTO]->(:Customer {id: 'heir' + n, version: 1})
    CREATE (:Source {key: 's' + n})
    CREATE (:Counter {name: 'counter' + n, value: 1})
    """,
    "WRITE",
)
# Statistics as of now, and no plan from an emptier graph.
_REPLAN = query("CALL db.prepareForReplanning()")


async def fill(graph: GraphClient) -> None:
    """Some thousand nodes and relationships of every kind."""

    async def work(tx: Transaction) -> None:
        await tx.run(_FILL, customers=CUSTOMERS, events=EVENTS_EACH)
        await tx.run(_FILL_SEGMENTS, segments=SEGMENTS)
        await tx.run(_FILL_TAGS, tags=SEGMENTS)
        await tx.run(_FILL_REST, customers=CUSTOMERS)

    await graph.write("tests/fill", work)
    await graph.read(_REPLAN)


def operators(plan: Plan) -> Iterator[Plan]:
    """A plan's operators, the last to run first."""
    yield plan
    for child in plan.get("children", ()):
        yield from operators(child)


def kind(operator: Plan) -> str:
    """`NodeIndexSeek` and the like; the driver adds the database's name."""
    return str(operator["operatorType"]).partition("@")[0]


def details(operator: Plan) -> str:
    return str(operator["args"].get("Details", ""))


def is_one_row(plan: Plan) -> bool:
    """Whether an operator gives one row at most for what it is given."""
    return kind(plan).startswith("NodeUniqueIndexSeek") and "Range" not in kind(plan)


def is_product_of_rows(plan: Plan) -> bool:
    """A product of single rows is a row."""
    return all(
        is_one_row(child) or (kind(child) == "CartesianProduct" and is_product_of_rows(child))
        for child in plan.get("children", ())
    )


def comes_from_index(plan: Plan) -> bool:
    """Whether rows come from a range of an index with nothing but filters between: an order of its own, for free."""
    children = plan.get("children", ())
    if not children:
        return kind(plan).endswith("SeekByRange") or kind(plan) == "DirectedRelationshipIndexSeek"
    return kind(plan) not in ("Expand(All)", "Apply", "EagerAggregation") and any(map(comes_from_index, children))


def indexes() -> dict[str, str]:
    """What plans call an index → its name, from the migrations."""
    found: dict[str, str] = {}
    for statement in statements():
        if statement.startswith("DROP"):
            continue
        match = _INDEX.search(statement)
        assert match, statement
        properties = ", ".join(part.strip().partition(".")[2] for part in match[3].split(","))
        found[f"{match[2]}({properties})"] = match[1]
    return found


def faults(name: str, plan: Plan) -> list[str]:
    """What must not be in a statement's plan."""
    wrong: list[str] = []
    for operator in operators(plan):
        what = kind(operator)
        if what.endswith(FULL_SCANS) and name not in MAY_SCAN:
            wrong.append(f"{what}: {details(operator)}")
        if what == "CartesianProduct" and not is_product_of_rows(operator):
            wrong.append(what)
        if what == "Eager" and load(name).mode == "READ":
            wrong.append(what)
        if what == "Top" and comes_from_index(operator):
            wrong.append(f"a page sorts all that follow it: {details(operator)}")
        if "Index" in what and ":DID(" in details(operator) and name not in FROM_EVENTS:
            wrong.append(f"starts from events: {details(operator)}")
    return wrong


@pytest.fixture
async def plans(graph: GraphClient) -> dict[str, Plan]:
    """Every statement's plan on the filled graph."""
    await fill(graph)
    return {name: await graph.plan(load(name)) for name in all_names()}


async def test_no_statement_looks_at_more_than_it_needs(plans: dict[str, Plan]) -> None:
    wrong = {name: found for name, plan in plans.items() if (found := faults(name, plan))}

    assert wrong == {}


async def test_the_headers_name_the_indexes_that_are_used(plans: dict[str, Plan]) -> None:
    known = indexes()
    wrong: dict[str, tuple[list[str], list[str]]] = {}
    for name, plan in plans.items():
        text = "\n".join(details(operator) for operator in operators(plan) if "Index" in kind(operator))
        used = {index for pattern, index in known.items() if f":{pattern}" in text}
        # A full-text index is named in a call.
        used |= {index for index in known.values() if f"'{index}'" in load(name).text}
        declared = {index for line in load(name).indexes if not (index := line.partition(",")[0]).startswith("none")}
        if used != declared:
            wrong[name] = sorted(declared - used), sorted(used - declared)
    assert wrong == {}


BAD = {
    "NodeByLabelScan": "MATCH (c:Customer) WHERE c.updated_at > $at RETURN c.id AS id",
    "AllNodesScan": "MATCH (n) WHERE n.key = $key RETURN n.id AS id",
    "DirectedRelationshipTypeScan": "MATCH ()-[h:HAS]->() WHERE h.to > $at RETURN h.from AS since",
    "NodeIndexScan": "MATCH (c:Customer) WHERE c.id ENDS WITH $end OR c.id IS NOT NULL RETURN c.id AS id",
    "CartesianProduct": "MATCH (a:Customer), (b:Segment {key: $key}) WHERE a.id > $after RETURN a.id AS id",
    "starts from events": "MATCH ()-[d:DID]->(e) WHERE d.name = $name AND d.at > $after RETURN e.id AS id",
    "a page sorts": "MATCH (c:Change) WHERE c.position > $after RETURN c.at AS at ORDER BY c.at LIMIT $count",
}


async def test_the_check_knows_a_bad_plan_when_it_sees_one(graph: GraphClient) -> None:
    await fill(graph)
    for what, statement in BAD.items():
        found = faults("tests/bad", await graph.plan(query(statement)))
        assert any(fault.startswith(what) for fault in found), (what, found)
