"""Erasing a patient: nothing of theirs opens any more, everybody else is as before, and it can be finished."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from erasing import TEXTS, as_texts, found_roles, make_sealed, opened, run, signed_by
from small import STUDY

from confide.cli import main
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.records.tables import read_cells
from confide.study import approvals
from confide.study import erase as erasing_room
from confide.study.erase import erase_patient
from confide.study.index import INDEX, LISTS, QUEUE, read_index, write_index
from confide.study.sources import read_originals, remove_originals, seal_sources
from confide.study.workplace import open_workplace

VISITS = ("visits", "raw/visits.csv")


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


def erase(folder, *ids, **settings):
    with open_workplace(folder) as place:
        return erase_patient(place, ids, **settings)


def what(erased):
    return {each["what"]: each for each in erased.survivors}


def test_no_file_and_no_copy_of_one_opens_to_the_patient_and_everybody_else_stays_byte_for_byte(tmp_path):
    make_sealed(tmp_path / "s")
    copies = tmp_path / "copies"
    shutil.copytree(tmp_path / "s" / "sealed", copies)
    with open_workplace(tmp_path / "s") as place:
        before = opened(place)
        done = erase_patient(place, ["p5"])
        after = opened(place)
        theirs = b"p5,", b'"p5"'
        for name, data in before.items():
            lines = data.splitlines(keepends=True)
            assert after[name] == b"".join(line for line in lines if not any(t in line for t in theirs))
        assert (done.resealed, done.destroyed) == (2, 0)
        for copy in copies.iterdir():
            named = [n for n, d in before.items() if d != after[n]]
            try:
                data = place.vault.read(copy)
            except AccessDenied:
                continue
            assert b"p5" not in data.replace(b"p5-", b"")
            assert data not in [before[n] for n in named]


def test_all_ids_that_the_crosswalk_joins_are_erased_whichever_is_named(tmp_path):
    make_sealed(tmp_path / "s")
    erase(tmp_path / "s", "ｐ0-old ")
    with open_workplace(tmp_path / "s") as place:
        after = opened(place)
    assert b"p0," not in after[VISITS]
    assert after[LISTS, "ids.csv"] == b"id,patient\n"


def test_a_later_run_shows_earlier_releases_again_byte_for_byte_and_spends_nothing(tmp_path):
    make_sealed(tmp_path / "s")
    first = run(tmp_path / "s")
    spent = first.facts["account"]["epsilon_this_study"]
    for patient in ("p5", "p0", "p7"):
        erase(tmp_path / "s", patient)
    again = run(tmp_path / "s")
    assert again.verdict == "pass"
    assert again.facts["account"]["epsilon_this_study"] == spent
    left = {out.file: out.content for out in again.outputs}
    for out in first.outputs:
        assert (left[out.file] == out.content) == (out.kind != "notes")
    assert all(each["replayed"] for each in again.facts["stats"] + again.facts["train"])


def test_data_that_changed_otherwise_are_other_data_also_after_an_erasure(tmp_path):
    make_sealed(tmp_path / "s")
    run(tmp_path / "s")
    erase(tmp_path / "s", "p5")
    with open_workplace(tmp_path / "s") as place:
        data = opened(place)[VISITS]
    (tmp_path / "s" / "raw" / "visits.csv").write_bytes(data + data.splitlines()[-1].replace(b"v", b"w", 1))
    with pytest.raises(InvalidInput, match="other data"):
        run(tmp_path / "s")


def test_an_original_that_still_holds_the_patient_is_listed_and_refused_by_the_next_run(tmp_path):
    make_sealed(tmp_path / "s", keep=True)
    done = erase(tmp_path / "s", "p5")
    assert what(done)["originals"]["names"] == ["raw/notes.jsonl", "raw/visits.csv"]
    for act in (lambda: run(tmp_path / "s"), lambda: check(tmp_path / "s")):
        with pytest.raises(
            InvalidInput, match=r"raw/visits.csv brings an erased patient back \(rows 8\)|notes"
        ):
            act()
    for name in ("visits.csv", "notes.jsonl"):
        path = tmp_path / "s" / "raw" / name
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if "p5," not in line and '"p5"' not in line))
    assert run(tmp_path / "s").verdict == "pass"


def check(folder):
    with open_workplace(folder) as place:
        read_originals(place.study, place.vault)


def test_neither_ledger_nor_message_nor_name_nor_index_holds_the_id(tmp_path):
    text = STUDY
    folder = tmp_path / "s"

    def rename(folder):
        for name in ("visits.csv", "notes.jsonl"):
            path = folder / "raw" / name
            path.write_text(path.read_text().replace("p5", "canary-5"))

    make_sealed(folder, text=text, before=rename)
    run(folder)
    done = erase(folder, "canary-5")
    with pytest.raises(InvalidInput) as refused:
        erase(folder, "canary-6")
    assert (
        "canary" not in f"{done} {done.to_json()} {refused.value} {refused.value.public} {refused.value.hint}"
    )
    with open_workplace(folder) as place:
        index = read_index(folder / "sealed", place.vault)
        assert "canary" not in json.dumps([index.files, sorted(index.erased)])
        assert "canary" not in repr(index)
        plain = [place.vault.read(path) for path in (folder / "sealed").glob("*.sealed")]
    assert all(b"canary" not in data for data in plain)
    for path in [*home().rglob("*"), *folder.rglob("*")]:
        assert "canary" not in path.name
        assert not path.is_file() or b"canary" not in path.read_bytes()


def test_everybody_else_keeps_their_bytes_in_gb18030_and_their_values_in_parquet_and_excel(tmp_path):
    rows = [{"patient_id": f"p{i}", "name": f"患者{i}", "stay": i} for i in (4, 5, 6)]

    def more(folder):
        text = "patient_id,name,stay\r\n" + "".join(
            f"{r['patient_id']},{r['name']},{r['stay']}\r\n" for r in rows
        )
        (folder / "raw" / "a.csv").write_bytes(text.encode("gb18030"))
        pl.DataFrame(rows).write_parquet(folder / "raw" / "a.parquet")
        book = openpyxl.Workbook()
        for row in (list(rows[0]), *(list(r.values()) for r in rows)):
            book.active.append(row)
        book.save(folder / "raw" / "a.xlsx")

    sources = "".join(
        f'\n[[source]]\nname = "{kind}"\nkind = "table"\npath = "raw/a.{kind}"\n'
        for kind in ("csv", "parquet", "xlsx")
    )
    make_sealed(tmp_path / "s", text=STUDY.replace("\n[deid]", sources + "\n[deid]"), before=more)
    with open_workplace(tmp_path / "s") as place:
        before = opened(place)
        erase_patient(place, ["p5"])
        after = opened(place)
    csv = before["csv", "raw/a.csv"].splitlines(keepends=True)
    assert after["csv", "raw/a.csv"] == csv[0] + csv[1] + csv[3]
    assert pl.read_parquet(io.BytesIO(after["parquet", "raw/a.parquet"])).rows(named=True) == rows[::2]
    left = read_cells(after["xlsx", "raw/a.xlsx"], "a.xlsx")
    assert left.select("patient_id", "name", "stay").rows() == [("p4", "患者4", "4"), ("p6", "患者6", "6")]


def test_a_note_in_a_file_of_its_own_is_destroyed_with_its_name(tmp_path):
    make_sealed(tmp_path / "s", text=TEXTS, before=as_texts)
    done = erase(tmp_path / "s", "p5")
    assert (done.resealed, done.destroyed) == (1, 1)
    with open_workplace(tmp_path / "s") as place:
        assert ("notes", "raw/notes/p5_day1.txt") not in opened(place)
        assert len([1 for source, _ in opened(place) if source == "notes"]) == 39
    assert run(tmp_path / "s").verdict == "pass"


def test_a_text_that_comes_back_is_named_by_its_pattern(tmp_path):
    make_sealed(tmp_path / "s", text=TEXTS, before=as_texts)
    erase(tmp_path / "s", "p5")
    (tmp_path / "s" / "raw" / "notes").mkdir(parents=True, exist_ok=True)
    (tmp_path / "s" / "raw" / "notes" / "p5_day2.txt").write_text("calm")
    with pytest.raises(InvalidInput, match=r"raw/notes/\*\.txt brings an erased patient back"):
        run(tmp_path / "s")


def test_an_earlier_copy_that_was_set_aside_is_erased_too(tmp_path):
    make_sealed(tmp_path / "s", keep=True)
    path = tmp_path / "s" / "raw" / "visits.csv"
    path.write_bytes(path.read_bytes() + b"v-new,p1,a,b,R1,2000-01-01,F,20,3,0\n")
    with open_workplace(tmp_path / "s") as place:
        seal_sources(place.study, place.vault)
        remove_originals(place.study, place.vault)
        aside = [p for p in (tmp_path / "s" / "sealed").iterdir() if not p.name.endswith(".sealed")]
        assert len(aside) == 1
        assert b",p5," in place.vault.read(aside[0])
        erase_patient(place, ["p5"])
        assert b",p5," not in place.vault.read(aside[0])


def test_what_others_records_say_of_the_patient_is_counted_and_not_touched(tmp_path):
    def more(folder):
        path = folder / "raw" / "notes.jsonl"
        path.write_text(path.read_text().replace("Parkinson", "sister of R700005, Parkinson", 1))

    make_sealed(tmp_path / "s", before=more)
    assert erase(tmp_path / "s", "p5").mentions == [
        {"file": "raw/notes.jsonl", "found": 1, "coincidences": 0}
    ]


def test_a_patient_of_whom_there_is_nothing_is_refused_and_nothing_is_changed(tmp_path):
    make_sealed(tmp_path / "s")
    before = {path: path.read_bytes() for path in (tmp_path / "s" / "sealed").iterdir()}
    for ids in (["p400"], [" "], []):
        with pytest.raises(InvalidInput):
            erase(tmp_path / "s", *ids)
    assert {path: path.read_bytes() for path in (tmp_path / "s" / "sealed").iterdir()} == before


def seal_broken(folder):
    """Seal a file that no run can read; its original goes away again, so that no run reads it."""
    path = folder / "raw" / "visits.csv"
    good = path.read_bytes()
    path.write_bytes(b"visit_id,patient_id\n1,p5,too many\n")
    with open_workplace(folder) as place:
        seal_sources(place.study, place.vault)
        path.write_bytes(good)
        seal_sources(place.study, place.vault)
        remove_originals(place.study, place.vault)


def test_a_copy_that_cannot_be_searched_is_refused_or_destroyed_for_everybody(tmp_path):
    make_sealed(tmp_path / "s", keep=True)
    seal_broken(tmp_path / "s")
    before = {path: path.read_bytes() for path in (tmp_path / "s" / "sealed").iterdir()}
    with pytest.raises(InvalidInput, match=r"visits\.csv cannot be searched for the patient"):
        erase(tmp_path / "s", "p5")
    assert {path: path.read_bytes() for path in (tmp_path / "s" / "sealed").iterdir()} == before
    assert erase(tmp_path / "s", "p5", destroy_unreadable=True).destroyed == 1
    assert run(tmp_path / "s").verdict == "pass"


def test_a_sealed_file_of_which_nobody_knows_the_original_is_refused(tmp_path):
    make_sealed(tmp_path / "s")
    with open_workplace(tmp_path / "s") as place:
        place.vault.seal_bytes(b"x", tmp_path / "s" / "sealed" / "other.sealed")
    with pytest.raises(InvalidInput, match=r"nobody knows what the sealed file other\.sealed"):
        erase(tmp_path / "s", "p5")


def test_a_row_that_somebody_wrote_back_meanwhile_is_found_at_the_end(tmp_path, monkeypatch):
    make_sealed(tmp_path / "s")
    monkeypatch.setattr(erasing_room, "_carry_out", lambda *_: None)
    with pytest.raises(IntegrityError, match="still holds rows"):
        erase(tmp_path / "s", "p5")


def test_a_sealed_file_that_is_gone_is_refused(tmp_path):
    make_sealed(tmp_path / "s")
    next(path for path in (tmp_path / "s" / "sealed").iterdir() if path.name != INDEX).unlink()
    with pytest.raises(IntegrityError):
        erase(tmp_path / "s", "p5")


def test_the_queue_and_what_stopped_work_left_behind_are_destroyed(tmp_path):
    make_sealed(tmp_path / "s")
    folder = tmp_path / "s" / "sealed"
    with open_workplace(tmp_path / "s") as place:
        place.vault.seal_bytes(b"[p5]", folder / QUEUE)
        place.vault.seal_bytes(b"p5", folder / ".confide-00.part")
    (folder / ".confide-01.part").write_bytes(b"half a file")
    erase(tmp_path / "s", "p5")
    assert not (folder / QUEUE).exists()
    assert not list(folder.glob(".confide-*"))


STOPPED = """
import os, signal, sys
from pathlib import Path
from confide.study.erase import erase_patient
from confide.study.workplace import open_workplace

