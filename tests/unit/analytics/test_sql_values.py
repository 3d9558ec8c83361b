"""Statements that people write: what they read, what they give, and what is wrong with that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics.sql.sandbox import Limits
from analytics.sql.values import MAX_LIST_VALUES, check_sql, sql_values
from analytics.store.batch import Batch, CustomerCells, EventCells, Membership, Position, Stretch, TagCells, number_of
from analytics.store.file import ColumnFile
from analytics.store.spread import cells_of, spread
from base.clock import parse_iso_ms
from base.errors import BadInput
from graph.repositories.sharing import NOTHING_CLOSED, ClosedKeys
from rules.tags.definition import Sql
from rules.type_problems import ValueType

BERLIN = ZoneInfo("Europe/Berlin")
NOW_MS = parse_iso_ms("2026-07-01T22:30:00Z")
ANN = {"city": "Bern", "age": 41, "vip": True, "born": "1985-03-01", "likes": ["a", "b"], "email": "ann@x.org"}
# The same name in other letters, another kind, a quote, and a name that is a column already.
BEN = {"City": "Bonn", "age": "old", 'a"b': 1, "customer_id": "x", "phone": "+4930"}


def bought(uid: str, at: str, number: int, **properties: object) -> EventCells:
    return EventCells(uid, "Order Completed", parse_iso_ms(at), f"e{number}", spread(properties))


@pytest.fixture(scope="module")
def file() -> Iterator[ColumnFile]:
    customers = {
        name: CustomerCells(name, NOW_MS - 1_000, spread(values))
        for name, values in {"cus_ann": ANN, "cus_ben": BEN, "cus_cat": {}}.items()
    }
    batch = Batch(
        customers=customers,
        owners={
            "user|ann": [Stretch("cus_ann")],
            "user|ben": [Stretch("cus_ben")],
            "device|d": [
                Stretch("cus_ann", None, parse_iso_ms("2026-06-10T00:00:00Z")),
                Stretch("cus_cat", parse_iso_ms("2026-06-10T00:00:00Z"), None),
            ],
        },
        events=[
            bought("user|ann", "2026-06-01T22:30:00Z", 1, total=10, sku="x"),
            bought("user|ann", "2026-01-15T23:30:00Z", 2, total=2.5, sku="y"),
            bought("user|ben", "2026-06-02T10:00:00Z", 3, total="many"),
            bought("device|d", "2026-06-05T10:00:00Z", 4, total=100),
            bought("device|d", "2026-06-15T10:00:00Z", 5, total=7),
            bought("user|nobody", "2026-06-15T10:00:00Z", 6, total=1_000),
            EventCells("user|ann", 'od"d', NOW_MS, "e7", spread({})),
            EventCells("user|ann", "order completed", NOW_MS, "e8", spread({"total": 1})),
        ],
        members=[Membership("cus_ann", "buyers", NOW_MS)],
        tags=[
            TagCells("cus_ann", "tier", NOW_MS, dict(cells_of("gold"))),
            TagCells("cus_ben", "points", NOW_MS, dict(cells_of(3))),
        ],
    )
    file = ColumnFile()
    file.apply(batch, Position())
    yield file
    file.close()


def values(file: ColumnFile, text: str, of_type: str = "NUMBER", limits: Limits | None = None) -> dict[str, object]:
    """Customer's id → value."""
    definition = Sql(text, ValueType(of_type))
    reader = file.reader()
    check_sql(reader, definition, file.layout, NOW_MS, BERLIN)
    found = sql_values(reader, definition, file.layout, NOW_MS, BERLIN, limits)
    reader.close()
    ids = {number_of(name): name for name in ("cus_ann", "cus_ben", "cus_cat")}
    columns = found.to_pydict()
    customers = columns.pop("customer")
    [(kind, column)] = columns.items()
    expected = {"STRING": "text", "NUMBER": "number", "BOOLEAN": "flag", "TIME": "instant"}
    assert kind in (expected.get(of_type), "texts", "numbers", "flags")
    return {ids[customer]: value for customer, value in zip(customers, column, strict=True)}


EXAMPLES = re.findall(
    r"^```sql\n(.*?)^```$",
    (Path(__file__).resolve().parents[3] / "docs" / "tags.md").read_text(encoding="utf-8"),
    re.M | re.S,
)
ORDERS = 'events."Order Completed"'


