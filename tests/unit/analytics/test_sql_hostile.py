"""Statements that mean harm: refused before anything of them runs, and stopped where they would run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from analytics.sql import allowed
from analytics.sql.checking import check_statement
from analytics.sql.sandbox import Limits
from analytics.sql.values import check_sql, sql_values
from analytics.sql.views import Views, create_statement
from analytics.store.batch import Batch, CustomerCells, EventCells, Position, Stretch
from analytics.store.file import ColumnFile
from analytics.store.spread import spread
from base.errors import BadInput
from rules.tags.definition import MAX_SQL_LENGTH, Sql
from rules.type_problems import ValueType
from tests.unit.analytics.test_sql_values import BERLIN, NOW_MS

KEY = "0f" * 32
MANY = 200_000
# Beside what is measured: machines are slow at times.
GRACE_S = 3.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("columns")
    (folder / "secret.csv").write_text("customer_id,value\nx,1\n")
    duckdb.connect(str(folder / "other.duckdb")).execute("CREATE TABLE t AS SELECT 1 AS i").close()
    return folder


@pytest.fixture(scope="module")
def file(folder: Path) -> Iterator[ColumnFile]:
    file = ColumnFile(folder / "store" / "columns.duckdb", KEY, memory_mb=256)
    customers = {f"c{number}": CustomerCells(f"c{number}", 1, spread({"n": number})) for number in range(2_000)}
    owners = {f"u{number}": [Stretch(f"c{number}")] for number in range(2_000)}
    events = [EventCells(f"u{number % 2_000}", "Paid", number, f"e{number}", {}) for number in range(MANY)]
    file.apply(Batch(customers=customers, owners=owners, events=events), Position())
    yield file
    file.close()


def checked(file: ColumnFile, text: str) -> None:
    """In a thread, as the owner of the store does it: its stack is another one."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            check_sql(file.reader(), Sql(text, ValueType.NUMBER), file.layout, NOW_MS, BERLIN)
        except BaseException as fault:
            raised.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


def of(expression: str) -> str:
    return f"SELECT customer_id, {expression} AS value FROM customers"


