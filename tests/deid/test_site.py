"""A site list finds its strings where they stand by themselves, and takes back nothing that is sure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.deid.deidentify import Deidentifier
from confide.deid.site import SiteList
from confide.errors import IntegrityError

EMPTY = {"always": {}, "never": frozenset(), "studies": ("s",), "learnt": "2026-01-01T00:00:00Z"}
DAY = "2023-02-30"


def cleaned(note, text, known=None, **lists):
    site = SiteList(**{**EMPTY, **lists})
    deid = Deidentifier(policy="gbt37964-research", key=b"k" * 32, site=site)
    return deid.patient([note(text)], known or {})[0]


@pytest.mark.parametrize(
    "text", ["seen by Zorblax today", "Zorblax", "由Zorblax看过", "Ｚｏｒｂｌａｘ", "(Zorblax)"]
)
def test_a_string_of_always_is_masked_in_every_way_of_writing(note, text):
    done = cleaned(note, text, always={"Zorblax": "staff"})
    assert "Zorblax" not in done.text
    assert "Ｚｏｒｂｌａｘ" not in done.text
    assert done.spans[0].found_by == "site:staff"


def test_a_piece_of_a_longer_word_or_number_is_left(note):
    for text in ("Zorblaxian", "preZorblax", "Zorblax7"):
        done = cleaned(note, text, always={"Zorblax": "staff"})
        assert not any(span.found_by.startswith("site") for span in done.spans)


def test_han_characters_need_no_space_between_them(note):
    assert "青囊阁" not in cleaned(note, "转青囊阁复查", always={"青囊阁": "organisation"}).text


def test_a_string_of_never_takes_a_doubtful_find_back(note):
    text = f"follow-up on {DAY}"
    assert DAY not in cleaned(note, text).text
    done = cleaned(note, text, never=frozenset({DAY}))
    assert DAY in done.text
    assert done.review == ()


def test_a_string_of_never_takes_no_sure_find_and_no_value_of_the_patients_own_back(note):
    phone = "13812345678"
    assert phone not in cleaned(note, f"phone {phone}", never=frozenset({phone})).text
    done = cleaned(note, f"on {DAY}", {"other-id": (DAY,)}, never=frozenset({DAY}))
    assert DAY not in done.text


texts = st.text(st.sampled_from("ab张 1."), min_size=1, max_size=4)


@given(always=st.dictionaries(texts, st.sampled_from(["name", "phone"])), never=st.frozensets(texts))
def test_a_list_is_read_as_it_was_written(always, never):
    site = SiteList(**{**EMPTY, "always": always, "never": never})
    assert SiteList.from_bytes(site.to_bytes()) == site
    assert "always" not in repr(site)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format": "confide-site-list/1"}', b'{"format": "confide-site-list/1", "always": {"a": "colour"}, "never": [], "studies": [], "learnt": ""}'])  # fmt: skip
def test_what_is_no_list_is_refused(data):
    with pytest.raises(IntegrityError):
        SiteList.from_bytes(data)
