"""Write numbers the way a reader of a dossier wants them: few digits, never kinder than the truth.

A spent ε is rounded up and a remaining one down, so that a page never understates an exposure.
Pure functions from numbers to text and to places on a chart; the words stand in the templates.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

_NONE = "–"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALLEST = Decimal(10) ** -9  # the ledger counts ε in units of 1e-9


def _digits(value: Decimal, keep: int, rounding: str) -> str:
    if value == 0:
        return "0"
    step = Decimal(1).scaleb(min(value.adjusted() - keep + 1, 0))
    text = f"{value.quantize(step, rounding=rounding):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _epsilon(value: float | None, rounding: str) -> str:
    if value is None or not math.isfinite(value):
        return _NONE
    if abs(value) >= 1e9:
        return power(value)
    return _digits(Decimal(repr(value)).quantize(_SMALLEST, rounding=ROUND_HALF_EVEN), 3, rounding)


def spent(value: float | None) -> str:
    """Return an ε that was or will be spent: three digits, rounded up.

    >>> spent(2.0), spent(0.1 + 0.2), spent(1.2341), spent(None)
    ('2', '0.3', '1.24', '–')
    """
    return _epsilon(value, ROUND_CEILING)


def left(value: float | None) -> str:
    """Return an ε that is still there: three digits, rounded down.

    >>> left(1.2349), left(7.0)
    ('1.23', '7')
    """
    return _epsilon(value, ROUND_FLOOR)


def power(value: float | None) -> str:
    """Return a very small or large number as a power of ten: δ = 1×10⁻⁸.

    >>> power(1e-8), power(2.5e-9), power(0), power(None)
    ('1×10⁻⁸', '2.5×10⁻⁹', '0', '–')
    """
    if value is None or not math.isfinite(value):
        return _NONE
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.2e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}×10{str(int(exponent)).translate(_RAISED)}"


def count(value: float | None) -> str:
    """Return a whole number with separators of thousands.

    >>> count(101766), count(-3), count(None)
    ('101,766', '−3', '–')
    """
    return quantity(value if value is None or abs(value) >= 1e12 else round(value))


def quantity(value: float | None, half_width: float | None = None) -> str:
    """Return `value` with as many digits as its uncertainty is worth: two of the half width, else three.

    >>> quantity(1234.5678, half_width=12.3), quantity(4.56789, half_width=0.21), quantity(-0.0312)
    ('1,235', '4.57', '−0.0312')
    """
    if value is None or not math.isfinite(value):
        return _NONE
    if abs(value) >= 1e12 or 0 < abs(value) < 1e-6:
        return power(value)
    if half_width and 0 < half_width < math.inf:
        places = min(max(1 - math.floor(math.log10(half_width)), 0), 6)
        text = f"{value:,.{places}f}"
    else:
        exact = Decimal(repr(value))
        text = f"{value:,}" if isinstance(value, int) else _digits(exact, 3, ROUND_HALF_EVEN)
    return "0" if set(text) <= set("-0.,") else text.replace("-", "−")


def width(value: float | None) -> str:
    """Return half an interval with two digits.

    >>> width(37.0), width(0.3149), width(1234.0)
    ('37', '0.31', '1,234')
    """
    if value is None or not math.isfinite(value) or abs(value) >= 1e12 or 0 < abs(value) < 1e-6:
        return power(value)
    return _digits(Decimal(repr(value)), 2, ROUND_HALF_EVEN)


def percent(value: float | None) -> str:
    """Return a share of one in per cent, with three digits at most.

    >>> percent(0.742), percent(0.034), percent(0.0), percent(1), percent(None)
    ('74.2%', '3.4%', '0%', '100%', '–')
    """
    return _NONE if value is None else quantity(value * 100.0) + "%"


def at_most(value: float | None) -> str:
    """Return a share of one that is a bound, in per cent, rounded up.

    >>> at_most(0.88080), at_most(0.99995), at_most(None)
    ('88.1%', '100%', '–')
    """
    return _NONE if value is None else _digits(Decimal(repr(value)) * 100, 3, ROUND_CEILING) + "%"


def half_width(interval: Mapping[str, float | None]) -> float | None:
    """Return half the width of {"value", "low", "high"}, or None where it has no two ends.

    >>> half_width({"value": 5, "low": 4, "high": 7})
    1.5
    """
    low, high = interval.get("low"), interval.get("high")
    return None if low is None or high is None else abs(high / 2 - low / 2)


def axis(intervals: Iterable[Mapping[str, float | None]]) -> tuple[float, float] | None:
    """Return the two ends of a chart that shows all `intervals`; None when there is nothing to show.

    The axis begins at zero unless all values lie far from it.

    >>> axis([{"value": 5, "low": 4, "high": 6}, {"value": 30, "low": 28, "high": 31}])
    (0.0, 31.0)
    """
    seen = [x for interval in intervals for x in interval.values() if x is not None and abs(x) < 1e150]
    if not seen:
        return None
    low, high = float(min(seen)), float(max(seen))
    if low >= 0 and low < high / 2:
        low = 0.0
    if high <= 0 and high > low / 2:
        high = 0.0
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def place(value: float | None, ends: Sequence[float], width: float) -> float:
    """Return where `value` stands on a chart of `width`, kept inside it.

    >>> place(5, (0, 10), 200), place(99, (0, 10), 200)
    (100.0, 200.0)
    """
    low, high = ends
    if value is None:
        return 0.0
    return round(min(max((value - low) / (high - low), 0.0), 1.0) * width, 2)


def shares(total: float | None, before: float | None, now: float | None) -> tuple[float, float]:
    """Return the parts of an account's bar, each between 0 and 100, together at most 100.

    >>> shares(10.0, 2.0, 3.0), shares(0.0, 1.0, 1.0), shares(1.0, 5.0, 5.0)
    ((20.0, 30.0), (0.0, 0.0), (100.0, 0.0))
    """
    if not total or total <= 0:
        return 0.0, 0.0
    first = min(max((before or 0.0) / total, 0.0), 1.0) * 100
    second = min(max((now or 0.0) / total, 0.0) * 100, 100 - first)
    return round(first, 2), round(second, 2)
