"""A find of an organisation that ends too soon gets the whole name; nothing shrinks, and nothing crosses a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.deid.cascade import find_in_documents
from confide.deid.hits import Hit
from confide.deid.known import known_values
from confide.deid.whole import whole_names


def grown(text, value, kind="place"):
    start = text.index(value)
    hits = [Hit(start, start + len(value), kind, 0.6, f"tagger:{kind}")]
    return [text[hit.start : hit.end] for hit in whole_names(text, hits)]


@pytest.mark.parametrize(
    ("text", "value", "kind", "whole"),
    [
        ("自称在会宁县祖厉河砖厂上班", "会宁县祖厉河", "place", "会宁县祖厉河砖厂"),
        ("昨日在惠康中医院就诊", "中医院", "organisation", "惠康中医院"),
        ("供惠康中医院病案室", "中医院", "organisation", "惠康中医院"),
        ("单位惠康中医院", "中医院", "organisation", "惠康中医院"),
        ("fell at Tacoma Fruit Packers, here", "Tacoma", "place", "Tacoma Fruit Packers"),
        ("went to Brendan's ER today", "Brendan", "organisation", "Brendan's ER"),
    ],
)
def test_a_name_that_was_found_in_part_is_found_whole(text, value, kind, whole):
    assert grown(text, value, kind) == [whole]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("家住会宁县,在砖厂上班", "会宁县"),
        ("来自会宁县的厂工", "会宁县"),
        ("敬礼\n桐城医院", "桐城医院"),
        ("lives in Tacoma\nPackers won", "Tacoma"),
        ("lives in Tacoma and works at the Mill", "Tacoma"),
        ("出院转张厂长", "张"),
        ("已托南门中学校友会", "南门中学"),
        ("供昆山市人社局使用", "昆山市人社局"),
    ],
)
def test_what_belongs_to_no_name_stays_outside(text, value):
    assert grown(text, value) == []
    assert value not in ("南门中学", "昆山市人社局") or grown(text, value, "organisation") == []


def test_two_finds_with_of_between_are_one_organisation():
    text = "patient of Sacred Heart of Dothan, stable"
    hits = [
        Hit(11, 23, "organisation", 0.6, "tagger:organisation"),
        Hit(27, 33, "place", 0.6, "tagger:place"),
    ]
    assert [text[hit.start : hit.end] for hit in whole_names(text, hits)] == ["Sacred Heart of Dothan"]


@given(st.text("会宁县砖厂医院在的\n ,ATacomarFIn's").filter(bool), st.data())
def test_a_find_only_ever_grows_and_stays_on_its_lines(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    for kind in ("organisation", "place", "name"):
        for hit in whole_names(text, [Hit(start, end, kind, 0.6, f"tagger:{kind}")]):
            assert hit.start <= start < end <= hit.end
            assert "\n" not in text[hit.start : start] + text[end : hit.end]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("问:您贵姓?答:免贵姓车。", "车"),
        ("遵高莲医嘱安痛定im。", "高莲"),
        ("transferred from St. Luke's today", "St. Luke's"),
        ("Hector / M / 97 / ward 3", "97"),
        ("Meyer, Thuy   90 y   F", "90"),
        ("last four of social 4339. Alone.", "4339"),
    ],
)
def test_a_word_that_says_so_gives_a_name_away(text, found):
    (document,) = find_in_documents([text], known_values({}))
    assert found in [document.value(hit) for hit in document.hits]


def test_what_only_looks_so_stays():
    for text in ("on St. John's wort daily", "姓名不详", "Hector / M / 45 / ward 3"):
        (document,) = find_in_documents([text], known_values({}))
        assert not {"St. John's", "名", "45"} & {document.value(hit) for hit in document.hits}