@pytest.mark.parametrize(
    ("text", "of_type", "expected"),
    [
        # Who had the device when, is whose the event is.
        (
            f"SELECT customer_id, count(*) AS value FROM {ORDERS} GROUP BY customer_id",
            "NUMBER",
            {"cus_ann": 3.0, "cus_ben": 1.0, "cus_cat": 1.0},
        ),
        (
            f"SELECT customer_id, sum(total_number) AS value FROM {ORDERS} GROUP BY ALL",
            "NUMBER",
            {"cus_ann": 112.5, "cus_cat": 7.0},
        ),
        (
            f"WITH o AS (SELECT * FROM {ORDERS}), n AS (SELECT customer_id, max(total_number) AS m FROM o GROUP BY 1) "
            "SELECT customer_id, CASE WHEN m >= 50 THEN 'large' ELSE 'small' END AS value FROM n;  -- a remark",
            "STRING",
            {"cus_ann": "large", "cus_ben": "small", "cus_cat": "small"},
        ),
        (
            f"SELECT customer_id, list(sku_text ORDER BY time_utc) AS value FROM {ORDERS} GROUP BY customer_id",
            "LIST",
            {"cus_ann": ["y", "x"]},
        ),
        (
            f"SELECT customer_id, max(time_utc) AS value FROM {ORDERS} GROUP BY customer_id HAVING count(*) > 1",
            "TIME",
            {"cus_ann": parse_iso_ms("2026-06-05T10:00:00Z")},
        ),
        # In Berlin it was the 2nd of June already, and the 16th of January.
        (
            f"SELECT DISTINCT ON (customer_id) customer_id, day(time_local) + 100 * month(time_local) AS value "
            f"FROM {ORDERS} WHERE total_number IN (10, 2.5) ORDER BY customer_id, time_utc DESC",
            "NUMBER",
            {"cus_ann": 602.0},
        ),
        (
            f"SELECT customer_id, min(hour(time_local)) AS value FROM {ORDERS} WHERE sku_text = 'y' GROUP BY 1",
            "NUMBER",
            {"cus_ann": 0.0},
        ),
        (
            f"SELECT customer_id, date_diff('day', max(time_local)::DATE, any_value(today)) AS value FROM {ORDERS} "
            "CROSS JOIN (SELECT today FROM instant) GROUP BY 1",
            "NUMBER",
            {"cus_ann": 27.0, "cus_ben": 30.0, "cus_cat": 17.0},
        ),
        ("SELECT customer_id, vip_boolean AS value FROM customers", "BOOLEAN", {"cus_ann": True}),
        ("SELECT customer_id, age_number AS value FROM customers", "NUMBER", {"cus_ann": 41.0}),
        ("SELECT customer_id, age_text AS value FROM customers", "STRING", {"cus_ben": "old"}),
        ("SELECT customer_id, year(born_day) AS value FROM customers", "NUMBER", {"cus_ann": 1985.0}),
        ("SELECT customer_id, born_time AS value FROM customers", "TIME", {"cus_ann": parse_iso_ms("1985-03-01")}),
        ("SELECT customer_id, likes_texts AS value FROM customers", "LIST", {"cus_ann": ["a", "b"]}),
        ("SELECT customer_id, likes_texts[1:1] AS value FROM customers", "LIST", {"cus_ann": ["a"]}),
        # Names that differ in the case of letters alone: the first has the name.
        ('SELECT customer_id, "city_text" AS value FROM customers', "STRING", {"cus_ben": "Bonn"}),
        ('SELECT customer_id, "city_text (2)" AS value FROM customers', "STRING", {"cus_ann": "Bern"}),
        ('SELECT customer_id, "a""b_number" AS value FROM customers', "NUMBER", {"cus_ben": 1.0}),
        ("SELECT customer_id, customer_id_text AS value FROM customers", "STRING", {"cus_ben": "x"}),
        ('SELECT customer_id, count(*) AS value FROM events."od""d" GROUP BY 1', "NUMBER", {"cus_ann": 1.0}),
        (
            'SELECT customer_id, total_number AS value FROM EVENTS."order completed (2)"',
            "NUMBER",
            {"cus_ann": 1.0},
        ),
        (
            "SELECT customer_id, segment = 'buyers' AS value FROM segments",
            "BOOLEAN",
            {"cus_ann": True},
        ),
        ("SELECT customer_id, number AS value FROM tags WHERE tag = 'points'", "NUMBER", {"cus_ben": 3.0}),
        (
            "SELECT c.customer_id, t.text AS value FROM customers c LEFT JOIN tags t USING (customer_id) "
            "WHERE t.tag IS DISTINCT FROM 'points'",
            "STRING",
            {"cus_ann": "gold"},
        ),
        (
            "SELECT Customer_ID, CASE WHEN vip_boolean THEN ['x', 'y'] END AS VALUE FROM Customers",
            "LIST",
            {"cus_ann": ["x", "y"]},
        ),
        (
            f"SELECT customer_id, rank() OVER (ORDER BY n DESC) AS value "
            f"FROM (SELECT customer_id, count(*) AS n FROM {ORDERS} GROUP BY 1) QUALIFY value = 1",
            "NUMBER",
            {"cus_ann": 1.0},
        ),
        (
            "SELECT customer_id, 'tier ' || upper(left(text, 1)) AS value FROM tags WHERE text IS NOT NULL",
            "STRING",
            {"cus_ann": "tier G"},
        ),
        (
            "SELECT * FROM (VALUES ('cus_cat', -1), ('cus_ann', NULL)) AS v(customer_id, value)",
            "NUMBER",
            {"cus_cat": -1.0},
        ),
        (
            "SELECT customer_id, now_utc AS value FROM customers, instant WHERE customer_id LIKE '%cat'",
            "TIME",
            {"cus_cat": NOW_MS},
        ),
        (
            "SELECT customer_id, [1, -2, NULL] AS value FROM customers WHERE customer_id IN "
            "(SELECT customer_id FROM segments UNION SELECT 'nobody')",
            "LIST",
            {"cus_ann": [1.0, -2.0]},
        ),
        ("SELECT customer_id, 1 AS value FROM customers WHERE false", "NUMBER", {}),
        (
            "SELECT customer_id, count(DISTINCT thing) AS value FROM (SELECT customer_id, unnest(likes_texts) AS thing "
            "FROM customers) GROUP BY 1",
            "NUMBER",
            {"cus_ann": 2.0},
        ),
        (
            "SELECT customer_id, 1e300 * 1e-300 + quantile_cont(total_number, 0.5) AS value "
            f"FROM {ORDERS} GROUP BY 1 LIMIT 100",
            "NUMBER",
            {"cus_ann": 11.0, "cus_cat": 8.0},
        ),
    ],
)
def test_a_statement_gives_values(file: ColumnFile, text: str, of_type: str, expected: dict[str, object]) -> None:
    assert values(file, text, of_type) == expected


