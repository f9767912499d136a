"""Lines for a terminal: nothing lost, nothing wider than it, Chinese counted as it is shown."""

from hypothesis import given
from hypothesis import strategies as st

from confide.cli.lines import columns, paragraph, percent, short, table

TEXT = st.text(alphabet="（“，。 ab中文%1…》《,.;-", max_size=80)


@given(text=TEXT, width=st.integers(24, 90), indent=st.integers(0, 4))
def test_no_character_is_lost_and_none_but_a_word_alone_stands_over_the_edge(text, width, indent):
    lines = paragraph(text, indent=indent, width=width).splitlines()
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert line == " " * indent + line.strip() or not line.strip()
        assert columns(line) <= width or " " not in line.strip()


def test_a_mark_that_closes_stays_with_what_it_closes_and_one_that_opens_with_what_it_opens():
    text = "分类、加密、权限管理（第五十一条），出境另有要求。"
    for width in range(8, 50):
        for line in paragraph(text, width=width).splitlines():
            assert line[0] not in "，。、）"
            assert line[-1] != "（"


def test_columns_line_up_to_the_right_though_characters_are_wide():
    lines = table([["量", "百"], ["count", "±1"], ["均值", "±100"]], width=80).splitlines()
    assert len({columns(line) for line in lines}) == 1


def test_a_name_too_long_for_its_column_stands_on_a_line_of_its_own():
    lines = table([["a name that is long", "1"], ["short", "2"]], indent=0, width=12).splitlines()
    assert lines == ["a name that is long", "           1", "short      2"]


def test_three_digits_are_shown_and_an_upper_bound_below_one_is_not_shown_smaller():
    assert [short(x) for x in (0, 0.12345, 999.6, 1234567, float("inf"))] == [
        "0",
        "0.123",
        "1,000",
        "1,230,000",
        "inf",
    ]
    assert [percent(x) for x in (0.99999, 0.99661, 0.5)] == ["100 %", "99.67 %", "50 %"]