HOSTILE = [
    # Other statements.
    "CREATE TABLE t AS SELECT 1",
    "CREATE OR REPLACE VIEW customers AS SELECT 1",
    "CREATE MACRO f(x) AS x",
    "CREATE SECRET s (TYPE s3)",
    "CREATE TEMP TABLE t (i INT)",
    "DROP TABLE store.main.customers",
    "INSERT INTO store.main.customers VALUES (1, 'x', 1)",
    "UPDATE store.main.customers SET id = 'x'",
    "DELETE FROM store.main.customers",
    "TRUNCATE store.main.customers",
    "ALTER TABLE store.main.customers ADD COLUMN x INT",
    "MERGE INTO store.main.customers c USING (SELECT 1 AS i) s ON c.customer = s.i WHEN MATCHED THEN DELETE",
    "ATTACH '{folder}/other.duckdb' AS other",
    "ATTACH ':memory:' AS other",
    "DETACH store",
    "USE store",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "COPY store.main.customers FROM '{folder}/secret.csv'",
    "COPY FROM DATABASE store TO memory",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}/out'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "UPDATE EXTENSIONS",
    "PRAGMA database_list",
    "PRAGMA table_info('store.main.customers')",
    "PRAGMA version",
    "SET threads = 1",
    "SET memory_limit = '100GB'",
    "SET VARIABLE x = 1",
    "RESET threads",
    "CALL pragma_version()",
    "CALL duckdb_settings()",
    "CHECKPOINT",
    "FORCE CHECKPOINT store",
    "VACUUM",
    "ANALYZE",
    "BEGIN TRANSACTION",
    "COMMIT",
    "ROLLBACK",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "COMMENT ON TABLE store.main.customers IS 'x'",
    "DESCRIBE customers",
    "SUMMARIZE customers",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "SHOW DATABASES",
    # More than one, or hidden behind another.
    "SELECT 1; SELECT 2",
    "SELECT customer_id, 1 AS value FROM customers; DROP TABLE store.main.customers",
    "SELECT customer_id, 1 AS value FROM customers; COMMIT; DELETE FROM store.main.customers",
    "/* */ ; DROP TABLE store.main.customers; --",
    "SELECT customer_id, 1 AS value FROM customers) TO '{folder}/out.csv' --",
    "WITH t AS (DELETE FROM store.main.customers RETURNING *) SELECT * FROM t",
    "WITH t AS (INSERT INTO store.main.customers VALUES (1, 'x', 1) RETURNING *) SELECT * FROM t",
    "PIVOT customers ON customer_id",
    # Tables of the store, of the system, and of files.
    "SELECT id AS customer_id, 1 AS value FROM store.main.customers",
    "SELECT id AS customer_id, 1 AS value FROM store.customers",
    "SELECT id AS customer_id, 1 AS value FROM main.owners",
    "SELECT * FROM owners",
    "SELECT * FROM position",
    "SELECT * FROM event_tables",
    "SELECT * FROM events_1",
    "SELECT * FROM events.events_1",
    "SELECT * FROM found",
    "SELECT * FROM rows",
    "SELECT * FROM memory.main.customers",
    "SELECT * FROM asked_1.main.customers",
    "SELECT * FROM temp.main.customers",
    "SELECT * FROM system.main.duckdb_settings",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM pg_class",
    "SELECT * FROM duckdb_tables",
    "SELECT * FROM duckdb_settings",
    "SELECT * FROM sqlite_master",
    "TABLE sqlite_master",
    "FROM sqlite_master",
    "SELECT * FROM '{folder}/secret.csv'",
    'SELECT * FROM "{folder}/secret.csv"',
    "SELECT * FROM 'https://example.org/x.parquet'",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "SELECT * FROM MANY",
    "SELECT * FROM __builtins__",
    "SELECT * FROM customers AT (VERSION => 1)",
    "SELECT * FROM customers TABLESAMPLE 10%",
    "SELECT * FROM customers USING SAMPLE 10",
    # Names that only look as if they stood in scope.
    "SELECT * FROM (WITH duckdb_settings AS (SELECT 1) SELECT * FROM duckdb_settings), duckdb_settings",
    "WITH a AS (WITH duckdb_settings AS (SELECT 1) SELECT * FROM duckdb_settings) SELECT * FROM duckdb_settings",
    "WITH duckdb_settings AS (SELECT * FROM duckdb_settings) SELECT * FROM duckdb_settings",
    "WITH a AS (SELECT * FROM duckdb_settings), duckdb_settings AS (SELECT 1) SELECT * FROM a",
    'WITH "duc\u212adb_settings" AS (SELECT 1) SELECT * FROM duckdb_settings',
    'WITH "\u017fqlite_master" AS (SELECT 1) SELECT * FROM sqlite_master',
    "WITH duckdb_settings AS (SELECT 1) SELECT * FROM main.duckdb_settings",
    "SELECT (WITH duckdb_settings AS (SELECT 1) SELECT 1), value FROM duckdb_settings",
    "(WITH duckdb_settings AS (SELECT 1) SELECT 1) UNION SELECT 1 FROM duckdb_settings",
    # Table functions.
    *(
        f"SELECT * FROM {function}"
        for function in (
            "read_csv('{folder}/secret.csv')",
            "read_csv_auto('{folder}/secret.csv')",
            "read_text('/etc/passwd')",
            "read_blob('/etc/passwd')",
            "read_json('{folder}/secret.csv')",
            "read_parquet('{folder}/*')",
            "parquet_metadata('{folder}/x')",
            "sniff_csv('{folder}/secret.csv')",
            "glob('{folder}/*')",
            "duckdb_settings()",
            "duckdb_secrets()",
            "duckdb_tables()",
            "duckdb_columns()",
            "duckdb_memory()",
            "duckdb_databases()",
            "pragma_storage_info('store.main.customers')",
            "query('SELECT 1')",
            "query_table('store.main.owners')",
            "json_execute_serialized_sql('x')",
            "range(10)",
            "generate_series(1, 10)",
            "repeat('x', 10)",
            "repeat_row(1, num_rows = 10)",
            "test_all_types()",
            "seq_scan('x')",
            "arrow_scan(1, 2, 3)",
            "pandas_scan(1)",
            "checkpoint()",
            "enable_logging()",
            "duckdb_logs()",
            "which_secret('x', 's3')",
            "main.read_text('/etc/passwd')",
            "system.main.read_text('/etc/passwd')",
        )
    ),
    # Functions.
    *(
        of(expression)
        for expression in (
            "getenv('HOME')",
            "current_setting('temp_directory')",
            "getvariable('x')",
            "nextval('s')",
            "currval('s')",
            "random()",
            "uuid()",
            "gen_random_uuid()",
            "now()",
            "today()",
            "get_current_timestamp()",
            "current_timestamp",
            "CURRENT_DATE",
            "localtime",
            "version()",
            "current_database()",
            "current_query()",
            "txid_current()",
            "error('x')",
            "pg_sleep(100)",
            "sleep_ms(1)",
            "repeat('x', 1000000000)",
            "rpad('x', 1000000000, 'y')",
            "lpad('x', 1000000000, 'y')",
            "replace('aaa', 'a', 'bbbb')",
            "range(1000000000)",
            "generate_series(1, 1000000000)",
            "list_resize([1], 1000000000)",
            "array_resize([1], 1000000000)",
            "string_agg(customer_id, ',')",
            "group_concat(customer_id)",
            "list_transform([1], x -> x)",
            "list_transform([1], lambda x: x)",
            "[x FOR x IN [1, 2]]",
            "list_value(customer_id, customer_id)",
            "[[1], [2]]",
            "array_value(1, 2)",
            "flatten([[1]])",
            "levenshtein(customer_id, customer_id)",
            "format('{{:1000000000}}', 1)",
            "printf('%1000000000d', 1)",
            "bar(1, 0, 1, 1000000000)",
            "json_serialize_sql('SELECT 1')",
            "json_deserialize_sql('x')",
            "json_execute_serialized_sql('x')",
            "to_json(customer_id)",
            "in_search_path('store', 'main')",
            "pg_get_viewdef(1)",
            "obj_description(1)",
            "alias(customer_id)",
            "stats(customer_id)",
            "create_sort_key(1, 'ASC')",
            "map {{1: 2}}",
            "{{'a': 1}}",
            "struct_pack(a := 1)",
            "regexp_replace(customer_id, '.*', repeat('x', 100))",
            "histogram(1)",
            "reservoir_quantile(1, 0.5)",
            "now() OVER ()",
            "string_agg(customer_id, ',') OVER ()",
            "store.main.abs(1)",
            "other.abs(1)",
            "temp.main.abs(1)",
            "count(*) FILTER (getenv('HOME') = '')",
            "sum(random()) OVER (ORDER BY random())",
            "CASE WHEN getenv('HOME') = 'x' THEN 1 END",
            "(SELECT max(value) FROM duckdb_settings())",
            "EXISTS (FROM duckdb_settings())",
            "1 IN (SELECT 1 FROM duckdb_settings())",
            "1 = ANY (SELECT 1 FROM duckdb_settings())",
            "getenv('HOME') IS NULL",
            "NOT getenv('HOME') = ''",
            "getenv('HOME') BETWEEN 'a' AND 'b'",
            "[1, 2][getenv('HOME')]",
            "COALESCE(getenv('HOME'), 'x')",
            "list(1 ORDER BY getenv('HOME'))",
        )
    ),
    # Where expressions can stand besides.
    of("1") + " WHERE getenv('HOME') = ''",
    of("1") + " GROUP BY getenv('HOME')",
    of("1") + " ORDER BY getenv('HOME')",
    of("1") + " LIMIT (SELECT 1 FROM duckdb_settings())",
    of("1") + " QUALIFY getenv('HOME') = ''",
    of("1") + " HAVING getenv('HOME') = ''",
    of("1") + " c JOIN customers d ON getenv('HOME') = ''",
    of("1") + ", (VALUES (getenv('HOME'))) v",
    of("1") + ", LATERAL (SELECT getenv('HOME')) v",
    of("1") + ", unnest([getenv('HOME')]) v",
    of("sum(1) OVER w") + " WINDOW w AS (PARTITION BY getenv('HOME'))",
    "SELECT DISTINCT ON (getenv('HOME')) customer_id, 1 AS value FROM customers",
    "SELECT * REPLACE (getenv('HOME') AS customer_id) FROM customers",
    "SELECT COLUMNS(c -> getenv('HOME') = '') FROM customers",
    "SELECT COLUMNS('.*') FROM customers",
    "SELECT customer_id, sum(COLUMNS(*)) AS value FROM customers",
    # Parts that are not needed.
    "SELECT customer_id, ? AS value FROM customers",
    "SELECT customer_id, $1 AS value FROM customers",
    "SELECT customer_id, $name AS value FROM customers",
    "SELECT customer_id, #1 AS value FROM customers",
    "SELECT customer_id, TRY(1) AS value FROM customers",
    "SELECT customer_id, 1 AS value FROM customers ORDER BY customer_id COLLATE nocase",
    "SELECT customer_id, DEFAULT AS value FROM customers",
    "SELECT customer_id, 1 AS value FROM customers LIMIT 10%",
    "SELECT customer_id, 1 AS value FROM customers POSITIONAL JOIN instant",
    "SELECT * FROM (UNPIVOT customers ON n_number)",
    "SELECT customer_id::other.main.thing AS customer_id, 1 AS value FROM customers",
    of("'x'::BLOB"),
    of("'x'::JSON"),
    of("'2026-01-01'::TIMESTAMPTZ"),
    of("now_utc AT TIME ZONE 'UTC'"),
    of("row(1)::STRUCT(a INT)"),
    of("[1]::INT[3]"),
    of("[[1]]::UNKNOWN[][]"),
    # Recursion.
    "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT * FROM r",
    "WITH RECURSIVE r AS (SELECT 1 AS i UNION SELECT i + 1 FROM r) SELECT customer_id, 1 AS value FROM customers, r",
    # Depth and length.
    "SELECT " + "(" * 4_000 + "getenv('HOME')" + ")" * 4_000,
    "SELECT " + "+".join(["1"] * 4_000),
    "SELECT " + "not " * 2_000 + "true",
    "SELECT * FROM " + "(SELECT * FROM " * 600 + "(SELECT 1)" + ")" * 600,
    "SELECT " + "CASE WHEN true THEN " * 400 + "getenv('HOME')" + " END" * 400,
    "SELECT " + "exists(SELECT " * 600 + "1" + ")" * 600,
    "SELECT " + "[" * 3_000 + "1" + "]" * 3_000,
    "SELECT 1" + "::int" * 1_900,
    "SELECT '" + "x" * MAX_SQL_LENGTH + "'",
    # Texts that are none.
    "SELECT customer_id, 1 AS value FROM customers\0; DROP TABLE customers",
    "SELECT '\ud800'",
    "\0",
    ";",
    ";;;",
    "'",
    "$$",
    "/*",
    "\u202eSELECT 1",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_it_is_refused_before_it_runs(file: ColumnFile, folder: Path, text: str) -> None:
    text = text.replace("{folder}", str(folder)).replace("{{", "{").replace("}}", "}")
    before = sorted(path.name for path in folder.rglob("*") if "spilled" not in str(path))

    # By the list, with or without a plan: nothing may depend on what a name happens to mean.
    with pytest.raises(BadInput) as refused:
        check_statement(file.reader(), text, Views(file.layout, NOW_MS, BERLIN).has)
    with pytest.raises(BadInput):
        checked(file, text)

    assert refused.value.field == "text"
    assert len(refused.value.message) < 500
    assert sorted(path.name for path in folder.rglob("*") if "spilled" not in str(path)) == before
    assert file.reader().execute("SELECT count(*) FROM customers").fetchall() == [(2_000,)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('{folder}/secret.csv')",
        "SELECT * FROM '{folder}/secret.csv'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM 'https://example.org/x.parquet'",
        "ATTACH '{folder}/other.duckdb' AS other",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "COPY (SELECT 1) TO '{folder}/store/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "INSTALL spatial",
        "LOAD '{folder}/x.duckdb_extension'",
        "SET memory_limit = '100GB'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET enable_external_access",
        "CREATE PERSISTENT SECRET s (TYPE s3)",
        "SELECT * FROM MANY",
    ],
)
def test_the_store_itself_is_closed_to_what_the_check_might_miss(file: ColumnFile, folder: Path, text: str) -> None:
    reader = file.reader()
    with pytest.raises(duckdb.Error):
        reader.execute(text.replace("{folder}", str(folder)))


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO store.main.customers (customer, id) VALUES (1, 'x')",
        "DELETE FROM store.main.customers",
        "CREATE TABLE store.main.t (i INT)",
        "DROP TABLE store.main.owners",
    ],
)
def test_nothing_can_be_written_beside_the_views(file: ColumnFile, text: str) -> None:
    reader = file.reader()
    views = Views(file.layout, NOW_MS, BERLIN)
    reader.execute("ATTACH ':memory:' AS aside")
    reader.execute("USE aside")
    for view in views.of([("", "customers")]):
        reader.execute(create_statement(view))
    reader.execute("BEGIN TRANSACTION READ ONLY")

    with pytest.raises(duckdb.TransactionException):
        reader.execute(text)

    reader.execute("ROLLBACK")
    reader.execute("USE store")
    reader.execute("DETACH aside")


