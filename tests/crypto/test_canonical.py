"""A document has one text: that of RFC 8785, with numbers as ECMAScript writes them and keys by UTF-16 units."""

import json
import math
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from confide.crypto.canonical import canonical, number

# RFC 8785, appendix B: the bits of a double, and its text.
PUBLISHED = [
    ("0000000000000000", "0"), ("8000000000000000", "0"), ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"), ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"), ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"), ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"), ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"), ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"), ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"), ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"), ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"), ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"), ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@pytest.mark.parametrize(("bits", "text"), PUBLISHED)
def test_a_number_is_written_as_the_standard_prints_it(bits, text):
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert number(value) == text
    assert canonical(value) == text.encode()


@given(value=st.floats(allow_nan=False, allow_infinity=False))
@example(value=0.1)
@example(value=-1.5)
@example(value=123456789012345680000.0)
@example(value=1e-6)
@example(value=1.5e-7)
def test_a_number_reads_back_as_itself_and_is_laid_out_by_its_size(value):
    text = number(value)
    assert float(text) == value
    if value == 0:
        assert text == "0"
    else:
        assert ("e" in text) == (not 1e-6 <= abs(value) < 1e21)
    assert text.startswith("-") == (value < 0)


@given(document=documents)
def test_the_text_is_json_of_the_same_document_without_a_space_and_its_keys_are_in_order(document):
    text = canonical(document).decode("utf-8")
    assert json.loads(text, parse_int=float) == document  # as JavaScript reads it
    assert canonical(json.loads(text)) == text.encode()

    def in_order(pairs):
        names = [name for name, _ in pairs]
        assert names == sorted(names, key=lambda name: name.encode("utf-16-be"))
        return dict(pairs)

    json.loads(text, object_pairs_hook=in_order)


def test_the_example_of_the_standard_is_written_byte_for_byte():
    """RFC 8785, 3.2.2 and 3.2.3."""
    numbers = [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001]
    document = {
        "numbers": numbers,
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
        "literals": [None, True, False],
    }
    assert canonical(document).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    text = canonical(dict.fromkeys(keys, 0)).decode()
    assert text == '{"\\r":0,"1":0,"\u0080":0,"\u00f6":0,"\u20ac":0,"\U0001f600":0,"\ufb33":0}'
    assert list(json.loads(text)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize("value", [2**53, -(2**53)])
def test_whole_numbers_are_exact_up_to_two_to_the_fifty_third(value):
    assert canonical(value) == str(value).encode()
    with pytest.raises(ValueError, match=r"^whole number that is no double$"):
        canonical(value + (1 if value > 0 else -1))


@given(value=st.floats(2**53, 1e21, exclude_max=True), sign=st.sampled_from([1, -1]))
@example(value=2.0**53 + 2, sign=1)
@example(value=999999999999999900000.0, sign=-1)
def test_a_large_double_is_written_without_exponent_and_what_is_read_back_as_a_whole_number_is_the_same(
    value, sign
):
    """Python reads `9007199254740994` as an int where others read a double: a signature must hold in both."""
    text = canonical(sign * value)
    assert canonical(json.loads(text)) == text
    assert isinstance(json.loads(text), int)


@pytest.mark.parametrize("value", [2**53 + 1, 2**60 + 1, 10**21, -(10**21), 10**400])
def test_a_whole_number_that_a_double_would_round_is_refused(value):
    with pytest.raises(ValueError, match=r"^whole number that is no double$"):
        canonical({"key": [value]})


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match=r"^number is not finite$"):
        canonical([value])


@pytest.mark.parametrize(("value", "name"), [(b"bytes", "bytes"), ({1, 2}, "set"), (object, "type")])
def test_what_is_not_json_is_refused_by_the_name_of_its_type(value, name):
    with pytest.raises(TypeError, match=rf"^{name}$"):
        canonical({"key": value})


def test_a_lone_surrogate_which_no_utf_8_holds_is_refused():
    for document in ("\ud800", {"\udfff": 1}):
        with pytest.raises(UnicodeEncodeError):
            canonical(document)