seen, at = 0, int(sys.argv[2])

def hook(event, args):
    global seen
    if event in ("os.rename", "os.remove", "sqlite3.connect"):
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)

with open_workplace(Path(sys.argv[1])) as place:
    sys.addaudithook(hook)
    erase_patient(place, ["p5"])
print(seen)
"""


def stopped_at(folder, at):
    """Erase p5 in a child that kills itself before the `at`-th rename, removal or opening of a store."""
    places = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", STOPPED, str(folder), str(at)],
        env=places,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.slow
def test_killed_at_any_moment_each_file_is_the_old_or_the_new_one_and_a_second_call_finishes(tmp_path):
    make_sealed(tmp_path / "s", text=TEXTS, before=as_texts)
    run(tmp_path / "s")
    with open_workplace(tmp_path / "s") as place:
        before = opened(place)
    shutil.copytree(tmp_path, tmp_path.parent / "kept")
    whole = stopped_at(tmp_path / "s", 0)
    assert whole.returncode == 0, whole.stderr
    moments = int(whole.stdout)
    with open_workplace(tmp_path / "s") as place:
        after = opened(place)
    for at in range(1, moments + 1, max(1, moments // 5)):
        shutil.rmtree(tmp_path)
        shutil.copytree(tmp_path.parent / "kept", tmp_path)
        assert stopped_at(tmp_path / "s", at).returncode == -9
        with open_workplace(tmp_path / "s") as place:
            files = (tmp_path / "s" / "sealed").glob("*.sealed")
            index = read_index(tmp_path / "s" / "sealed", place.vault)
            for (source, name), old in before.items():
                if (sealed := index.files[source].get(name)) and (
                    tmp_path / "s" / "sealed" / sealed
                ).exists():
                    now = place.vault.read(tmp_path / "s" / "sealed" / sealed)
                    assert now in (old, after.get((source, name))), "either the old or the new state"
            assert list(files)
            erase_patient(place, ["p5"])
            assert opened(place) == after, "nothing of other patients is lost"
        assert run(tmp_path / "s").verdict == "pass"


def test_a_file_that_was_on_its_way_out_is_destroyed_by_the_second_call(tmp_path):
    make_sealed(tmp_path / "s", text=TEXTS, before=as_texts)
    with open_workplace(tmp_path / "s") as place:
        folder = tmp_path / "s" / "sealed"
        index = read_index(folder, place.vault)
        going = index.files["notes"].pop("raw/notes/p5_day1.txt")
        index.going.add(going)
        write_index(index, folder, place.vault)
        erase_patient(place, ["p5"])
        assert not (folder / going).exists()
        assert read_index(folder, place.vault).going == set()


# approvals


def asked(folder, *ids, kind="erase"):
    with open_workplace(folder) as place:
        return approvals.ask(place, kind, ids)


def with_roles():
    with open_ledger(home()) as ledger:
        return found_roles(ledger)


def test_where_roles_were_founded_two_of_them_approve_or_nothing_is_erased(tmp_path):
    make_sealed(tmp_path / "s")
    first, second = with_roles()
    request = asked(tmp_path / "s", "p5")
    before = {path: path.read_bytes() for path in (tmp_path / "s" / "sealed").iterdir()}
    for given in (None, request, signed_by(request, first)):
        with pytest.raises(AccessDenied):
            erase(tmp_path / "s", "p5", request=given)
    assert {path: path.read_bytes() for path in (tmp_path / "s" / "sealed").iterdir()} == before
    assert erase(tmp_path / "s", "p5", request=signed_by(request, first, second)).resealed == 2


def test_an_approval_is_for_one_patient_one_study_one_act_and_once(tmp_path):
    make_sealed(tmp_path / "s")
    first, second = with_roles()
    good = signed_by(asked(tmp_path / "s", "p5"), first, second)
    with pytest.raises(AccessDenied, match="somebody else"):
        erase(tmp_path / "s", "p6", request=good)
    with pytest.raises(AccessDenied, match="not the approval of an act"):
        erase(
            tmp_path / "s",
            "p5",
            request=signed_by(asked(tmp_path / "s", "p5", kind="re-identify"), first, second),
        )
    erase(tmp_path / "s", "p5", request=good)
    with pytest.raises(InvalidInput, match="carried out before"):
        erase(tmp_path / "s", "p5", request=good)
    assert erase(tmp_path / "s", "p5").resealed == 0, "to look again at who is gone already needs nobody"


def test_a_request_holds_nothing_that_a_guess_at_the_id_could_be_tried_on(tmp_path):
    make_sealed(tmp_path / "s")
    one, two = asked(tmp_path / "s", "p5"), asked(tmp_path / "s", "p5")
    assert "p5" not in json.dumps(one)
    assert one["request"]["fields"]["about"] != two["request"]["fields"]["about"]


def test_an_erasure_that_was_stopped_is_finished_under_the_approval_it_was_begun_with(tmp_path):
    make_sealed(tmp_path / "s")
    first, second = with_roles()
    request = signed_by(asked(tmp_path / "s", "p5"), first, second)
    with open_ledger(home()) as ledger:
        ledger.approved(request)  # and then the machine went down
    assert erase(tmp_path / "s", "p5", request=request).resealed == 2


# what survives


def test_everything_that_erasing_cannot_reach_is_listed(tmp_path):
    make_sealed(tmp_path / "s", keep=True)
    run(tmp_path / "s")
    with open_workplace(tmp_path / "s") as place:
        place.ledger.declare_cohort("inpatients", "2024", ["p5"])
        place.ledger.record("handover-package", study="readmission", details={"recipient": "Hospital B"})
        sealed = read_index(tmp_path / "s" / "sealed", place.vault).files["visits"]["raw/visits.csv"]
        place.vault.open_to(
            tmp_path / "s" / "sealed" / sealed, tmp_path / "plain.csv", purpose="look", who="me"
        )
        (tmp_path / "t" / "sealed").mkdir(parents=True)
        place.vault.seal_bytes(b"x", tmp_path / "t" / "sealed" / "x.sealed")
        found = what(erase_patient(place, ["p5"]))
    assert set(found) == {
        "releases", "not-private", "packages", "cohorts", "outgoing", "dossier", "openings", "originals",
        "elsewhere", "backups", "medium",
    }  # fmt: skip
    assert found["packages"]["names"] == ["Hospital B"]
    assert found["elsewhere"]["names"] == ["t"]
    assert found["openings"]["count"] == 1


# the command


def command(*arguments):
    with pytest.raises(SystemExit) as done:
        main.run([*map(str, arguments)])
    return done.value.code


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_command_takes_the_id_from_a_file_and_says_what_survives(tmp_path, capsys, language):
    make_sealed(tmp_path / "s")
    ids = tmp_path / "ids.txt"
    ids.write_text("p5\n\n")
    assert command("--language", language, "vault", "erase", tmp_path / "s", "--patient-file", ids) == 0
    said = capsys.readouterr().out
    assert ("sealed anew" if language == "en" else "重新封存") in said
    assert ("older copies of the vault" if language == "en" else "保险库旧副本") in said
    assert "p5" not in said


def test_the_command_speaks_json_and_writes_and_reads_requests(tmp_path, capsys):
    make_sealed(tmp_path / "s")
    first, second = with_roles()
    (tmp_path / "ids.txt").write_text("p5")
    asked_for = ("vault", "erase", tmp_path / "s", "--patient-file", tmp_path / "ids.txt", "--json")
    assert command(*asked_for, "--request", tmp_path / "r.json") == 0
    assert json.loads(capsys.readouterr().out) == {"request": str(tmp_path / "r.json")}
    request = signed_by(json.loads((tmp_path / "r.json").read_text()), first, second)
    (tmp_path / "r2.json").write_text(json.dumps(request))
    assert command(*asked_for) == 6
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "erase.no-approval"
    assert command(*asked_for, "--approved", tmp_path / "r2.json") == 0
    assert json.loads(capsys.readouterr().out)["resealed"] == 2
    assert command(*asked_for[:-1], "--request", tmp_path / "r3.json") == 0
    assert "confide approve" in capsys.readouterr().out


def test_the_id_is_never_an_argument_and_without_a_terminal_nobody_is_asked(tmp_path, capsys):
    make_sealed(tmp_path / "s")
    assert command("vault", "erase", tmp_path / "s", "p5") == 2
    assert "p5" not in capsys.readouterr().err
    assert command("vault", "erase", tmp_path / "s") == 2
    assert "no terminal" in capsys.readouterr().err
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00")
    assert command("vault", "erase", tmp_path / "s", "--patient-file", tmp_path / "bad.txt") == 2
    assert "cannot be read as a list of ids" in capsys.readouterr().err
    assert Path(tmp_path / "s" / "sealed").exists()