PAID = 'events."Paid"'


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT a.customer_id, count(*) AS value FROM {PAID} a, {PAID} b, {PAID} c GROUP BY 1",
        f"SELECT any_value(a.customer_id) AS customer_id, sum(hour(a.time_utc - b.time_utc + c.time_utc)) AS value "
        f"FROM {PAID} a, {PAID} b, {PAID} c WHERE a.event_id < b.event_id AND b.event_id <> c.event_id",
        "WITH a0 AS (SELECT customer_id, 1 AS i FROM customers)"
        + "".join(f", a{n + 1} AS (SELECT x.customer_id, x.i FROM a{n} x, a{n} y)" for n in range(40))
        + " SELECT customer_id, sum(i) AS value FROM a40 GROUP BY 1",
        f"SELECT DISTINCT a.customer_id, a.event_id < b.event_id AS value FROM {PAID} a, {PAID} b, customers",
    ],
    ids=range(4),
)
def test_what_takes_too_long_is_stopped(file: ColumnFile, text: str) -> None:
    limits = Limits(time_s=0.5)
    of_type = (
        ValueType.BOOLEAN if 'AS value FROM events."Paid" a, events."Paid" b, customers' in text else ValueType.NUMBER
    )
    started_s = time.monotonic()

    with pytest.raises(BadInput, match=r"takes longer than 0\.5 seconds|more memory") as refused:
        sql_values(file.reader(), Sql(text, of_type), file.layout, NOW_MS, BERLIN, limits)

    assert time.monotonic() - started_s < limits.time_s + GRACE_S
    assert refused.value.hint is not None
    # Nobody else is any the worse for it.
    assert file.reader().execute("SELECT count(*) FROM customers").fetchall() == [(2_000,)]
    file.apply(Batch(customers={"c0": CustomerCells("c0", 1, {})}), Position())


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT 'c1' AS customer_id, len(list(a.event_id || b.event_id)) AS value FROM {PAID} a, {PAID} b",
        f"SELECT max(customer_id) AS customer_id, max(n) AS value FROM (SELECT a.customer_id, row_number() OVER "
        f"(ORDER BY a.event_id || b.event_id) AS n FROM {PAID} a, {PAID} b)",
        "WITH v0 AS (SELECT customer_id, customer_id || customer_id AS v FROM customers)"
        + "".join(f", v{n + 1} AS (SELECT customer_id, v || v AS v FROM v{n})" for n in range(30))
        + " SELECT customer_id, length(v) AS value FROM v30",
        "WITH v0 AS (SELECT customer_id AS v FROM customers)"
        + "".join(f", v{n + 1} AS (SELECT CAST(list(v) AS VARCHAR) AS v FROM v{n}, customers)" for n in range(5))
        + " SELECT 'c1' AS customer_id, max(length(v)) AS value FROM v5",
    ],
    ids=range(4),
)
def test_what_takes_too_much_memory_is_stopped(file: ColumnFile, text: str) -> None:
    limits = replace(Limits(), memory_mb=100, spilled_mb=50, time_s=5.0)
    started_s, before_mb = time.monotonic(), _resident_mb()

    with pytest.raises(BadInput, match=r"needs more (memory )?than|takes longer than|failed|out of range"):
        sql_values(file.reader(), Sql(text, ValueType.NUMBER), file.layout, NOW_MS, BERLIN, limits)

    assert time.monotonic() - started_s < limits.time_s + GRACE_S
    assert _resident_mb() - before_mb < 1_000
    assert file.reader().execute("SELECT count(*) FROM customers").fetchall() == [(2_000,)]


