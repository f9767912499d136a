"""One patient, one pseudonym in all kinds of a study; and columns that leave as tokens for one recipient."""

import csv
import io
import json
from pathlib import Path

import pytest
from erasing import make_sealed, opened, run
from small import STUDY

from confide.errors import InvalidInput
from confide.study.check import check_study
from confide.study.config import read_study
from confide.study.workplace import open_workplace
from confide.vault.columns import Tokens
from confide.vault.pseudonyms import Pseudonyms

TABLE = STUDY.replace(
    'policy = "gbt37964-research"', 'policy = "gbt37964-research"\nsources = ["notes", "visits"]'
)
TABLE = TABLE.replace("open_reviews = 0", "").replace("identifier_risk = 0.05\n", "")
TOKEN = (
    '\n[[token]]\nsource = "visits"\ncolumn = "record"\nrecipient = "Hospital B"\nform = "capital-code(7)"\n'
)


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


def left(outcome):
    return {output.file: output for output in outcome.outputs}


def rows_of(output):
    return list(csv.DictReader(io.StringIO(output.content.decode())))


def without_dp(text):
    """Take statistics and training out, which these tests do not need."""
    return text[: text.index("[[stats]]")] + text[text.index("[gates]") :].replace("epsilon = 3.0\n", "")


def test_a_patient_has_one_pseudonym_in_notes_and_tables_and_another_in_another_study(tmp_path):
    found = {}
    for name in ("readmission", "other"):
        make_sealed(tmp_path / name, text=without_dp(TABLE).replace('"readmission"', f'"{name}"'), keep=True)
        outputs = left(run(tmp_path / name))
        notes = [json.loads(line)["patient"] for line in outputs["notes/notes.jsonl"].content.splitlines()]
        visits = {row["_patient"] for row in rows_of(outputs["tables/visits.csv"])}
        assert visits == set(notes), "39 patients, each with a note"
        assert len(visits) == 39
        with open_workplace(tmp_path / name) as place:
            ours = Pseudonyms.for_study(place.vault, name)
        assert ours.patient("p0") in visits
        assert ours.fhir_id("Patient", "p0") == ours.patient("p0"), "and so in FHIR, and as the id of DICOM"
        assert ours.patient("p7") not in visits
        found[name] = visits
    assert not found["readmission"] & found["other"]


@pytest.mark.parametrize("method", ["token", "same-form", "digest"])
def test_a_column_leaves_as_tokens_of_its_recipient(tmp_path, method):
    make_sealed(tmp_path / "s", text=without_dp(TABLE) + TOKEN + f'method = "{method}"\n')
    outputs = left(run(tmp_path / "s"))
    rows = rows_of(outputs["tables/visits.csv"])
    with open_workplace(tmp_path / "s") as place:
        data = opened(place)["visits", "raw/visits.csv"].decode()
        true = {row["patient_id"]: row["record"] for row in csv.DictReader(io.StringIO(data))}
        ours = Pseudonyms.for_study(place.vault, "readmission")
        from confide.study.tokens import column_of

        tokens = Tokens(place.vault, column_of(place.study, place.study.token[0]))
        made = dict(zip(true, tokens.replace(list(true.values())), strict=True))
    by_patient = {ours.patient(patient): made[patient] for patient in true}
    assert rows
    assert all(row["record"] == by_patient[row["_patient"]] for row in rows)
    assert not any(row["record"] in true.values() for row in rows)
    wanted = "de-identified" if method == "digest" else "pseudonymised"
    assert outputs["tables/visits.csv"].status == wanted
    assert outputs["notes/notes.jsonl"].status == "de-identified"


@pytest.mark.parametrize(
    ("change", "said"),
    [(('"visits"\ncolumn', '"notes"\ncolumn'), "notes is no table that leaves"),
     (('"visits"\ncolumn', '"lab"\ncolumn'), "lab is no table that leaves"),
     (('"record"\nrec', '"sex"\nrec'), "sex is no identifying column"),
     (('"record"\nrec', '"name"\nrec'), "two people never share"),
     (("capital-code(7)", "digits(5)"), "1000000 or more are wanted"),
     (("capital-code(7)", "any"), "is not the form"),
     (('"Hospital B"', '" "'), "are not empty")],
)  # fmt: skip
def test_a_column_that_will_not_do_is_refused_with_its_line_before_anything_is_read(change, said):
    text = (TABLE + TOKEN).format(language="en")
    assert read_study(text, Path()).token
    with pytest.raises(InvalidInput, match=said) as refused:
        read_study(text.replace(*change), Path())
    assert "line" in str(refused.value)


def test_a_column_is_named_once_and_only_of_a_table_that_leaves():
    text = (TABLE + TOKEN + TOKEN).format(language="en")
    with pytest.raises(InvalidInput, match="named twice"):
        read_study(text, Path())
    with pytest.raises(InvalidInput, match="visits is no table that leaves; there are -"):
        read_study((STUDY + TOKEN).format(language="en"), Path())


def test_a_value_of_another_form_stops_the_run_and_is_not_shown(tmp_path):
    make_sealed(tmp_path / "s", text=without_dp(TABLE) + TOKEN.replace("capital-code(7)", "digits(7)"))
    with pytest.raises(
        InvalidInput, match=r"row \d+ of column visits/record has not the declared form"
    ) as no:
        run(tmp_path / "s")
    assert "R7000" not in str(no.value)


def test_a_check_says_that_such_a_table_is_pseudonymised(tmp_path):
    make_sealed(tmp_path / "s", text=without_dp(TABLE) + TOKEN)
    found = check_study(tmp_path / "s")
    assert {each.source: each.status for each in found.rows}["visits"] == "pseudonymised"
