"""The promises about one patient, held along the whole path from raw files to what leaves."""

import json
from collections import Counter
from importlib.resources import files

import pytest
from small import STUDY, make_small

from confide.cli.show import ProgressLines
from confide.ledger.home import home, open_ledger
from confide.study.outgoing import take_back
from confide.study.run import run_study
from confide.study.sources import read_records, seal_sources
from confide.study.workplace import open_workplace
from confide.train.split import split_patients

QUIET = ProgressLines(quiet=True)
BY_ROW = STUDY.replace('crosswalk = "ids.csv"', 'crosswalk = "ids.csv"\nunit = "row"')


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


def notes_of(small):
    lines = (small.folder / "outgoing" / "notes" / "notes.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def say_in_every_note(small, sentence):
    """Let the note of patient i say one sentence, made from the planted name."""
    path = small.folder / "raw" / "notes.jsonl"
    notes = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for name, note in zip(small.names, notes, strict=False):
        note["note"] = sentence.format(name=name)
    path.write_text("".join(json.dumps(note, ensure_ascii=False) + "\n" for note in notes), encoding="utf-8")


def with_account_of_rows(small):
    with open_ledger(home()) as ledger:
        ledger.open_account("rows", epsilon=10.0, delta=3e-7, patients=30_000, unit="row")
    study = small.folder / "study.toml"
    study.write_text(study.read_text().replace('name = "inpatients"', 'name = "rows"'))


def test_unit_row_does_not_part_a_patients_notes_from_the_name_in_a_table(tmp_path):
    small = make_small(tmp_path / "study", text=BY_ROW)
    with_account_of_rows(small)
    say_in_every_note(small, "Later {name} felt well.")
    run_study(small.folder, step=QUIET).raise_unless_passed()
    told = "\n".join(note["text"] for note in notes_of(small))
    assert [name for name in small.names[:40] if name in told] == []


def test_unit_row_a_row_more_changes_the_side_of_no_other_row(tmp_path):
    small = make_small(tmp_path / "study", text=BY_ROW)
    with_account_of_rows(small)
    visits = small.folder / "raw" / "visits.csv"
    with open_workplace(small.folder) as place:
        before = sides(place)
        header, *rows = visits.read_text().splitlines()
        visits.write_text("\n".join([header, rows[0].replace("v0-0", "v0-9"), *rows]) + "\n")
        after = sides(place)
    assert [sum((a - b).values()) + sum((b - a).values()) for a, b in zip(before, after, strict=True)] in (
        [1, 0],
        [0, 1],
    )


def sides(place):
    """Count the rows on each side, as a model sees them."""
    seal_sources(place.study, place.vault)
    frame = read_records(place.study, place.vault).units["visits"]
    both = split_patients(frame, bytes(16), 0.3)
    return [Counter(side.select("age", "sex", "stay_days", "readmitted").iter_rows()) for side in both]


FOLDER = STUDY.replace('path = "raw/notes.jsonl"\ntext = "note"\nid = "note_id"', 'path = "notes/*.txt"')


def test_a_column_called_patient_never_stands_in_place_of_the_pseudonym(tmp_path):
    small = make_small(tmp_path / "study", text=FOLDER)
    (small.folder / "notes").mkdir()
    for i in range(9):
        (small.folder / "notes" / f"p{i}_a.txt").write_text("Felt well.", encoding="utf-8")
    run_study(small.folder, step=QUIET).raise_unless_passed()
    assert [note["patient"] for note in notes_of(small) if not note["patient"].startswith("P-")] == []


TWO_KINDS = STUDY.replace(
    "[deid]",
    '[[source]]\nname = "letters"\nkind = "notes"\npath = "raw/letters.jsonl"\ntext = "letter"\n'
    'identifiers = {{ friend = "kin" }}\n\n[deid]',
)


def test_an_identifier_beside_a_note_is_known_in_the_patients_other_notes(tmp_path):
    small = make_small(tmp_path / "study", text=TWO_KINDS)
    letter = {"patient_id": "p1", "letter": "See you.", "friend": "Ottoline Vexworth"}
    (small.folder / "raw" / "letters.jsonl").write_text(json.dumps(letter) + "\n", encoding="utf-8")
    say_in_every_note(small, "Later Ottoline Vexworth was there.")
    run_study(small.folder, step=QUIET)
    [hers] = [
        output for output in run_study(small.folder, step=QUIET).outputs if output.file == "notes/notes.jsonl"
    ]
    assert [line for patient, line in hers.records if patient == "p1" and b"Vexworth" in line] == []


def test_outside_does_not_tell_whether_there_were_patients_enough_for_an_attack(tmp_path, monkeypatch):
    shown = []
    for patients in (40, 300):
        monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / f"home{patients}"))
        small = make_small(tmp_path / f"study{patients}", patients=patients)
        run_study(small.folder, step=QUIET)
        pages = [small.folder / "dossier" / f"{edition}.json" for edition in ("outside", "inside")]
        shown.append([json.loads(page.read_text(encoding="utf-8"))["not_checked"] for page in pages])
    assert shown[0][0] == shown[1][0]
    assert ["membership" in inside for _, inside in shown] == [True, False]


def test_the_same_data_under_an_altered_policy_is_another_set_in_the_ledger(tmp_path):
    policies = files("confide.deid").joinpath("policies")
    text = STUDY.replace('policy = "gbt37964-research"', 'policy = "ours.toml"')
    small = make_small(tmp_path / "study", text=text)
    ours = small.folder / "ours.toml"
    counts = []
    for policy in ("gbt37964-research", "pipl", "pipl"):
        ours.write_text(policies.joinpath(f"{policy}.toml").read_text(encoding="utf-8"), encoding="utf-8")
        run_study(small.folder, step=QUIET).raise_unless_passed()
        with open_ledger(home()) as ledger:
            counts.append(len(ledger.not_private("inpatients")))
    assert counts == [1, 2, 2]


def test_what_a_killed_run_was_putting_out_is_taken_back_too(tmp_path):
    for name in ("outgoing", ".outgoing.new", ".outgoing.old"):
        (tmp_path / name).mkdir()
    take_back(tmp_path)
    assert list(tmp_path.iterdir()) == []
