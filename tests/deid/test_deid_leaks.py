"""What readers who tried to break it found: identifiers that were left, whole or in part, and words that were taken for some."""

import time

import pytest

from confide.deid.deidentify import Deidentifier

POLICIES = {"zh": "gbt37964-research", "en": "safe-harbor"}


def clean(text: str) -> str:
    language = "en" if text.isascii() else "zh"
    [found] = Deidentifier(POLICIES[language], key=bytes(32), language=language).texts([text], {}, "p")
    return found.text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        # two blanks part cells, and no cell is forgotten
        ("Abbas, H  412A  770123  CHF", ["Abbas", "770123"]),
        ("患者王  芳于今日入院", ["王", "芳"]),
        ("住院号:ZY  00123", ["00123"]),
        ("家住中山路12号  3单元  502室", ["中山路", "502"]),
        # a date holds more than the rule's date
        ("化疗于2024年10月2、12、17日", ["12、", "17"]),
        ("末次月经2024年5月廿一", ["廿一"]),
        ("Admitted from 5/1-5/8.", ["5/1", "5/8"]),
        ("In hospital on 12/30-1/2.", ["12/30", "1/2"]),
        # a year in two figures, a month in Roman ones, other marks, a day of the calendar by name
        ("Seen 7 Mar 24.", ["7 Mar", "Mar"]),
        ("Surgery 07MAR24.", ["07MAR"]),
        ("Seen on Mar 7 24.", ["Mar 7"]),
        ("Reviewed 28/ii/24.", ["28", "ii"]),
        ("入院日期2024\\3\\5", ["\\3\\5"]),
        ("拍摄于2024:08:21", ["08:21"]),
        ("Fell on Easter Sunday 2023.", ["Easter"]),
        ("In rehab since Labor Day.", ["Labor"]),
        # an age is none where a month stands behind it
        ("张伟,男,85年6月生", ["85年6月"]),
        ("93yoWM with CHF", ["93"]),
        ("The 96 yrs of age woman", ["96"]),
        # a handle, a number, an address in words
        ("微信昵称:静静的妈妈", ["静静", "妈妈"]),
        ("VIN ends 0312", ["0312"]),
        ("Last4 1188", ["1188"]),
        ("Write to june dot bug at gmail dot com", ["june", "bug", "gmail"]),
        # names that begin like a word, stand in a list, behind a colon, or are alone behind their key
        ("参加人员:王建国、张力军、李明", ["张力军"]),
        ("与会人员:王建国、高峰、李明亮", ["高峰"]),
        ("主刀:成功", ["成功"]),
        ("我院方主任会诊", ["方"]),
        ("今日常浩然医生查房", ["常浩然"]),
        ("患者阮氏金凤今日出院", ["阮氏", "金凤"]),
        ("签名 禤  2024-3-5", ["禤"]),
        ("We will f/u with dr price on Monday. Seen again.", ["price"]),
        ("Pt states grace (daughter) gave her Tylenol. Will monitor.", ["grace"]),
        ("Seen by Dr. Pi-\ncard today.", ["Pi", "card"]),
        # a chain is no saying
        ("Waitress at Denny's, brother Denny at bedside.", ["Denny"]),
    ],
)
def test_an_identifier_that_was_once_left_goes_whole(text, gone):
    assert [value for value in gone if value in clean(text)] == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Dr. Bone saw him: no bone loss.", "no bone loss"),
        ("Dr. Block was here. AV block noted.", "AV block"),
        ("Dose on 5 May 10 mg given.", "10 mg"),
        ("Pityriasis rosea in a Christmas tree pattern.", "Christmas tree"),
        ("Stage 2/3 pressure injury, 3/6 SEM.", "Stage 2/3 pressure injury, 3/6 SEM"),
        ("Apgar评分9-10-10", "9-10-10"),
        ("闻人雪  女  24岁", "女"),
        ("医生:明白,注意休息", "明白"),
        ("于医生指导下用药", "于医生指导下"),
        ("3 Mar 12 lead ECG", "12 lead"),
    ],
)
def test_a_word_that_was_once_taken_for_an_identifier_stays(text, kept):
    assert kept in clean(text)


@pytest.mark.parametrize("text", ["阿:", "王芳,女,45岁\n阿:", "小 :", "\u200b阿:"])
def test_a_guess_that_is_but_its_colon_is_none(text):
    assert clean(text).endswith(":")


def test_days_of_a_chinese_note_that_begin_with_the_year_keep_their_distance():
    deid = Deidentifier("gbt37964-research", key=bytes(32), language="zh")
    [found] = deid.texts(["24/1/10入院,24/1/20出院"], {}, "p")
    first, second = (found.text[start:end] for start, end in found.places)
    days = [
        time.mktime((2000 + y, m, d, 12, 0, 0, 0, 0, 0)) // 86400
        for y, m, d in (map(int, text.split("/")) for text in (first, second))
    ]
    assert days[1] - days[0] == 10


@pytest.mark.parametrize("unit", ["-A", "A-"])
def test_a_chain_of_hyphens_takes_time_by_its_length(unit):
    clean(
        unit * 100_000
    )  # minutes, when each link looked at all the others; the test's own limit is its clock