@pytest.mark.parametrize(
    ("text", "of_type", "field", "message"),
    [
        (f"SELECT customer_id, total_number AS value FROM {ORDERS}", "NUMBER", "text", "two rows for 'cus_ann'"),
        ("SELECT 'cus_zoe' AS customer_id, 1 AS value", "NUMBER", "text", "no customer 'cus_zoe'"),
        ("SELECT 'cus_zoe' AS customer_id, NULL::INT AS value", "NUMBER", "text", "no customer 'cus_zoe'"),
        ("SELECT age_text AS customer_id, 1 AS value FROM customers", "NUMBER", "text", "2 rows have no customer_id"),
        ("SELECT customer_id, 1 AS value FROM customers", "STRING", "type", "value is INTEGER"),
        ("SELECT customer_id, 'x' AS value FROM customers", "NUMBER", "type", "value is VARCHAR"),
        ("SELECT customer_id, born_day AS value FROM customers", "TIME", "type", "value is DATE"),
        ("SELECT customer_id, [[1]] AS value FROM customers", "LIST", "text", "made of constants"),
        (
            "SELECT customer_id, list(now_utc) AS value FROM customers, instant GROUP BY 1",
            "LIST",
            "type",
            "TIMESTAMP[]",
        ),
        ("SELECT customer_id, row(1, 2) AS value FROM customers", "LIST", "type", "STRUCT"),
        ("SELECT customer_id, age_number / 0 AS value FROM customers", "NUMBER", "text", "'cus_ann', for example"),
        ("SELECT customer_id, '' AS value FROM segments", "STRING", "text", "'cus_ann', for example"),
        (
            f"SELECT customer_id, {' || '.join([repr('x' * 501)] * 2)} AS value FROM segments",
            "STRING",
            "text",
            "'cus_ann', for example",
        ),
        ("SELECT customer_id, 'infinity'::TIMESTAMP AS value FROM segments", "TIME", "text", "'cus_ann', for example"),
        (
            "SELECT customer_id, make_timestamp(-99999, 1, 1, 0, 0, 0) AS value FROM segments",
            "TIME",
            "text",
            "'cus_ann', for example",
        ),
        (
            "SELECT s.customer_id, list(1) AS value "
            f"FROM segments s, (SELECT unnest([{'1,' * MAX_LIST_VALUES}1])) GROUP BY 1",
            "LIST",
            "text",
            "at most 100 values",
        ),
        ("SELECT customer_id AS value, 1 AS customer_id FROM customers", "STRING", "text", "customer_id is INTEGER"),
        ("SELECT customer_id, 1 AS value, 2 AS more FROM customers", "NUMBER", "text", "customer_id, value, more"),
        (
            "SELECT customer_id, 1 AS value, 2 AS value FROM customers",
            "NUMBER",
            "text",
            "The columns are customer_id, value, ",
        ),
        ("SELECT customer_id FROM customers", "NUMBER", "text", "columns are customer_id instead"),
        ("SELECT customer_id, nothing AS value FROM customers", "NUMBER", "text", '"nothing" not found'),
        ("SELECT customer_id, sum(vip_boolean, 2) AS value FROM customers", "NUMBER", "text", "No function matches"),
        ("SELECT customer_id, age_text::INT AS value FROM customers", "NUMBER", "text", "cannot be converted"),
        ("SELEC customer_id", "NUMBER", "text", "cannot be read"),
        ("", "NUMBER", "text", "1 to 10,000 characters"),
        ("-- nothing", "NUMBER", "text", "Only one SELECT"),
    ],
)
def test_what_is_wrong_is_said_with_an_example(
    file: ColumnFile, text: str, of_type: str, field: str, message: str
) -> None:
    with pytest.raises(BadInput) as refused:
        values(file, text, of_type)

    assert refused.value.field == field
    assert message in refused.value.message
    # Stored values are not told.
    assert "old" not in refused.value.message


