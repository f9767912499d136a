"""Write JSON in exactly one way (RFC 8785), so that two machines agree on a document's digest.

Objects, arrays, texts, numbers, true, false, null; knows no document of ours. The bytes are also good JSON
to store: a file that holds them has the digest that `sha256sum` prints.
"""

import json
import math
from decimal import Decimal

_EXACT = 2**53  # every whole number up to here is a double
_PLAIN = 10**21  # from here on ECMAScript writes an exponent


def canonical(value: object) -> bytes:
    """Return the one RFC 8785 text of `value`, in UTF-8.

    Guarantee: documents that are equal as JSON give the same bytes, whatever the order of their keys. What is read
    back from these bytes gives them again.

    Raises:
        ValueError: a number is not finite, or a whole number above 2**53 is not written like a double.
        TypeError: something is not JSON.

    Source: RFC 8785, sections 3.2.2 (numbers as ECMAScript writes them) and 3.2.3 (keys by UTF-16 units).

    >>> canonical({"b": 1e-8, "a": [1.0, "患者", None, True]}).decode()
    '{"a":[1,"患者",null,true],"b":1e-8}'
    """
    return _text(value).encode("utf-8")


def _text(value: object) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        text = str(value)
        if abs(value) > _EXACT and (abs(value) >= _PLAIN or number(float(value)) != text):
            raise ValueError("whole number that is no double")
        return text
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return (
            "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_text(value[key])}" for key in keys) + "}"
        )
    raise TypeError(type(value).__name__)


def number(value: float) -> str:
    """Return `value` as ECMAScript's `Number.prototype.toString` writes it.

    >>> [number(x) for x in (1e21, 1e20, 0.000001, 1e-7, -0.0, 4.5)]
    ['1e+21', '100000000000000000000', '0.000001', '1e-7', '0', '4.5']
    """
    if not math.isfinite(value):
        raise ValueError("number is not finite")
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + int(exponent)
    minus = "-" if sign else ""
    if not -6 < point <= 21:
        mantissa = text if len(text) == 1 else f"{text[0]}.{text[1:]}"
        return f"{minus}{mantissa}e{point - 1:+d}"
    if point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    if point < len(text):
        return f"{minus}{text[:point]}.{text[point:]}"
    return f"{minus}{text}{'0' * (point - len(text))}"
