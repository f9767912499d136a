"""The language of `where` and `derive`: one row alone, Python's own results, and nothing else understood."""

import ast
import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.stats.cells import Kind, read_cells
from confide.stats.expressions import derived, keep, parse

CELLS = st.one_of(
    st.none(),
    st.sampled_from(["", "0", "-0", "1e308", "-1e308", "5e-324", "x", "NA", "nan", "inf", "٣", "1_0", "49"]),
    st.floats(-100, 100).map(repr),
    st.integers(-20, 20).map(str),
)
DAYS = st.one_of(
    st.none(),
    st.sampled_from(["", "2023-02-30", "20240229", "2024年2月29日", "2024-03-10T23:59-11:00", "05/06/2024", "0000-01-01"]),
    st.dates().map(str),
)  # fmt: skip
ROW = st.fixed_dictionaries(
    {"a": CELLS, "b": CELLS, "c": CELLS, "first": DAYS, "last": DAYS, "sex": st.sampled_from(["F", "M", "", "女", None])}
)  # fmt: skip
SCHEMA = dict.fromkeys(["a", "b", "c", "first", "last", "sex"], pl.String)


def joined(*pieces: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*pieces).map("".join)


def numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make a piece of arithmetic out of smaller ones."""
    one = st.sampled_from(["abs", "sqrt", "log", "exp", "floor", "ceil", "round"])
    operator = st.sampled_from([" + ", " - ", " * ", " / ", " // ", " % ", " ** "])
    order = st.sampled_from([" < ", " <= ", " == ", " != ", " > ", " >= "])
    return st.one_of(
        joined(st.just("("), inner, operator, inner, st.just(")")),
        joined(one, st.just("("), inner, st.just(")")),
        joined(st.sampled_from(["min(", "max("]), inner, st.just(", "), inner, st.just(")")),
        joined(st.just("(-"), inner, st.just(")")),
        joined(st.just("("), inner, st.just(" if "), inner, order, inner, st.just(" else "), inner, st.just(")")),
    )  # fmt: skip


LEAVES = st.sampled_from(["number(a)", "number(b)", "number(c)", "2", "0.5", "3", "49", "1e300"])
NUMBERS = st.recursive(LEAVES, numbers, max_leaves=8).filter(lambda text: "number" in text)
COMPARISONS = joined(NUMBERS, st.sampled_from([" < ", " <= ", " > ", " >= ", " == ", " != "]), NUMBERS)
ANY = st.one_of(
    NUMBERS,
    COMPARISONS,
    st.sampled_from([
        "days_between(first, last)", "year(first) * 100 + month(last)", "weekday(first)", "date(first)",
        "sex == 'F' and not a > 3", "sex in ('F', '女') or b < c", "lower(sex)", "starts_with(sex, 'F')", "sex",
        "is_missing(number(a))", "first if date(first) < date(last) else last",
    ]),
)  # fmt: skip


class Missing(Exception):
    """What cannot be computed."""


def oracle(node: ast.expr, row: dict[str, str | None]) -> float | bool:
    """Evaluate one row with Python's own operators on Python's own floats."""
    match node:
        case ast.Constant(value=value):
            return float(value)
        case ast.UnaryOp(operand=one):
            return -oracle(one, row)
        case ast.Call(func=ast.Name(id="number"), args=[ast.Name(id=name)]):
            return number(row[name])
        case ast.Call(func=ast.Name(id=name), args=arguments):
            function = {"abs": abs, "round": round, "min": min, "max": max}.get(name) or getattr(math, name)
            return finite(lambda: function(*[oracle(each, row) for each in arguments]))
        case ast.IfExp(test=test, body=yes, orelse=no):
            return oracle(yes if oracle(test, row) else no, row)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            one, other = oracle(left, row), oracle(right, row)
            return {ast.Lt: one < other, ast.LtE: one <= other, ast.Eq: one == other, ast.NotEq: one != other,
                    ast.Gt: one > other, ast.GtE: one >= other}[type(operator)]  # fmt: skip
        case ast.BinOp(left=left, op=operator, right=right):
            one, other = oracle(left, row), oracle(right, row)
            match operator:
                case ast.FloorDiv():
                    return finite(lambda: math.floor(finite(lambda: one / other)))
                case ast.Mod():
                    return finite(lambda: one - math.floor(finite(lambda: one / other)) * other)
            made = {ast.Add: lambda: one + other, ast.Sub: lambda: one - other, ast.Mult: lambda: one * other,
                    ast.Div: lambda: one / other, ast.Pow: lambda: one**other}  # fmt: skip
            return finite(made[type(operator)])
    raise AssertionError(ast.dump(node))


def number(cell: str | None) -> float:
    if cell is None or not cell.isascii() or "_" in cell:
        raise Missing
    return finite(lambda: float(cell))


def finite(make) -> float:
    try:
        found = make()
        if isinstance(found, complex) or not math.isfinite(found):
            raise Missing
        return float(found)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise Missing from None


def expected(text: str, row: dict[str, str | None]) -> float | bool | None:
    try:
        return oracle(ast.parse(text, mode="eval").body, row)
    except Missing:
        return None


@settings(max_examples=250)
@given(text=st.one_of(NUMBERS, COMPARISONS), rows=st.lists(ROW, min_size=1, max_size=5))
def test_a_row_has_the_value_that_python_itself_gives_it(text, rows):
    found = derived(pl.DataFrame(rows, schema=SCHEMA), {"it": text})["it"].to_list()
    assert found == [expected(text, row) for row in rows]


@settings(max_examples=150)
@given(text=ANY, rows=st.lists(ROW, min_size=1, max_size=6), others=st.lists(ROW, max_size=3))
def test_other_rows_never_change_the_value_of_this_row(text, rows, others):
    """Promise 2: a bound on one patient's rows is worth something only if they change nobody else's."""
    together = derived(pl.DataFrame([*others, *rows], schema=SCHEMA), {"it": text})["it"]
    alone = [derived(pl.DataFrame([row], schema=SCHEMA), {"it": text})["it"] for row in rows]
    assert together[len(others) :].to_list() == [value[0] for value in alone]
    assert {value.dtype for value in alone} == {together.dtype}


@settings(max_examples=60)
@given(rows=st.lists(ROW, max_size=6), text=COMPARISONS)
def test_a_row_is_kept_only_where_its_condition_surely_holds(rows, text):
    frame = pl.DataFrame(rows, schema=SCHEMA)
    kept, turned = keep(frame, [text]), keep(frame, [f"not ({text})"])
    values = [expected(text, row) for row in rows]
    assert kept.tolist() == [value is True for value in values]
    assert turned.tolist() == [value is False for value in values]


@given(
    day=st.dates(),
    hour=st.integers(0, 23),
    offset=st.sampled_from(["", "Z", "+08:00", "-1100", " UTC", "+14"]),
)
def test_a_timestamp_with_an_offset_is_taken_at_its_own_local_day(day, hour, offset):
    cells = pl.Series([f"{day}T{hour:02}:59{offset}", f"{day} {hour:02}:59:59.999{offset}", str(day)])
    assert read_cells(cells, Kind.DAY).to_list() == [day] * 3


@given(first=st.dates(), last=st.dates())
def test_days_are_counted_as_the_calendar_counts_them(first, last):
    frame = pl.DataFrame({"first": [str(first)], "last": [last]})
    made = derived(frame, {"n": "days_between(first, last)", "y": "year(last)", "w": "weekday(first)"})
    assert made.select("n", "y", "w").row(0) == ((last - first).days, last.year, first.isoweekday())


def test_a_quotient_is_divided_and_not_multiplied_by_an_inverse():
    """Polars computes x / 49 as x * (1 / 49): 49 / 49 would be just below 1, and its floor 0."""
    frame = pl.DataFrame({"a": ["49", "98"]})
    assert derived(frame, {"q": "a / 49", "f": "a // 49"}).select("q", "f").rows() == [(1, 1), (2, 2)]
    assert keep(frame[:1], ["a / 49 == 1"]).all()
    assert keep(frame, ["49 / 49 == a / a"]).all()


def test_what_is_missing_is_neither_fulfilled_nor_refuted():
    frame = pl.DataFrame({"a": ["5", None, "x"], "sex": ["F", "", None]})
    assert keep(frame, ["a >= 5"]).tolist() == keep(frame, ["not a < 5"]).tolist() == [True, False, False]
    assert (
        keep(frame, ["a != 4"]).tolist() == keep(frame, ["a not in (4, 3)"]).tolist() == [True, False, False]
    )
    assert keep(frame, ["a >= 5 or is_missing(sex)"]).all()
    assert keep(frame, ["sex != 'F' and a == 5"]).tolist() == [False] * 3
    assert derived(frame, {"it": "'old' if a > 3 else 'young'"})["it"].to_list() == ["old", None, None]


def test_conditions_hold_together_and_no_condition_keeps_every_row():
    frame = pl.DataFrame({"a": [1, 2, 3]})
    assert keep(frame, []).all()
    assert keep(frame, ["a > 1", "1 <= a < 3"]).tolist() == [False, True, False]
    assert keep(frame.clear(), ["a > 1"]).tolist() == []


def test_a_later_column_may_use_an_earlier_one_and_is_read_by_its_type():
    frame = pl.DataFrame({"admitted": ["2024-12-31"], "length of stay": ["3"], "^.*$": ["7"]})
    made = derived(frame, {"long": "column('length of stay') > 2", "n": "column('^.*$') + number(long)", "day": "date(admitted)"})  # fmt: skip
    assert made.select("long", "n", "day").row(0) == (True, 8.0, "2024-12-31")


def test_columns_of_every_type_that_a_file_has_are_read():
    kinds = pl.DataFrame(
        {
            "i": [7],
            "f": [7.0],
            "b": [True],
            "d": [date(2024, 2, 29)],
            "c": pl.Series(["7"], dtype=pl.Categorical),
        }
    )
    assert keep(
        kinds, ["i == f", "text(f) == '7'", "b == 'true'", "b == 1", "date(d) == '2024-02-29'", "c == 7"][1:]
    ).all()
    assert keep(kinds, ["number(i) == f", "year(d) == 2024"]).all()


def test_an_expression_says_its_columns_so_that_they_can_be_read_as_text():
    assert parse("column('a b') + a * min(c, a, 2) > 年龄").columns() == ("a b", "a", "c", "年龄")
    assert (
        repr(parse("a + 1"))
        == "Expression(text='a + 1', kind=<Kind.NUMBER: 'number'>, reads=(('a', <Kind.NUMBER: 'number'>),))"
    )


def test_a_long_list_and_a_long_sum_are_understood():
    assert keep(pl.DataFrame({"a": ["300"]}), [f"a in ({', '.join(map(str, range(100, 301)))})"[:990].rsplit(",", 1)[0] + ", 300)"]).all()  # fmt: skip
    assert derived(pl.DataFrame({"a": ["2"]}), {"it": "+".join(["a"] * 60)})["it"][0] == 120


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a.mean()", "unknown"), ("a[0]", "unknown"), ("[a for a in b]", "unknown"), ("lambda: a", "unknown"),
        ("(a := 3)", "unknown"), ("f'{a}'", "unknown"), ("a @ b", "unknown"), ("a << 2", "unknown"),
        ("~a", "unknown"), ("None == a", "unknown"), ("True == a", "unknown"), ("1j * a", "unknown"),
        ("... == a", "unknown"), ("b'x' == a", "unknown"), ("1e999 * a", "unknown"), ("min(a, key=b)", "unknown"),
        ("min(*a)", "unknown"), ("a == '\\ud800'", "unknown"), ("(yield)", "unknown"), ("{1: a}", "unknown"),
        ("sum(a)", "function"), ("mean(a)", "function"), ("__import__('os')", "function"), ("eval('a')", "function"),
        ("count(a) > 1", "function"), ("min(a)", "arguments"), ("sqrt(a, b)", "arguments"),
        ("a +", "not-one"), ("a; b", "not-one"), ("a = 3", "not-one"), ("", "not-one"), ("a\0", "not-one"),
        ("(" * 400, "not-one"), ("a" * 1001, "too-long"), ("-" * 900 + "a", "too-deep"),
        ("1 < 2", "no-column"), ("ﬁ > 2", "spelling"),
        ("a == b", "two-columns"), ("sex < 'F'", "order-of-texts"), ("lower(sex) + 1", "kind-of"),
        ("a and b", "kind-of"), ("(a > 1) + 1", "kind-of"), ("a if b else c", "kind-of"), ("-'x' == a", "kind-of"),
        ("'x' == 3 + a", "two-kinds"), ("a in b", "list"), ("'x' in sex", "list"), ("a in ()", "list"),
        ("a is None", "is"), ("year('2023-02-30') == a", "day"), ("date(a) > 'soon'", "day"),
    ],
)  # fmt: skip
def test_everything_else_is_refused_by_name(text, code):
    with pytest.raises(InvalidInput) as refused:
        parse(text)
    assert refused.value.code == f"expressions.{code}"
    assert len(str(refused.value)) < 250


def test_a_condition_is_no_number_and_a_derived_column_replaces_none():
    frame = pl.DataFrame({"a": ["secret"]})
    for work, code in [
        (lambda: keep(frame, ["a + 1"]), "expressions.kind-of"),
        (lambda: keep(frame, ["a"]), "expressions.kind-of"),
        (lambda: keep(frame, ["b > 1"]), "stats.no-column"),
        (lambda: derived(frame, {"a": "a + 1"}), "expressions.name-taken"),
        (lambda: derived(frame, {"_patient": "a + 1"}), "expressions.name"),
        (lambda: derived(frame, {" ": "a + 1"}), "expressions.name"),
    ]:
        with pytest.raises(InvalidInput) as refused:
            work()
        assert refused.value.code == code
        assert "secret" not in str(refused.value)


def test_a_million_rows_of_one_patient_are_kept_at_once():
    frame = pl.DataFrame({"a": pl.Series(np.arange(1_000_000)).cast(pl.String)})
    assert int(keep(frame, ["a % 2 == 0", "a >= 10"]).sum()) == 499_995