def test_e_mails_and_phones_are_in_no_view(file: ColumnFile) -> None:
    for name in ("email_text", "phone_text"):
        with pytest.raises(BadInput, match="not found"):
            values(file, f"SELECT customer_id, {name} AS value FROM customers", "STRING")


def test_what_was_open_before_is_open_after(file: ColumnFile) -> None:
    reader = file.reader()
    before = reader.execute("SHOW DATABASES").fetchall()
    for text in ("SELECT customer_id, 1 AS value FROM customers", "SELECT customer_id, nothing FROM customers"):
        with suppress(BadInput):
            sql_values(reader, Sql(text, ValueType.NUMBER), file.layout, NOW_MS, BERLIN)
    assert reader.execute("SHOW DATABASES").fetchall() == before
    assert reader.execute("SELECT count(*) FROM customers").fetchall() == [(3,)]
    assert reader.execute("SELECT current_database()").fetchall() == [("store",)]
    assert reader.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchall() == [(0,)]
    assert reader.execute("SELECT count(*) FROM duckdb_views() WHERE temporary AND NOT internal").fetchall() == [(0,)]


def test_a_statement_sees_one_state_while_others_are_written(file: ColumnFile) -> None:
    store = ColumnFile()
    store.apply(Batch(customers={"a": CustomerCells("a", 1, {})}), Position())
    layout = store.layout
    store.apply(Batch(customers={"b": CustomerCells("b", 1, spread({"new": 1}))}), Position())

    found = sql_values(
        store.reader(),
        Sql("SELECT customer_id, 1 AS value FROM customers", ValueType.NUMBER),
        layout,
        NOW_MS,
        BERLIN,
    )

    assert sorted(found.to_pydict()["customer"]) == sorted([number_of("a"), number_of("b")])
    store.close()


