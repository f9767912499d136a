"""One person stays one invented person, however a name is written; a woman stays a woman, a man a man."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto.keyed import Keyed
from confide.deid.lexicon import word_set, words
from confide.deid.people import Mention, People, gender_beside
from confide.deid.spelling import reading, simplified, spellings, traditional
from confide.deid.surrogate_names import invent_name

KEYED = Keyed(b"k" * 32)
POLICY = "gdpr-pseudonymise"
surnames = st.sampled_from(words("zh", "surnames")[:80])
givens = st.text(st.sampled_from(words("zh", "given")), min_size=1, max_size=2)


def pinyin(name):
    return [reading(name[0], surname=True), "".join(map(reading, name[1:]))]


@given(patient=st.text(max_size=4), surname=surnames, given_name=givens)
def test_a_name_in_pinyin_becomes_the_pinyin_of_the_invented_name(patient, surname, given_name):
    people = People([Mention(surname + given_name)])
    han = invent_name(KEYED, patient, surname + given_name, "known:name", people)
    last, first = pinyin(surname + given_name)
    written = f"{last.capitalize()} {first.capitalize()}"
    new = invent_name(KEYED, patient, written, "known:name-pinyin", people)
    if len({last, first, last[0], first[0]}) == 4:  # else one spelling has two meanings
        assert new.lower().split() == pinyin(han)
        assert new.lower().split()[0] != last  # a given name may sound like it, by chance


def test_all_writings_of_a_name_lead_to_one_invented_person(clean):
    text = "张伟来诊。张 伟，張偉，Zhang Wei，ZHANG, Wei，Wei Zhang，zhangwei；张先生，老张，Mr. Zhang，Z.W."
    (new,) = clean(text, known={"name": ("张伟",)}, policy=POLICY)
    name = new[:2]
    last, first = pinyin(name)
    capital, small = last.capitalize(), first.capitalize()
    assert new == (
        f"{name}来诊。{name[0]} {name[1]}，{name}，{capital} {small}，{last.upper()}, {small}，{small} {capital}，{last}{first}；"
        f"{name[0]}先生，老{name[0]}，Mr. {capital}，{last[0].upper()}.{first[0].upper()}."
    )


def test_a_name_known_in_pinyin_alone_agrees_with_the_han_name_that_a_note_brings(clean):
    first, second = clean(
        "患者张伟，男，45岁。", "Zhang Wei came.", known={"name": ("Zhang Wei",)}, policy=POLICY
    )
    last, given_name = pinyin(first[2:4])
    assert second == f"{last.capitalize()} {given_name.capitalize()} came."


@pytest.mark.parametrize(
    ("text", "names", "gender"),
    [("张娜来诊", "张娜", "female"), ("李强来诊", "李强", "male"), ("周晓女士来诊", "周晓", "female"), ("周晓，男，45岁", "周晓", "male"), ("周女士", "周晓", "female")],
)  # fmt: skip
def test_the_gender_that_a_name_or_title_tells_is_kept(text, names, gender, clean):
    told = []
    for number in range(20):
        new = clean(text, names, known={"name": (names,)}, policy=POLICY, patient=f"p{number}")[1]
        told.append(new[-1] in word_set("people", f"zh_{gender}"))
    assert all(told)


@pytest.mark.parametrize(("name", "gender"), [("Mary Okonkwo", "female"), ("Kevin Okonkwo", "male"), ("Adaeze Okonkwo", "female")])  # fmt: skip
def test_an_english_first_name_keeps_its_gender(name, gender, clean):
    text = f"Mrs. Okonkwo came. {name}." if name.startswith("Ada") else f"{name}."
    for number in range(20):
        (new,) = clean(text, known={"name": (name,)}, policy=POLICY, patient=f"p{number}")
        assert new.split()[-2] in word_set("people", f"en_{gender}")


def test_titles_are_read_on_both_sides_and_a_child_is_no_title():
    assert gender_beside("Mr. Li", 4, 6) == "male"
    assert gender_beside("李晓(女,3岁)", 0, 2) == "female"
    assert gender_beside("李晓女儿代诉", 0, 2) == ""


@given(surname=surnames, given_name=givens)
def test_traditional_writings_lead_back_to_the_simplified_name(surname, given_name):
    for way in traditional(surname + given_name):
        assert way != surname + given_name
        assert simplified(way) == simplified(surname + given_name)


def test_the_letter_u_with_dots_counts_in_its_three_spellings():
    assert {"".join(way) for way in spellings("吕", surname=True)} == {"lu", "lv", "lyu"}


def test_no_two_traditional_characters_of_the_table_repeat():
    table = words("people", "traditional")
    assert len({pair[0] for pair in table}) == len(table)
    assert all(len(pair) == 2 and pair[0] != pair[1] for pair in table)


def test_people_show_no_name():
    people = People([Mention("张伟"), Mention("John Smith", gender="male")])
    assert repr(people) == "People(hidden)"
    assert "Smith" not in repr(Mention("John Smith"))


def test_an_invented_name_never_sounds_like_the_old_one():
    people = People([Mention("张丽")])
    for number in range(300):
        han = invent_name(KEYED, f"p{number}", "张丽", "known:name", people)
        latin = invent_name(KEYED, f"p{number}", "Zhang Li", "known:name-pinyin", people)
        assert latin.lower().split() == pinyin(han)
        assert (pinyin(han)[0] != "zhang", pinyin(han)[1] != "li") == (True, True)
