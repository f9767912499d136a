"""A section that could never be read is refused when it is made."""

import dataclasses

import pytest

from confide.errors import InvalidInput
from confide.records.section import SourceSection

GOOD = {"name": "visits", "kind": "table", "path": "raw/visits.csv"}
WRONG = [
    {"name": "Visits!"},
    {"kind": "picture"},
    {"path": ""},
    {"path": "/etc/passwd"},
    {"path": "raw/../../x.csv"},
    {"kind": "notes"},
    {"text": "note"},
    {"patient": "_patient"},
    {"identifiers": {"_row": "name"}},
    {"kind": "notes", "text": "note", "patient": "note"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_section_that_could_never_be_read_is_refused(wrong):
    with pytest.raises(InvalidInput) as refused:
        SourceSection(**(GOOD | wrong))
    assert refused.value.hint


def test_a_section_holds_public_fields_that_say_what_they_mean():
    section = SourceSection(**GOOD)
    assert all(field.metadata["doc"] for field in dataclasses.fields(section))
    with pytest.raises(dataclasses.FrozenInstanceError):
        section.name = "other"


def test_identifiers_stay_text_and_ages_do_not():
    section = SourceSection(**GOOD, patient="pid", id="v", identifiers={"phone": "phone", "age": "age"})
    assert section.text_columns == {"pid", "v", "phone"}