@pytest.mark.parametrize(
    ("example", "of_type", "expected"),
    [
        (0, "STRING", {"cus_ann": "silver", "cus_cat": "basic"}),
        (1, "LIST", {"cus_ann": ["b", "a"]}),
        (2, "NUMBER", {"cus_ann": 138.0}),
        (3, "NUMBER", {"cus_ann": 1.0}),
    ],
)
def test_the_documented_examples_say_what_they_promise(example: int, of_type: str, expected: dict[str, object]) -> None:
    assert len(EXAMPLES) == 4
    file = ColumnFile()
    people = {name: CustomerCells(name, 1, spread(values)) for name, values in {"cus_ann": ANN, "cus_cat": {}}.items()}
    events = [
        bought("user|ann", "2026-06-02T10:00:00Z", 1, total=100, brand="b"),
        bought("user|ann", "2026-01-15T10:00:00Z", 2, total=1, brand="a"),
        bought("user|ann", "2026-06-03T10:00:00Z", 3, total=1, brand="b"),
        bought("user|ann", "2020-01-01T10:00:00Z", 4, total=10_000) if example < 2 else bought("x", "2020-01-01", 4),
        bought("user|cat", "2026-06-03T10:00:00Z", 5, total=1),
    ]
    owners = {"user|ann": [Stretch("cus_ann")], "user|cat": [Stretch("cus_cat")]}
    members = [Membership("cus_ann", "members", 1)]
    file.apply(Batch(customers=people, owners=owners, events=events, members=members), Position())

    assert values(file, EXAMPLES[example], of_type) == expected
    file.close()


READS = [
    ("SELECT customer_id, city_text AS value FROM customers", "STRING", {("attribute", "City")}),
    ('SELECT customer_id, "City_text (2)" AS value FROM customers', "STRING", {("attribute", "city")}),
    ("SELECT c.customer_id, C.AGE_NUMBER AS value FROM customers AS c", "NUMBER", {("attribute", "age")}),
    (
        'SELECT customer_id, sum(total_number) AS value FROM events."Order Completed" GROUP BY customer_id',
        "NUMBER",
        {("event", "Order Completed"), ("property", "Order Completed", "total")},
    ),
    ('SELECT customer_id, count(*) AS value FROM events."od""d" GROUP BY 1', "NUMBER", {("event", 'od"d')}),
    (
        'WITH a AS (SELECT * FROM events."Order Completed") SELECT customer_id, count(*) AS value FROM a GROUP BY 1',
        "NUMBER",
        {("event", "Order Completed"), *(("property", "Order Completed", name) for name in ("total", "sku"))},
    ),
    (
        'SELECT o.customer_id, count(o) AS value FROM events."Order Completed" AS o GROUP BY 1',
        "NUMBER",
        {("event", "Order Completed"), *(("property", "Order Completed", name) for name in ("total", "sku"))},
    ),
    ("SELECT customer_id, 1 AS value FROM segments WHERE segment = 'buyers'", "NUMBER", {("segment", "buyers")}),
    ("SELECT customer_id, number AS value FROM tags WHERE tag IN ('points', 'No key')", "NUMBER", {("tag", "points")}),
]


@pytest.mark.parametrize(("text", "of_type", "expected"), READS)
def test_what_a_statement_reads_is_known(file: ColumnFile, text: str, of_type: str, expected: set[object]) -> None:
    _, reads = check_sql(file.reader(), Sql(text, ValueType(of_type)), file.layout, NOW_MS, BERLIN)

    keys = {("segment", key) for key in reads.segments} | {("tag", key) for key in reads.tags}
    assert set(reads.names) | keys == expected


def test_what_is_not_everybodys_is_not_read(file: ColumnFile) -> None:
    closed = ClosedKeys(frozenset({"buyers", "o'n"}), frozenset({"tier"}))
    members, tagged = "SELECT customer_id, 1 AS value FROM segments", "SELECT customer_id, 1 AS value FROM tags"

    def found(text: str, closed: ClosedKeys) -> int:
        definition = Sql(text, ValueType.NUMBER)
        return sql_values(file.reader(), definition, file.layout, NOW_MS, BERLIN, None, closed).num_rows

    assert [found(one, NOTHING_CLOSED) for one in (members, tagged)] == [1, 2]
    assert [found(one, closed) for one in (members, tagged)] == [0, 1]
