"""The main job from end to end, on a small real study, in both languages."""

import json
import re

import pytest
from small import PASSPHRASE, STUDY, make_small

from confide.cli.show import ProgressLines
from confide.errors import BudgetExceeded, GateRefused, IntegrityError, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.check import check_study
from confide.study.run import run_study
from confide.study.status import status_of

QUIET = ProgressLines(quiet=True)


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_main_job_passes_and_leaves_what_it_says(tmp_path, language):
    small = make_small(tmp_path / "study", language=language)
    outcome = run_study(small.folder, step=QUIET)
    assert outcome.verdict == "pass"
    assert set(files_of(small.folder / "outgoing")) == {
        "notes/notes.jsonl", "statistics/stay.csv", "statistics/stay.parquet", "statistics/stay.svg",
        "statistics/stay.vl.json", "models/readmitted.json", "models/readmitted.md",
    }  # fmt: skip
    assert {path.name for path in (small.folder / "dossier").iterdir()} == {
        "inside.html", "inside.json", "outside.html", "outside.json",
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_known_identifier_is_in_any_outgoing_byte(tmp_path, language):
    small = make_small(tmp_path / "study", language=language)
    run_study(small.folder, step=QUIET)
    for folder in ("outgoing", "dossier"):
        content = b"".join(files_of(small.folder / folder).values()).decode(errors="replace")
        assert [name for name in small.names[:40] if name in content] == []
        assert [phone for phone in small.phones if phone in content] == []


def test_a_second_run_shows_the_same_bytes_and_spends_nothing(tmp_path):
    small = make_small(tmp_path / "study")
    run_study(small.folder, step=QUIET)
    first = files_of(small.folder / "outgoing")
    with open_ledger(home()) as ledger:
        size = ledger.store.head()
    assert run_study(small.folder, step=QUIET).verdict == "pass"
    assert files_of(small.folder / "outgoing") == first
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size


def test_a_renamed_folder_opens_no_new_account(tmp_path):
    small = make_small(tmp_path / "study")
    run_study(small.folder, step=QUIET)
    moved = small.folder.rename(tmp_path / "moved")
    run_study(moved, step=QUIET)
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients").charges == 2


def test_a_grown_file_is_not_released_again_under_the_same_name(tmp_path):
    small = make_small(tmp_path / "study")
    run_study(small.folder, step=QUIET)
    with (small.folder / "raw" / "visits.csv").open("a") as file:
        file.write("v999,p1,New Name,13900000000,R1,1980-03-01,F,44,3,0\n")
    with pytest.raises(InvalidInput, match="other data"):
        run_study(small.folder, step=QUIET)


def test_the_originals_are_never_altered_or_deleted(tmp_path):
    small = make_small(tmp_path / "study")
    before = files_of(small.folder / "raw")
    run_study(small.folder, step=QUIET)
    assert files_of(small.folder / "raw") == before


def test_opted_out_patients_are_in_no_output(tmp_path):
    text = STUDY.replace(
        'policy = "gbt37964-research"', 'policy = "gbt37964-research"\nsources = ["notes", "visits"]'
    )
    text = text.replace("k = 2\n", "")
    small = make_small(tmp_path / "study", text=text)
    outcome = run_study(small.folder, step=QUIET)
    patients = {patient for output in outcome.outputs for patient, _ in output.records}
    assert "p8" in patients
    assert "p7" not in patients


def test_nothing_leaves_when_a_gate_refuses_and_the_verdict_names_it(tmp_path):
    small = make_small(tmp_path / "study", text=STUDY.replace("epsilon = 3.0\nopen", "epsilon = 0.5\nopen"))
    outcome = run_study(small.folder, step=QUIET)
    assert outcome.verdict == "refuse"
    assert not (small.folder / "outgoing").exists()
    assert json.loads((small.folder / "dossier" / "outside.json").read_text())["verdict"] == "refuse"
    with pytest.raises(GateRefused, match="ε of this study"):
        outcome.raise_unless_passed()


def test_a_table_that_leaves_row_by_row_is_held_against_k(tmp_path):
    text = STUDY.replace('policy = "gbt37964-research"', 'policy = "gbt37964-research"\nsources = ["visits"]')
    text = text.replace("[gates]", '[risk]\nquasi_identifiers = ["age", "sex", "stay_days"]\n\n[gates]')
    small = make_small(tmp_path / "study", text=text)
    outcome = run_study(small.folder, step=QUIET)
    [k] = [gate for gate in outcome.gates if gate.name == "k"]
    assert (k.value, k.holds, outcome.verdict) == (1, False, "refuse")


def test_doubtful_documents_hold_the_study_until_they_are_reviewed(tmp_path):
    text = STUDY.replace('policy = "gbt37964-research"', 'policy = "gbt37964-research"\nreview = "hold"')
    small = make_small(tmp_path / "study", text=text)
    with (small.folder / "raw" / "notes.jsonl").open("a") as file:
        file.write(
            '{"note_id": "n99", "patient_id": "p9", "note": "Seen on 2023-02-30, ID 110101199003070000."}\n'
        )
    outcome = run_study(small.folder, step=QUIET)
    assert outcome.verdict == "hold"
    assert (small.folder / "sealed" / "review.sealed").exists()
    assert not (small.folder / "outgoing").exists()


def test_what_epsilon_does_not_cover_is_said_in_the_ledger_and_on_the_page(tmp_path):
    small = make_small(tmp_path / "study")
    run_study(small.folder, step=QUIET)
    with open_ledger(home()) as ledger:
        [entry] = ledger.not_private("inpatients")
    assert "notes/notes.jsonl" in entry["what"]
    outside = json.loads((small.folder / "dossier" / "outside.json").read_text())
    assert "notes/notes.jsonl" in json.dumps(outside["not_private"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_row_level_set_is_never_called_anonymous(tmp_path, language):
    small = make_small(tmp_path / "study", language=language)
    run_study(small.folder, step=QUIET)
    outside = json.loads((small.folder / "dossier" / "outside.json").read_text())
    statuses = {output["kind"]: output["status"] for output in outside["outputs"]}
    assert statuses == {"notes": "de-identified", "statistics": "dp", "model": "dp"}


def test_a_patient_of_two_ids_is_one_patient(tmp_path):
    small = make_small(tmp_path / "study")
    visits = small.folder / "raw" / "visits.csv"
    visits.write_text(visits.read_text().replace("v0-0,p0,", "v0-0,p0-old,"))
    from confide.study.sources import read_originals
    from confide.study.workplace import open_workplace

    with open_workplace(small.folder) as place:
        frame = read_originals(place.study, place.vault).tables["visits"]
    assert "p0-old" not in frame["_patient"].to_list()
    assert "p0" in frame["_patient"].to_list()


def test_checking_prices_everything_and_spends_nothing(tmp_path):
    small = make_small(tmp_path / "study")
    with open_ledger(home()) as ledger:
        size = ledger.store.head()
    checked = check_study(small.folder)
    assert (checked.asked, round(checked.left, 4)) == (2.0, 1.0)
    assert {price.name: price.epsilon for price in checked.prices} == {"stay": 1.0, "readmitted": 1.0}
    assert not (small.folder / "sealed").exists()
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size
    run_study(small.folder, step=QUIET)
    again = check_study(small.folder)
    assert (again.asked, [price.released for price in again.prices]) == (0, [True, True])


def test_over_budget_ends_before_anything_is_spent(tmp_path):
    small = make_small(tmp_path / "study")
    run_study(small.folder, step=QUIET)
    changed = (small.folder / "study.toml").read_text().replace('name = "stay"', 'name = "stay2"')
    changed = changed.replace('name = "readmitted"', 'name = "again"')
    (small.folder / "study.toml").write_text(changed)
    with pytest.raises(BudgetExceeded):
        check_study(small.folder)


def test_unit_row_must_be_written_out_and_the_first_page_says_so(tmp_path):
    text = STUDY.replace('crosswalk = "ids.csv"', 'crosswalk = "ids.csv"\nunit = "row"')
    small = make_small(tmp_path / "study", text=text)
    with pytest.raises(InvalidInput, match="protects each patient"):
        run_study(small.folder, step=QUIET)
    with open_ledger(home()) as ledger:
        ledger.open_account("rows", epsilon=10.0, delta=3e-7, patients=30_000, unit="row")
    study = small.folder / "study.toml"
    study.write_text(study.read_text().replace('name = "inpatients"', 'name = "rows"'))
    run_study(small.folder, step=QUIET)
    page = (small.folder / "dossier" / "outside.html").read_text()
    assert "protects single rows, not patients" in page
    with open_ledger(home()) as ledger:
        assert {charge.body["unit"] for charge in ledger.store.all(kind="charge")} == {"row"}


def test_a_restored_ledger_is_refused_by_the_folder_of_the_study(tmp_path):
    import shutil

    small = make_small(tmp_path / "study")
    shutil.copytree(home(), tmp_path / "backup")
    run_study(small.folder, step=QUIET)
    shutil.rmtree(home())
    shutil.copytree(tmp_path / "backup", home())
    with pytest.raises(IntegrityError, match="older than its checkpoint"):
        run_study(small.folder, step=QUIET)


def test_a_study_goes_on_from_sealed_copies_alone(tmp_path):
    from confide.study.sources import remove_originals, seal_sources
    from confide.study.workplace import open_workplace

    small = make_small(tmp_path / "study")
    with open_workplace(small.folder) as place:
        sealed = seal_sources(place.study, place.vault)
        assert remove_originals(place.study, place.vault) == sealed.plain_originals == 4
    assert not any((small.folder / "raw").iterdir())
    assert run_study(small.folder, step=QUIET).verdict == "pass"


def test_names_of_sealed_files_say_nothing(tmp_path):
    small = make_small(tmp_path / "study")
    run_study(small.folder, step=QUIET)
    names = [path.name for path in (small.folder / "sealed").iterdir()]
    assert all(re.fullmatch(r"[0-9a-f]{24}\.sealed|index\.sealed|review\.sealed", name) for name in names)


def test_status_needs_no_passphrase_and_says_what_is_left(tmp_path):
    small = make_small(tmp_path / "study")
    assert status_of(small.folder)["verdict"] is None
    run_study(small.folder, step=QUIET)
    (small.folder / "passphrase.txt").unlink()
    status = status_of(small.folder)
    assert (status["verdict"], round(status["left"], 4), status["charges"], status["outgoing"]) == (
        "pass",
        1.0,
        2,
        7,
    )


def test_the_inside_edition_is_for_its_owner_only(tmp_path):
    small = make_small(tmp_path / "study")
    run_study(small.folder, step=QUIET)
    modes = {path.stat().st_mode & 0o077 for path in (small.folder / "dossier").iterdir()}
    assert modes == {0}


def test_no_id_of_a_patient_leaves_in_notes_or_tables(tmp_path):
    text = STUDY.replace(
        'policy = "gbt37964-research"', 'policy = "gbt37964-research"\nsources = ["notes", "visits"]'
    )
    small = make_small(tmp_path / "study", text=text.replace("k = 2\n", ""))
    raw = small.folder / "raw"
    for file in (raw / "visits.csv", raw / "notes.jsonl"):
        file.write_text(re.sub(r"\bp(\d+)\b", r"PT-77\1", file.read_text()))
    (small.folder / "ids.csv").write_text("id,patient\nOLD-4711,PT-770\n")
    (small.folder / "optout.csv").write_text("patient_id\nPT-777\n")
    notes = raw / "notes.jsonl"
    notes.write_text(notes.read_text().replace('"note": "', '"note": "Case OLD-4711. ', 1))
    outcome = run_study(small.folder, step=QUIET)
    out = b"".join(files_of(small.folder / "outgoing").values())
    assert outcome.verdict == "pass"
    assert re.findall(rb"PT-77\d+|OLD-4711", out) == []


def test_one_patients_odd_cell_changes_how_nobody_elses_cell_is_read(tmp_path):
    from confide.stats.tally import tally
    from confide.study.plans import stats_plans
    from confide.study.sources import read_originals
    from confide.study.workplace import open_workplace

    text = STUDY.replace('sex = ["F", "M"], age', 'stay_days = ["2.0", "3.0", "5.0"], age').replace(
        '"mean(stay_days, 0, 30)"', '"mean(age, 0, 100)"'
    )
    small = make_small(tmp_path / "study", text=text)
    visits, sums = small.folder / "raw" / "visits.csv", []
    visits.write_text(re.sub(r",(\d+),([01])$", r",\1.0,\2", visits.read_text(), flags=re.MULTILINE))
    for odd in ("", "v999,p200,Nobody,13900000000,R700200,1980-03-01,F,odd,2.5x,0\n"):
        visits.write_text(visits.read_text() + odd)
        with open_workplace(small.folder) as place:
            [plan] = stats_plans(place.study)
            frame = read_originals(place.study, place.vault).tables["visits"]
            exact = tally(plan.by, plan.parts(), frame).sums(lambda _: 4)
            sums.append({str(part): values.tolist() for part, values in exact.items()})
    assert sums[0] == sums[1]
    assert any(any(map(any, values)) for values in sums[0].values())


def test_free_text_in_a_table_that_leaves_is_de_identified_too(tmp_path):
    text = STUDY.replace('policy = "gbt37964-research"', 'policy = "gbt37964-research"\nsources = ["visits"]')
    small = make_small(tmp_path / "study", text=text.replace("k = 2\n", ""))
    visits = small.folder / "raw" / "visits.csv"
    header, *rows = visits.read_text().splitlines()
    remarks = [
        f'"Called {small.names[int(row.split(",")[1][1:])]}, e-mail zq{n}@example.org,\nthen rested"'
        for n, row in enumerate(rows)
    ]
    visits.write_text(
        "\n".join([header + ",remark", *(f"{row},{said}" for row, said in zip(rows, remarks, strict=True))])
        + "\n"
    )
    outcome = run_study(small.folder, step=QUIET)
    out = (small.folder / "outgoing" / "tables" / "visits.csv").read_text()
    assert outcome.verdict == "pass"
    assert "then rested" in out
    assert [name for name in small.names if name in out] == []
    assert re.findall(r"zq\d+@example.org", out) == []


def test_the_recovery_key_opens_the_vault_when_the_passphrase_is_lost(tmp_path, capsys):
    from confide.cli.main import run as command
    from confide.errors import AccessDenied
    from confide.study.keys import vault_folder
    from confide.vault.vault import open_vault

    small = make_small(tmp_path / "study")
    recovery, new = tmp_path / "recovery.txt", tmp_path / "new.txt"
    recovery.write_text(open_vault(vault_folder(), passphrase=PASSPHRASE).new_recovery_key() + "\n")
    new.write_text("another battery horse staple\n")
    for path in (recovery, new):
        path.chmod(0o600)
    with pytest.raises(SystemExit) as left:
        command(["passphrase", "--recovery-file", str(recovery), "--new-passphrase-file", str(new)])
    assert left.value.code == 0
    with pytest.raises(AccessDenied):
        run_study(small.folder, step=QUIET)
    (small.folder / "passphrase.txt").write_bytes(new.read_bytes())
    assert run_study(small.folder, step=QUIET).verdict == "pass"


def test_rows_leave_in_the_order_of_pseudonyms_not_of_the_source(tmp_path):
    text = STUDY.replace(
        'policy = "gbt37964-research"', 'policy = "gbt37964-research"\nsources = ["notes", "visits"]'
    )
    small = make_small(tmp_path / "study", text=text.replace("k = 2\n", ""))
    outcome = run_study(small.folder, step=QUIET)
    table = (small.folder / "outgoing" / "tables" / "visits.csv").read_text().splitlines()
    place = table[0].split(",").index("_patient")
    assert (pseudonyms := [row.split(",")[place] for row in table[1:]]) == sorted(pseudonyms)
    for output in outcome.outputs[:2]:
        owners = [patient for patient, _ in output.records if patient is not None]
        assert owners != sorted(owners, key=lambda patient: int(patient[1:]))


def test_a_cell_outside_its_public_list_is_text_like_any_other(tmp_path):
    text = STUDY.replace('policy = "gbt37964-research"', 'policy = "gbt37964-research"\nsources = ["visits"]')
    small = make_small(tmp_path / "study", text=text.replace("k = 2\n", ""))
    visits = small.folder / "raw" / "visits.csv"
    visits.write_text(
        visits.read_text()
        + "v999,p200,Nobody Here,13900000001,R700200,1980-03-01,see zq@example.org,44,3,0\n"
    )
    run_study(small.folder, step=QUIET)
    assert "zq@example.org" not in (small.folder / "outgoing" / "tables" / "visits.csv").read_text()


def test_with_unit_row_a_statistic_counts_rows_and_bounds_no_patient(tmp_path):
    text = STUDY.replace('crosswalk = "ids.csv"', 'crosswalk = "ids.csv"\nunit = "row"')
    text = text.replace('name = "inpatients"', 'name = "rows"').replace("epsilon = 3.0", "epsilon = 300.0")
    text = text.replace("epsilon = 1.0\n\n[[train]]", "epsilon = 200.0\nmax_rows = 1\n\n[[train]]")
    small = make_small(tmp_path / "study", text=text)
    visits = small.folder / "raw" / "visits.csv"
    own = "".join(
        f"w{n},p200,{small.names[200]},{small.phones[200]},R700200,1980-03-01,F,44,3,0\n" for n in range(500)
    )
    visits.write_text(visits.read_text() + own)
    with open_ledger(home()) as ledger:
        ledger.open_account("rows", epsilon=300.0, delta=3e-7, patients=30_000, unit="row")
    outcome = run_study(small.folder, step=QUIET)
    counted = sum(row["count"]["value"] for row in outcome.facts["stats"][0]["release"]["rows"])
    assert counted > 700  # bounded per patient, the 500 rows of one would weigh as one


def test_no_invented_number_of_a_run_is_a_real_one_of_those_it_reads(tmp_path):
    # p7 opted out: nothing of theirs is looked at, so chance may hit their number, and says nothing by it
    text = STUDY.replace('policy = "gbt37964-research"', 'policy = "gbt37964-research"\nsources = ["visits"]')
    small = make_small(tmp_path / "study", text=text.replace("k = 2\n", ""))
    visits = small.folder / "raw" / "visits.csv"
    real = {f"{33 * i:04d}" for i in range(300) if i != 7}  # 299 of 10,000: by chance some nine would be hit
    visits.write_text(re.sub(r"R700(\d{3})", lambda found: f"{33 * int(found[1]):04d}", visits.read_text()))
    outcome = run_study(small.folder, step=QUIET)
    [header, *rows] = [line.decode().rstrip("\n").split(",") for _, line in outcome.outputs[0].records]
    assert real.isdisjoint(row[header.index("record")] for row in rows)
