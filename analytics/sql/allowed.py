"""What a statement may consist of: lists of everything that is allowed. All else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Words are those of DuckDB's own syntax trees (`json_serialize_sql`).
QUERIES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE"})
SOURCES: Final = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION"})
PARTS: Final = frozenset(
    {"ORDER_MODIFIER", "LIMIT_MODIFIER", "DISTINCT_MODIFIER", "ORDER_DEFAULT", "ASCENDING", "DESCENDING"}
)
JOINS: Final = frozenset({"INNER", "LEFT", "RIGHT", "OUTER", "SEMI", "ANTI"})
JOIN_WAYS: Final = frozenset({"REGULAR", "CROSS", "NATURAL", "ASOF"})

EXPRESSIONS: Final = frozenset(
    {
        "BETWEEN",
        "CASE",
        "CAST",
        "COLUMN_REF",
        "COMPARISON",
        "CONJUNCTION",
        "CONSTANT",
        "FUNCTION",
        "OPERATOR",
        "STAR",
        "SUBQUERY",
        "WINDOW",
    }
)
OPERATORS: Final = frozenset(
    {
        "ARRAY_EXTRACT",
        "ARRAY_SLICE",
        "COMPARE_IN",
        "COMPARE_NOT_IN",
        "GROUPING_FUNCTION",
        "OPERATOR_COALESCE",
        "OPERATOR_IS_NOT_NULL",
        "OPERATOR_IS_NULL",
        "OPERATOR_NOT",
    }
)
# DECIMAL has digits, LIST elements. Without zones: theirs would be the engine's, not the tag's.
TYPES: Final = frozenset(
    {
        "BOOLEAN",
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "FLOAT",
        "DOUBLE",
        "DECIMAL",
        "VARCHAR",
        "DATE",
        "TIME",
        "TIMESTAMP",
        "INTERVAL",
        "LIST",
    }
)

AGGREGATES: Final = (
    frozenset({"any_value", "array_agg", "bool_and", "bool_or", "first", "last", "list", "max", "min", "mode"})
    | frozenset({"arg_max", "arg_min", "argmax", "argmin", "max_by", "min_by"})
    | frozenset({"approx_count_distinct", "count", "count_if", "count_star", "countif"})
    | frozenset({"avg", "favg", "fsum", "kurtosis", "mad", "mean", "skewness", "sum", "variance"})
    | frozenset({"stddev", "stddev_pop", "stddev_samp", "var_pop", "var_samp", "corr", "covar_pop", "covar_samp"})
    | frozenset({"approx_quantile", "median", "quantile_cont", "quantile_disc"})
)
WINDOWS: Final = frozenset(
    {
        "WINDOW_AGGREGATE",
        "WINDOW_CUME_DIST",
        "WINDOW_FIRST_VALUE",
        "WINDOW_LAG",
        "WINDOW_LAST_VALUE",
        "WINDOW_LEAD",
        "WINDOW_NTH_VALUE",
        "WINDOW_NTILE",
        "WINDOW_PERCENT_RANK",
        "WINDOW_RANK",
        "WINDOW_RANK_DENSE",
        "WINDOW_ROW_NUMBER",
    }
)
# None takes longer than its arguments are long, and none but `||` and `concat` makes much out of little: DuckDB can
# interrupt a statement between its steps only, and what a function asks of the machine's memory is not counted.
FUNCTIONS: Final = (
    frozenset({"+", "-", "*", "/", "//", "%", "**", "^", "||", "~~", "!~~", "~~*", "!~~*", "row"})
    | frozenset({"abs", "cbrt", "ceil", "ceiling", "exp", "floor", "ln", "log", "log10", "log2", "mod", "pow", "power"})
    | frozenset({"isfinite", "isinf", "isnan", "round", "sign", "sqrt", "trunc", "greatest", "least", "nullif"})
    | frozenset({"char_length", "character_length", "len", "length", "concat", "lcase", "lower", "ucase", "upper"})
    | frozenset({"contains", "ends_with", "prefix", "starts_with", "suffix", "instr", "position", "strpos"})
    | frozenset({"left", "right", "split_part", "substr", "substring", "ltrim", "rtrim", "trim"})
    | frozenset({"regexp_extract", "regexp_full_match", "regexp_matches"})
    | frozenset({"date_add", "date_diff", "date_part", "date_sub", "date_trunc"})
    | frozenset({"datediff", "datepart", "datesub", "datetrunc", "last_day", "make_date", "make_timestamp"})
    | frozenset(
        {"year", "quarter", "month", "week", "weekday", "isodow", "day", "dayofmonth", "dayofweek", "dayofyear"}
    )
    | frozenset({"hour", "minute", "second", "epoch", "epoch_ms"})
    | frozenset({"to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds"})
    | frozenset({"array_contains", "array_has", "array_length", "array_sort"})
    | frozenset({"list_contains", "list_distinct", "list_has", "list_sort"})
)
# Of constants alone: lists of lists of lists grow faster than anybody counts.
OF_CONSTANTS: Final = frozenset({"list_value", "list_pack"})
TABLE_FUNCTIONS: Final = frozenset({"unnest"})
# The wall clock, in a zone of its own: two runs for one instant would differ.
CLOCKS: Final = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})

HINTS: Final[Mapping[str, str]] = {
    "now": "`instant` has the instant for which the tag is computed: CROSS JOIN instant.",
    "RECURSIVE_CTE_NODE": "Recursion is not needed for values of customers.",
    "SHOW_REF": "docs/tags.md lists the views and their columns.",
    "PARAMETER": "Write the value itself.",
}
