"""From the tree of an expression to values: what is understood, and what each piece means for one row.

Guarantee: every piece is a function of the cells of its own row, computed once. Everything that is not
listed here is refused by name, whatever the cells: without rows the same tree is walked.
`confide.stats.expressions` parses the text and reads the cells.
"""

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

import numpy as np
import polars as pl

from confide.errors import InvalidInput
from confide.stats.cells import Kind, read_cells
from confide.words import say

DEEPEST = 100  # a sum of many columns is one inside the other
NUMBER, TEXT, DAY, TRUTH = Kind


def _floor_divided(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return (left / right).floor()


def _smaller(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return pl.when(left <= right).then(left).when(left > right).then(right)


def _larger(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return pl.when(left >= right).then(left).when(left < right).then(right)


def _chosen(holds: pl.Expr, yes: pl.Expr, no: pl.Expr) -> pl.Expr:
    return pl.when(holds).then(yes).when(~holds).then(no)


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of the language: the kinds that it takes, the kind that it gives, and how."""

    takes: tuple[Kind | None, ...]  # None: any kind; a bare column is then read as text
    gives: Kind
    make: Callable[..., pl.Expr]
    more: bool = False  # whether it takes further arguments of the last kind


_ARITHMETIC: dict[type[ast.operator], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: _floor_divided,
    ast.Mod: lambda left, right: left - _floor_divided(left, right) * right,
    ast.Pow: lambda left, right: left**right,
}
_COMPARISON: dict[type[ast.cmpop], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
}
_FUNCTIONS: dict[str, _Function] = {
    "abs": _Function((NUMBER,), NUMBER, pl.Expr.abs),
    "sqrt": _Function((NUMBER,), NUMBER, pl.Expr.sqrt),
    "log": _Function((NUMBER,), NUMBER, pl.Expr.log),
    "exp": _Function((NUMBER,), NUMBER, pl.Expr.exp),
    "floor": _Function((NUMBER,), NUMBER, pl.Expr.floor),
    "ceil": _Function((NUMBER,), NUMBER, pl.Expr.ceil),
    "round": _Function((NUMBER,), NUMBER, lambda one: one.round(0, mode="half_to_even")),
    "min": _Function((NUMBER, NUMBER), NUMBER, lambda *all_: reduce(_smaller, all_), more=True),
    "max": _Function((NUMBER, NUMBER), NUMBER, lambda *all_: reduce(_larger, all_), more=True),
    "year": _Function((DAY,), NUMBER, lambda day: day.dt.year().cast(pl.Float64)),
    "month": _Function((DAY,), NUMBER, lambda day: day.dt.month().cast(pl.Float64)),
    "weekday": _Function((DAY,), NUMBER, lambda day: day.dt.weekday().cast(pl.Float64)),
    "days_between": _Function(
        (DAY, DAY), NUMBER, lambda first, last: (last - first).dt.total_days().cast(pl.Float64)
    ),
    "lower": _Function((TEXT,), TEXT, lambda text: text.str.to_lowercase()),
    "starts_with": _Function((TEXT, TEXT), TRUTH, lambda text, start: text.str.starts_with(start)),
    "is_missing": _Function((None,), TRUTH, pl.Expr.is_null),
    "number": _Function((NUMBER,), NUMBER, lambda one: one),
    "text": _Function((TEXT,), TEXT, lambda one: one),
    "date": _Function((DAY,), DAY, lambda one: one),
}


def verify_depth(tree: ast.expr) -> None:
    """Refuse a tree that is deeper than anybody can read."""
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise InvalidInput("expressions.too-deep", most=DEEPEST)


def verify_names(tree: ast.expr, text: str) -> None:
    """Refuse a name that Python spells otherwise than it is written, and so would be another column."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in text:
            raise InvalidInput("expressions.spelling", found=node.id)


def _shown(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:60]}…"


def _refused(node: ast.AST) -> InvalidInput:
    return InvalidInput("expressions.unknown", found=_shown(node))


def _column(node: ast.expr) -> str | None:
    """Return the column that a node names, by a plain name or by `column("any name")`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Name(id="column"), args=[ast.Constant(value=str(name))], keywords=[]):
            return name
    return None


def _function(node: ast.Call) -> _Function:
    starred = any(isinstance(each, ast.Starred) for each in node.args)
    if not isinstance(node.func, ast.Name) or node.keywords or starred:
        raise _refused(node)
    name, known = node.func.id, ", ".join([*_FUNCTIONS, "column"])
    if name not in _FUNCTIONS:
        raise InvalidInput("expressions.function", name=name, known=known)
    function = _FUNCTIONS[name]
    least, found = len(function.takes), len(node.args)
    if found < least or (found > least and not function.more):
        raise InvalidInput("expressions.arguments", name=name, wanted=least, found=found)
    return function


def kind_of(node: ast.expr) -> Kind | None:
    """Return the kind of a node; None for a bare column, which is read as its place asks.

    Raises:
        InvalidInput: the node is no part of the language.
    """
    if _column(node) is not None:
        return None
    match node:
        case ast.Constant(value=bool() | None):
            raise _refused(node)
        case ast.Constant(value=str()):
            return TEXT
        case ast.Constant(value=int() | float()):
            return NUMBER
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()) | ast.BinOp():
            return NUMBER
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return TRUTH
        case ast.IfExp(body=yes, orelse=no):
            return _common(yes, no)
        case ast.Call():
            return _function(node).gives
    raise _refused(node)


def _common(left: ast.expr, right: ast.expr) -> Kind | None:
    """Return the kind of two values that stand beside each other; a text beside a day is one, written out."""
    kinds = {kind for kind in (kind_of(left), kind_of(right)) if kind is not None}
    if kinds == {DAY, TEXT}:
        return DAY
    if len(kinds) > 1:
        first, second = (say(f"expressions.kind.{kind}") for kind in sorted(kinds))
        shown = {"left": _shown(left), "right": _shown(right)}
        raise InvalidInput("expressions.two-kinds", **shown, first=first, second=second)
    return kinds.pop() if kinds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Some rows and what was computed of them so far. Patient data: never printed."""

    height: int
    read: Callable[[str, Kind], pl.Series] = field(repr=False)
    known: dict[tuple[ast.expr, Kind | None], pl.Series] = field(default_factory=dict, repr=False)


def value(node: ast.expr, wanted: Kind | None, rows: Rows) -> pl.Series:
    """Return the value of a node in each row, of the kind that is wanted; None for any.

    Raises:
        InvalidInput: the node is no part of the language, or of another kind.
    """
    if (node, wanted) not in rows.known:  # the middle of a chain is asked for twice
        rows.known[node, wanted] = _value(node, wanted, rows)
    return rows.known[node, wanted]


def _value(node: ast.expr, wanted: Kind | None, rows: Rows) -> pl.Series:
    found = kind_of(node)
    column = _column(node)
    if column is not None and wanted is not TRUTH:
        return rows.read(column, wanted or TEXT)
    if wanted is DAY and isinstance(node, ast.Constant) and found is TEXT:
        return _day(node, rows)
    if wanted is not None and found is not wanted and not (found is None and isinstance(node, ast.IfExp)):
        kind, needed = (say(f"expressions.kind.{each or 'cell'}") for each in (found, wanted))
        raise InvalidInput("expressions.kind-of", found=_shown(node), kind=kind, wanted=needed)
    match node:
        case ast.Constant(value=one):
            return _text(node, rows) if isinstance(one, str) else _number(node, rows)
        case ast.UnaryOp(op=ast.Not(), operand=one):
            return ~value(one, TRUTH, rows)
        case ast.UnaryOp(op=sign, operand=one):
            number = value(one, NUMBER, rows)
            return -number if isinstance(sign, ast.USub) else number
        case ast.BinOp(left=left, op=operator, right=right):
            if type(operator) not in _ARITHMETIC:
                raise _refused(node)
            return _finite(
                _made(_ARITHMETIC[type(operator)], value(left, NUMBER, rows), value(right, NUMBER, rows))
            )
        case ast.BoolOp(op=joint, values=values):
            parts = (value(each, TRUTH, rows) for each in values)
            return reduce(lambda a, b: a & b if isinstance(joint, ast.And) else a | b, parts)
        case ast.Compare(left=left, ops=operators, comparators=others):
            pairs = zip([left, *others], operators, others, strict=False)
            return reduce(lambda a, b: a & b, [_pair(*pair, rows) for pair in pairs])
        case ast.IfExp(test=test, body=yes, orelse=no):
            given = wanted or found
            return _made(_chosen, value(test, TRUTH, rows), value(yes, given, rows), value(no, given, rows))
        case ast.Call():
            return _call(node, rows)
    raise _refused(node)


def _made(make: Callable[..., pl.Expr], *values: pl.Series) -> pl.Series:
    frame = pl.DataFrame({str(place): each for place, each in enumerate(values)})
    return frame.select(value=make(*map(pl.col, frame.columns))).to_series()


def _finite(numbers: pl.Series) -> pl.Series:
    return _made(lambda one: pl.when(one.is_finite()).then(one), numbers)


def _call(node: ast.Call, rows: Rows) -> pl.Series:
    function = _function(node)
    takes = [*function.takes, *[function.takes[-1]] * (len(node.args) - len(function.takes))]
    values = [value(each, kind, rows) for each, kind in zip(node.args, takes, strict=True)]
    made = _made(function.make, *values)
    return _finite(made) if function.gives is NUMBER else made


def _pair(left: ast.expr, operator: ast.cmpop, right: ast.expr, rows: Rows) -> pl.Series:
    if isinstance(operator, ast.In | ast.NotIn):
        if not isinstance(right, ast.Tuple | ast.List | ast.Set) or not right.elts:
            raise InvalidInput("expressions.list", found=_shown(right))
        among = reduce(lambda a, b: a | b, (_pair(left, ast.Eq(), each, rows) for each in right.elts))
        return ~among if isinstance(operator, ast.NotIn) else among
    if isinstance(operator, ast.Is | ast.IsNot):
        raise InvalidInput("expressions.is", left=_shown(left), right=_shown(right))
    kind = _common(left, right)
    if kind is TEXT and not isinstance(operator, ast.Eq | ast.NotEq):
        raise InvalidInput("expressions.order-of-texts", left=_shown(left), right=_shown(right))
    if kind is None and isinstance(operator, ast.Eq | ast.NotEq):
        raise InvalidInput("expressions.two-columns", left=_shown(left), right=_shown(right))
    kind = kind or NUMBER
    return _made(_COMPARISON[type(operator)], value(left, kind, rows), value(right, kind, rows))


def _number(node: ast.Constant, rows: Rows) -> pl.Series:
    """Return a number in every row.

    Beside a lone number Polars divides by multiplying with its inverse, in frames of more than one row:
    49 / 49 would be less than 1, and how many rows others have would change it.
    """
    try:
        number = float(node.value)  # type: ignore[arg-type]  # an int or a float, by `kind_of`
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _refused(node)
    return pl.Series(np.full(rows.height, number))


def _text(node: ast.Constant, rows: Rows) -> pl.Series:
    try:
        return pl.repeat(str(node.value), rows.height, dtype=pl.String, eager=True)
    except UnicodeEncodeError:  # half of a character
        raise _refused(node) from None


def _day(node: ast.Constant, rows: Rows) -> pl.Series:
    found = read_cells(pl.Series([str(node.value)]), DAY)[0]
    if not isinstance(found, date):
        raise InvalidInput("expressions.day", found=_shown(node))
    return pl.repeat(found, rows.height, dtype=pl.Date, eager=True)
