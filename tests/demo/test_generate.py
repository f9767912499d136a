"""The demo hospitals: the same seed gives the same bytes, and the truth says to the character what was planted."""

import json

import polars as pl
import pytest

from confide.demo.generate import NOTE_KEYS, generate
from confide.demo.generate_people import invent_people, lists, national_id
from confide.demo.generate_visits import COLUMNS
from confide.errors import InvalidInput
from confide.records.load import load_notes, load_table
from confide.records.patients import read_crosswalk, read_id_list
from confide.records.section import SourceSection

LANGUAGES = ("en", "zh")
CLASSES = {
    *("name", "kin", "staff", "record-number", "insurance-id", "phone", "email", "social", "address"),
    *("organisation", "date", "birth-date", "age"),
}
NATIONAL = {"en": "ssn", "zh": "resident-id"}


def bytes_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module", params=LANGUAGES)
def hospital(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    truth = generate(folder, request.param, patients=3000, noted=400)
    return request.param, folder, truth


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def notes_of(language, folder):
    note, text = NOTE_KEYS[language][0], NOTE_KEYS[language][5]
    return {line[note]: line[text] for line in lines(folder / "raw" / "notes.jsonl")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_seed_writes_the_same_bytes_and_another_does_not(tmp_path, language):
    made = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate(tmp_path / name, language, patients=120, noted=20, seed=seed)
        made.append(bytes_of(tmp_path / name))
    assert made[0] == made[1]
    assert all(made[0][name] != made[2][name] for name in made[0])


@pytest.mark.parametrize("file", ["planted.jsonl", "look_alikes.jsonl"])
def test_the_truth_is_exact_to_the_character(hospital, file):
    language, folder, _ = hospital
    notes = notes_of(language, folder)
    spans = lines(folder / "truth" / file)
    assert all(notes[span["note"]][span["start"] : span["end"]] == span["text"] for span in spans)


def test_every_class_is_planted_at_least_twenty_times(hospital):
    language, _, truth = hospital
    assert set(truth.planted) == CLASSES | {NATIONAL[language]}
    assert min(truth.planted.values()) >= 20
    assert truth.look_alikes >= 1000


def test_no_identifier_stands_in_a_note_outside_of_what_the_truth_says(hospital):
    """What a run must find is what was planted: names, numbers and places nowhere else."""
    language, folder, _ = hospital
    words = lists(f"people-{language}")
    fixed = [words["hospital"], *words["other_hospitals"], *words["employers"], *words["streets"]]
    spans = {}
    for span in lines(folder / "truth" / "planted.jsonl"):
        spans.setdefault(span["note"], []).append(span)
    for note, text in notes_of(language, folder).items():
        covered = list(text)
        for span in spans[note]:
            covered[span["start"] : span["end"]] = "█" * (span["end"] - span["start"])
        left = "".join(covered)
        values = {span["text"] for span in spans[note] if span["type"] not in ("age", "name", "date")}
        assert [value for value in [*values, *fixed] if value in left] == []


def test_spaced_full_width_and_reversed_forms_are_among_them(hospital):
    language, folder, _ = hospital
    spans = lines(folder / "truth" / "planted.jsonl")
    names = [span["text"] for span in spans if span["type"] == "name"]
    phones = [span["text"] for span in spans if span["type"] == "phone"]
    assert any(" " in name for name in names) if language == "zh" else any("," in name for name in names)
    assert (
        any("１" in phone for phone in phones)
        if language == "zh"
        else any("+1 " in phone for phone in phones)
    )


def test_planted_ages_are_ninety_and_more(hospital):
    _, folder, _ = hospital
    ages = [span["text"] for span in lines(folder / "truth" / "planted.jsonl") if span["type"] == "age"]
    assert all(int(age) >= 90 for age in ages)  # int() reads full-width digits


def test_a_hospital_is_read_without_a_complaint(hospital):
    language, folder, truth = hospital
    columns, keys = COLUMNS[language], NOTE_KEYS[language]
    raw = {f"raw/{path.name}": path.read_bytes() for path in (folder / "raw").iterdir()}
    settings = {
        "patient": columns[1],
        "crosswalk": read_crosswalk(raw["raw/ids.csv"], "raw/ids.csv"),
        "optout": read_id_list(raw["raw/optout.csv"], "raw/optout.csv"),
    }
    kinds = dict(
        zip((columns[2:7]), ("name", NATIONAL[language], "phone", "address", "birth-date"), strict=True)
    )
    visits = SourceSection(
        name="visits",
        kind="table",
        path="raw/visits.csv",
        id=columns[0],
        identifiers=kinds | {columns[8]: "age"},
    )
    notes = SourceSection(name="notes", kind="notes", path="raw/notes.jsonl", id=keys[0], text=keys[5])
    table = load_table(visits, {"raw/visits.csv": raw["raw/visits.csv"]}, **settings)
    assert table["_patient"].n_unique() == truth.patients - truth.opted_out
    assert table.schema[columns[14]] == pl.Float64
    assert (
        load_table(
            visits,
            {"raw/visits.csv": raw["raw/visits.csv"]},
            patient=columns[1],
            crosswalk=settings["crosswalk"],
        ).height
        == truth.visits
    )
    kept = load_notes(notes, {"raw/notes.jsonl": raw["raw/notes.jsonl"]}, **settings)
    assert 0 < len(kept) < truth.notes
    with pytest.raises(InvalidInput, match="more than one patient id"):
        load_table(visits, {"raw/visits.csv": raw["raw/visits.csv"]}, patient=columns[1])


def test_visits_are_heavy_tailed_and_categories_are_the_public_ones(hospital):
    language, folder, truth = hospital
    encoding = "gb18030" if language == "zh" else "utf-8"
    table = pl.read_csv((folder / "raw" / "visits.csv").read_text(encoding=encoding).encode())
    columns, words = COLUMNS[language], lists(f"people-{language}")
    assert 1.4 < truth.visits / truth.patients < 1.8
    assert table.group_by(columns[3]).len()["len"].max() >= 10
    for column, key in ((7, "sexes"), (9, "districts"), (10, "departments"), (16, "diagnosis_groups")):
        assert set(table[columns[column]]) <= set(words[key])
    assert table[columns[8]].is_between(0, 120).all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_good_classifier_of_readmission_reaches_three_quarters_and_no_more_than_five_sixths(
    tmp_path, language
):
    linear = pytest.importorskip("sklearn.linear_model")
    metrics = pytest.importorskip("sklearn.metrics")
    generate(tmp_path, language, patients=8000, noted=1)
    columns = COLUMNS[language]
    encoding = "gb18030" if language == "zh" else "utf-8"
    table = pl.read_csv((tmp_path / "raw" / "visits.csv").read_text(encoding=encoding).encode())
    features = table.select(
        *(
            (pl.col(columns[i]) - pl.col(columns[i]).mean()) / pl.col(columns[i]).std()
            for i in (8, 12, 13, 14, 15)
        ),
        pl.col(columns[16]),
    ).to_dummies(columns[16])
    target, held_out = table[columns[17]].to_numpy(), table[columns[3]].rank("dense").to_numpy() % 4 == 0
    fitted = linear.LogisticRegression().fit(features.to_numpy()[~held_out], target[~held_out])
    auc = metrics.roc_auc_score(target[held_out], fitted.decision_function(features.to_numpy()[held_out]))
    assert 0.75 <= auc <= 0.82


def test_national_numbers_are_of_nobody():
    import numpy as np

    chinese = invent_people(500, "zh", np.random.default_rng(0))
    assert len({p.national for p in chinese}) == 500
    assert all(p.national[:6] in lists("people-zh")["areas"] for p in chinese)
    assert all(p.national == national_id(p.national[:17]) for p in chinese)
    assert all(int(p.national[16]) % 2 == (not p.female) for p in chinese)
    english = invent_people(500, "en", np.random.default_rng(0))
    assert all(p.national.startswith("9") and 1 <= int(p.national[4:6]) <= 49 for p in english)
    assert all("555-01" in p.phone for p in english)
    assert all(p.phone.startswith("154") for p in chinese)


def test_more_notes_than_patients_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="of 3 in all"):
        generate(tmp_path, "en", patients=3, noted=4)