def test_a_result_has_no_more_rows_than_there_may_be(file: ColumnFile) -> None:
    few = Limits(rows=10)
    with pytest.raises(BadInput, match="more than 10 rows"):
        sql_values(file.reader(), Sql(of("1"), ValueType.NUMBER), file.layout, NOW_MS, BERLIN, few)
    # One more row than there are customers is read, and no more: a billion would not fit.
    text = f"SELECT a.customer_id, 1 AS value FROM {PAID} a, {PAID} b"
    with pytest.raises(BadInput, match="two rows"):
        sql_values(file.reader(), Sql(text, ValueType.NUMBER), file.layout, NOW_MS, BERLIN)


@pytest.mark.parametrize(
    ("text", "of_type"),
    [
        (
            "WITH v0 AS (SELECT customer_id, customer_id || customer_id AS v FROM customers)"
            + "".join(f", v{n + 1} AS (SELECT customer_id, v || v AS v FROM v{n})" for n in range(18))
            + " SELECT customer_id, v AS value FROM v18",
            ValueType.STRING,
        ),
        (f"SELECT b.customer_id, list(a.event_id) AS value FROM {PAID} a, customers b GROUP BY 1", ValueType.LIST),
        (
            f"SELECT customer_id, (SELECT list(event_id || '{'x' * 5_000}') FROM {PAID}) AS value FROM customers",
            ValueType.LIST,
        ),
    ],
    ids=range(3),
)
def test_values_that_no_tag_can_have_are_not_carried_out(file: ColumnFile, text: str, of_type: ValueType) -> None:
    limits, before_mb = replace(Limits(), memory_mb=150, time_s=10.0), _resident_mb()

    with pytest.raises(BadInput):
        sql_values(file.reader(), Sql(text, of_type), file.layout, NOW_MS, BERLIN, limits)

    assert _resident_mb() - before_mb < 1_000
    assert file.reader().execute("SELECT count(*) FROM customers").fetchall() == [(2_000,)]


