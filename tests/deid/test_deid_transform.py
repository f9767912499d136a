"""`transform` for texts, notes and frames, as scikit-learn and Presidio's users know it."""

import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline

from confide.deid.classes import CLASSES
from confide.deid.deidentify import Deidentifier
from confide.deid.presidio import ENTITIES, recognizer_results
from confide.errors import InvalidInput

TEXTS = ["姓名：张建国，电话13800138000", "Mr. Smith, MRN: 0012345", "律齐，无杂音"]


def make(**settings):
    return Deidentifier("gbt37964-research", key=b"k" * 32, **settings)


def test_texts_come_back_in_order_and_as_they_were_given():
    out = make().transform(TEXTS)
    assert out[2] == TEXTS[2]
    assert "张建国" not in out[0]
    assert "Smith" not in out[1]
    series = make().transform(pd.Series(TEXTS, index=[5, 6, 7]))
    assert list(series) == out
    assert list(series.index) == [5, 6, 7]
    assert make().transform(iter(TEXTS)) == out


def test_texts_of_one_patient_are_consistent_and_those_of_nobody_are_strangers():
    texts = ["姓名：张建国", "患者 张建国 来诊"]
    first, second = make().transform(texts, patients=["p", "p"])
    assert first[3:] in second
    assert make().transform(texts)[0][3:] not in make().transform(texts)[1]


def test_known_values_are_given_by_patient():
    (out,) = make().transform(["明月 zhang mingyue"], patients=["p"], known={"p": {"name": ("张明月",)}})
    assert "明月" not in out
    assert "mingyue" not in out


def test_notes_of_several_patients_come_back_in_their_order(note):
    notes = [note("姓名：张建国", id=str(i), patient=p) for i, p in enumerate("abab")]
    done = make().transform(notes)
    assert [each.id for each in done] == ["0", "1", "2", "3"]
    assert done[0].text == done[2].text != done[1].text


@pytest.mark.parametrize("kind", [pl.DataFrame, pd.DataFrame])
def test_a_frame_comes_back_as_the_same_kind_with_its_columns_in_order(kind):
    frame = kind({"name": ["张建国", "李敏"], "id": [7, 8], "note": ["张建国来诊", "律齐"], "stay": [3, 4]})
    out = make(identifiers={"name": "name"}, text_columns=["note"], patient_column="id").transform(frame)
    assert type(out) is kind
    assert list(out.columns) == ["name", "id", "note", "stay"]
    assert list(out["stay"]) == [3, 4]
    assert all(value.startswith("P-") for value in out["id"])
    assert "张建国" not in str(list(out["name"])) + str(list(out["note"]))
    assert out["note"][0].startswith(out["name"][0])


def test_it_is_a_step_of_a_pipeline():
    pipeline = Pipeline([("deid", make()), ("count", CountVectorizer())])
    pipeline.fit(TEXTS)
    assert "smith" not in pipeline["count"].vocabulary_
    copied = clone(pipeline)
    assert copied["deid"].transform(TEXTS) == make().transform(TEXTS)


def test_settings_are_read_and_changed_and_hold_no_key():
    deidentifier = make()
    assert "key" not in deidentifier.get_params()
    before = deidentifier.transform(TEXTS)
    assert (
        deidentifier.set_params(language="zh", policy="safe-harbor").transform(TEXTS)[0]
        == "姓名：[姓名]，电话[电话]"
    )
    assert deidentifier.set_params(policy="gbt37964-research").transform(TEXTS) == before
    with pytest.raises(InvalidInput, match="no parameter"):
        deidentifier.set_params(colour="red")


@pytest.mark.parametrize("wrong", ["one text", b"bytes", 7, [1, 2], [None]])
def test_what_is_neither_notes_texts_nor_a_frame_is_refused(wrong):
    with pytest.raises(InvalidInput, match="transform takes"):
        make().transform(wrong)


def test_a_frame_without_its_patients_and_texts_with_too_few_are_refused():
    with pytest.raises(InvalidInput, match="whose row"):
        make(patient_column="who").transform(pl.DataFrame({"a": ["x"]}))
    with pytest.raises(InvalidInput):
        make().transform(TEXTS, patients=["p"])


def test_spans_go_over_to_presidio():
    (clean,) = make().texts([TEXTS[0]], {"name": ("张建国",)}, "p")
    person, phone = recognizer_results(clean.spans)
    assert (person["entity_type"], person["start"], person["end"]) == ("PERSON", 3, 6)
    assert person["analysis_explanation"]["pattern_name"] == "known:name"
    assert phone["entity_type"] == "PHONE_NUMBER"
    assert set(ENTITIES) == set(CLASSES)


@pytest.mark.parametrize(
    "index", [["Ann Otto", "Bea Quill"], pd.Index([4471, 4472], name="mrn"), pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])]
)  # fmt: skip
def test_an_index_that_may_say_who_a_row_is_is_refused(index):
    with pytest.raises(InvalidInput) as refusal:
        make().transform(pd.Series(TEXTS[:2], index=index))
    assert refusal.value.code == "deid.transform-index"
    frame = pd.DataFrame({"patient": ["p", "q"], "note": TEXTS[:2]}, index=index)
    with pytest.raises(InvalidInput):
        make(patient_column="patient", text_columns=["note"]).transform(frame)
