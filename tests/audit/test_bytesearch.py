"""Every known identifier is searched for in every outgoing byte."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.audit.bytesearch import search_bytes

values = st.one_of(
    st.text(alphabet="张伟王", min_size=2, max_size=4),
    st.text(alphabet="ab1", min_size=11, max_size=12),
)


@given(
    texts=st.lists(st.lists(st.one_of(values, st.just("张a1")), max_size=6).map("".join), max_size=5),
    needles=st.lists(values, max_size=6),
)
def test_every_occurrence_of_a_sole_identifier_is_found(texts, needles):
    outputs = [(None, text.encode()) for text in texts]
    wanted = set(needles)
    expected = sum(n in text for n in wanted for text in texts)
    found = search_bytes({"p": {"record-number": needles}}, outputs)
    assert found.found == expected
    assert found.identifiers == len(wanted)


def test_a_name_is_a_leak_in_its_own_records_and_a_coincidence_elsewhere():
    known = {"p1": {"name": ["张小伟"]}, "p2": {"name": ["王芳芳"]}}
    found = search_bytes(known, [("p1", "患者张小伟".encode()), ("p2", "家属张小伟".encode())])
    assert (found.found, found.coincidences) == (1, 1)


def test_a_short_id_is_a_leak_where_it_stands_alone_in_its_own_records():
    known = {"p1": {"record-number": ["4711"]}}
    outputs = [("p1", b"bed 4711"), ("p1", b"x14711"), ("p1", "床4711号".encode()), ("p2", b"4711 ml")]
    found = search_bytes(known, outputs)
    assert (found.found, found.coincidences) == (2, 1)


def test_a_long_id_is_a_leak_inside_a_longer_number_too():
    assert search_bytes({"p": {"phone": ["13800000000"]}}, [(None, b"0086138000000001")]).found == 1


@pytest.mark.parametrize("written", ["电话１３８００００００００", "１３８0000００００，", "电话①38"])
def test_full_width_forms_do_not_hide_an_identifier(written):
    found = search_bytes({"p": {"phone": ["13800000000"]}}, [(None, written.encode()), (None, b"\xff138")])
    assert found.found == (0 if "①" in written else 1)


def test_an_identifier_that_was_listed_in_full_width_is_found_in_plain_digits():
    assert search_bytes({"p": {"phone": ["１３８００００００００"]}}, [(None, b"13800000000")]).found == 1


def test_bytes_that_are_no_text_are_searched_as_they_are():
    assert search_bytes({"p": {"phone": ["13800000000"]}}, [(None, b"\xff\xfe13800000000\xff")]).found == 1


def test_case_does_not_hide_an_identifier():
    assert search_bytes({"p": {"email": ["Ann@example.org"]}}, [(None, b"ANN@EXAMPLE.ORG")]).found == 1


def test_an_identifier_across_two_records_is_not_found():
    assert search_bytes({"p": {"phone": ["13800000000"]}}, [(None, b"138000"), (None, b"00000")]).found == 0


def test_nothing_to_search_and_nothing_to_search_in():
    assert search_bytes({}, []).found == 0
    assert search_bytes({"p": {"phone": ["13800000000"]}}, [(None, b"")]).found == 0


@pytest.mark.parametrize(
    "value", ['John "Jack" Smith', "12 High Street\nOldtown", "C:\\ward\\4711", "欧阳 明月"]
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_escapes_of_json_and_csv_do_not_hide_an_identifier(value, ascii_only):
    line = json.dumps({"text": f"seen: {value}, well"}, ensure_ascii=ascii_only).encode()
    cells = io.StringIO()
    csv.writer(cells).writerow([f"seen: {value}, well"])
    found = search_bytes({"p": {"name": [value]}}, [("p", line), ("p", cells.getvalue().encode())])
    assert (found.found, found.identifiers) == (2, 1)