def test_who_interrupts_from_outside_gets_the_interruption(file: ColumnFile) -> None:
    reader = file.reader()
    threading.Timer(0.3, reader.interrupt).start()
    text = f"SELECT a.customer_id, count(*) AS value FROM {PAID} a, {PAID} b, {PAID} c GROUP BY 1"

    with pytest.raises(duckdb.InterruptException):
        sql_values(reader, Sql(text, ValueType.NUMBER), file.layout, NOW_MS, BERLIN)


def test_every_function_of_the_lists_is_one_and_all_others_are_refused(file: ColumnFile) -> None:
    reader = file.reader()
    known = {name for (name,) in reader.execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()}
    named = allowed.FUNCTIONS | allowed.AGGREGATES | allowed.OF_CONSTANTS | allowed.TABLE_FUNCTIONS
    named |= {name.removeprefix("WINDOW_").lower() for name in allowed.WINDOWS} - {"aggregate"} | {"dense_rank"}
    assert named <= known
    assert len(known - named) > 700
    is_view = Views(file.layout, NOW_MS, BERLIN).has
    for name in sorted(known - named):
        quoted = '"' + name.replace('"', '""') + '"'
        for text in (
            of(f"{quoted}(customer_id)"),
            of(f"{quoted.upper()}(customer_id)"),
            of(f"main.{quoted}(customer_id)"),
            of(f"{quoted}(customer_id) OVER ()"),
            of(f"list_sort(list_distinct({quoted}(customer_id)))"),
            f"SELECT * FROM {quoted}('x')",
            f"SELECT * FROM customers, LATERAL (SELECT * FROM {quoted}(customer_id))",
        ):
            with pytest.raises(BadInput):
                check_statement(reader, text, is_view)
    for name in sorted(known - allowed.TABLE_FUNCTIONS):
        with pytest.raises(BadInput):
            check_statement(reader, f"SELECT * FROM \"{name.replace(chr(34), '')}\"('x')", is_view)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4_096 / 1_000_000
