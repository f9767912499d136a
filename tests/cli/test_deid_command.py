"""`confide deid FILE…`, as a person calls it: every format, the same bytes from every way of working, nothing plain."""

import io
import json
import math
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from decimal import Decimal
from pathlib import Path

import docx
import openpyxl
import polars as pl
import pytest
from papers import full_word, locked_pdf, pdf, repacked, word

import confide
from confide.cli.main import run
from confide.deid.review import queue_from_bytes
from confide.ledger.home import home, open_ledger
from confide.ledger.verify import verify_ledger
from confide.study.files import NAMES
from confide.study.index import QUEUE
from confide.study.keys import vault_folder
from confide.study.review import open_desk, person_of
from confide.vault.custody import Cost
from confide.vault.vault import create_vault, open_vault

PASSPHRASE = "seven grey herons"
NAMES_OF = {"p0": "Zebulon Ashworth", "p1": "张建国", "p2": "Marigold Birkworth", "p3": "欧阳明月"}
ROWS = [
    {
        "patient_id": f"p{n % 4}",
        "name": NAMES_OF[f"p{n % 4}"],
        "phone": f"1391234567{n % 4}",
        "note": f"{NAMES_OF[f'p{n % 4}']} seen on 2024-03-{n + 1:02d}, Parkinson disease, tel 1391234567{n % 4}.",
        "stay": n,
        "hb": 12.5,
    }
    for n in range(12)
]
CONFIDE = [sys.executable, "-c", "from confide.cli.main import run; run()"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An institution with a vault that opens quickly, in a folder of its own that is the working folder."""
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(Path(confide.__file__).parents[1]))
    monkeypatch.chdir(tmp_path)
    home().mkdir(mode=0o700)
    create_vault(vault_folder(), PASSPHRASE, cost=Cost(memory_kib=64, passes=1, lanes=1))
    (tmp_path / "pass.txt").write_text(PASSPHRASE)
    (tmp_path / "pass.txt").chmod(0o600)
    return tmp_path


def deid(*arguments: object, key: bool = True) -> tuple[int, str, str]:
    """Call the command; return exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    given = [*map(str, arguments), *(["--passphrase-file", "pass.txt"] if key else [])]
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
        run(["deid", *given])
    return left.value.code, out.getvalue(), err.getvalue()


def told(*arguments: object, key: bool = True) -> dict:
    code, out, err = deid(*arguments, "--json", key=key)
    assert code == 0, out + err
    return json.loads(out)


def sealed(path: str) -> object:
    return json.loads(open_vault(vault_folder(), passphrase=PASSPHRASE).read(Path(path)))


def entries(kind: str) -> list[dict]:
    with open_ledger(home()) as ledger:
        return [each.body for each in ledger.store.all(kind=kind)]


def fill(folder: Path) -> Path:
    """Write a folder with every kind of file, each about the same patients."""
    folder.mkdir()
    frame = pl.DataFrame(ROWS)
    frame.write_csv(folder / "visits of Ashworth.csv")
    frame.write_parquet(folder / "b.parquet")
    (folder / "c.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS))
    book = openpyxl.Workbook()
    for row in (list(ROWS[0]), *(list(each.values()) for each in ROWS)):
        book.active.append(row)
    book.save(folder / "d.xlsx")
    (folder / "p1_张建国.txt").write_bytes(
        "患者张建国，住院号10086，2024年3月5日入院。\r\n".encode("gb18030")
    )
    (folder / "f.docx").write_bytes(full_word("Zebulon Ashworth", "Dr Marigold"))
    (folder / "g.pdf").write_bytes(pdf("Patient: Zebulon Ashworth, MRN 447788.", "Phone 021-5566-7788."))
    (folder / "h.png").write_bytes(b"no document")
    return folder


def texts_in(folder: Path) -> str:
    """Return all that can be read in the files of a folder."""
    whole = ""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".parquet":
            whole += str(pl.read_parquet(path).rows())
        elif path.suffix == ".xlsx":
            whole += str([list(row) for row in openpyxl.load_workbook(path).active.values])
        elif path.suffix == ".docx":
            whole += "\n".join(each.text for each in docx.Document(path).paragraphs)
        else:
            whole += path.read_text(encoding="utf-8")
    return whole


def test_every_kind_of_file_comes_out_without_names_and_with_its_medicine(place):
    fill(place / "in")
    found = told("in")
    out = place / "deidentified"
    assert sorted(path.name for path in out.iterdir()) == [
        "0001.parquet", "0002.jsonl", "0003.xlsx", "0004.docx", "0005.txt", "0006.txt", "0007.csv",
    ]  # fmt: skip
    whole = texts_in(out)
    for name in [
        *NAMES_OF.values(),
        "Ashworth",
        "Zebulon",
        "张建国",
        "1391234567",
        "住院号10086",
        "MRN 447788",
        "021-5566-7788",
    ]:  # an invented number may well hold four digits of a real one
        assert name not in whole, name
    frame = pl.read_parquet(out / "0001.parquet")
    assert not any(f"2024-03-{n:02d}" in note for n, note in enumerate(frame["note"], 1))
    assert whole.count("Parkinson disease") == 48
    assert found["documents"] == 4 * 12 + 3
    assert found["status"] == "de-identified"
    assert found["passed_over"] == 1
    assert found["pictures"] == 1
    assert found["identifiers"] == {"name": "name", "patient_id": "record-number", "phone": "phone"}
    assert frame.schema == pl.DataFrame(ROWS).schema


def test_a_patient_is_one_surrogate_in_all_files_and_under_another_name_of_release_another(place):
    fill(place / "in")
    told("in")
    told("in", "--name", "again", "--out", "again")
    frame = pl.read_parquet(place / "deidentified/0001.parquet")
    assert frame["patient_id"].n_unique() == frame["name"].n_unique() == 4
    for other in (
        pl.read_csv(place / "deidentified/0007.csv"), pl.read_ndjson(place / "deidentified/0002.jsonl"),
        pl.read_excel(place / "deidentified/0003.xlsx"),
    ):  # fmt: skip
        assert other["patient_id"].to_list() == frame["patient_id"].to_list()
        assert other["name"].to_list() == frame["name"].to_list()
    again = pl.read_parquet(place / "again/0001.parquet")
    assert set(again["patient_id"]).isdisjoint(frame["patient_id"])


def test_the_same_call_gives_the_same_bytes_with_any_number_of_processes(place):
    fill(place / "in")
    told("in", "--out", "one")
    told("in", "--out", "two", "--processes", 2)
    told("in", "--out", "three", "--processes", 3)
    first, *others = (
        {p.name: p.read_bytes() for p in (place / o).iterdir()} for o in ("one", "two", "three")
    )
    assert all(first == other for other in others)


def test_names_of_files_are_numbers_and_the_mapping_is_sealed(place):
    fill(place / "in")
    code, out, err = deid("in")
    assert code == 0
    assert "Ashworth" not in out + err
    assert "张建国" not in out + err
    mapping = sealed("deidentified.sealed/" + NAMES)
    assert mapping["0007.csv"] == str(place / "in/visits of Ashworth.csv")
    assert b"Ashworth" not in (place / "deidentified.sealed" / NAMES).read_bytes()


def test_what_is_put_out_is_for_its_owner_alone(place):
    fill(place / "in")
    told("in")
    for folder in ("deidentified", "deidentified.sealed"):
        assert stat.S_IMODE((place / folder).stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in (place / folder).iterdir()} == {0o600}


def test_the_ledger_names_what_left_before_it_left_and_nothing_of_a_patient(place):
    fill(place / "in")
    told("in")
    with open_ledger(home()) as ledger:
        ledger.open_account("inpatients", epsilon=8, delta=1e-7, patients=20_000)
    found = told("in", "--out", "second", "--name", "registry")
    assert found["account"] == "inpatients"
    first, second = (each for each in entries("record") if each["what"] == "deid-files")
    assert (first["study"], second["study"]) == ("files", "registry")
    assert second["details"]["spans"] == found["spans"]
    assert second["details"]["account"] == "inpatients"
    (named,) = entries("not-private")
    assert named["commitment"] == second["commitment"]
    assert re.fullmatch("[0-9a-f]{64}", named["commitment"])
    assert named["what"] == "7 files · documents · de-identified · expert-determination"
    with open_ledger(home()) as ledger:
        verify_ledger(ledger)
    whole = (home() / "ledger.sqlite").read_bytes()
    assert not any(each in whole for each in (b"Ashworth", "张建国".encode(), b"visits of", b"13912345"))


def test_where_the_ledger_has_several_accounts_one_must_be_named(place):
    fill(place / "in")
    with open_ledger(home()) as ledger:
        for name in ("inpatients", "outpatients"):
            ledger.open_account(name, epsilon=8, delta=1e-7, patients=20_000)
    assert deid("in")[0] == 2
    assert deid("in", "--account", "nobody")[0] == 2
    assert not (place / "deidentified").exists()
    assert told("in", "--account", "outpatients")["account"] == "outpatients"


DOUBT = "手术日期 2023-02-30，证件110105194912310021。"


def test_doubtful_finds_are_masked_and_wait_sealed_as_in_a_study(place):
    (place / "a.txt").write_text(DOUBT)
    found = told("a.txt")
    assert found["doubtful"] == 2
    assert "2023-02-30" not in (place / "deidentified/0001.txt").read_text()
    vault = open_vault(vault_folder(), passphrase=PASSPHRASE)
    items = queue_from_bytes(vault.read(Path(found["queue"])))
    assert len(items) == 2
    for item in items:
        assert (item.document, item.source) == ("1", "files")
        assert item.text == DOUBT[item.span.start : item.span.end]
    assert Path(found["queue"]).name == QUEUE


def test_what_a_person_decided_is_carried_out_by_the_next_call(place):
    (place / "a.txt").write_text(DOUBT)
    assert deid("a.txt", "--review", "block")[0] == 4
    assert not (place / "deidentified").exists()
    queue = place / "deidentified.sealed" / QUEUE
    vault = open_vault(vault_folder(), passphrase=PASSPHRASE)
    with (
        open_ledger(home()) as ledger,
        open_desk(vault, ledger, queue, person=person_of(ledger, None), purpose="test", study=None) as desk,
    ):
        for at, item in enumerate(desk.items):
            desk.decide(at, "reject" if "2023" in item.text else "accept")
    found = told("a.txt", "--review", "block")
    assert (found["doubtful"], found["undecided"]) == (2, 0)
    text = (place / "deidentified/0001.txt").read_text()
    assert "2023-02-30" in text
    assert "110105194912310021" not in text


def test_hold_keeps_a_doubtful_document_back_and_block_all(place):
    (place / "a.csv").write_text(f"patient_id,note\np1,{DOUBT.replace(',', ' ')}\np2,stable\n")
    assert told("a.csv", "--review", "hold")["held"] == 1
    assert pl.read_csv(place / "deidentified/0001.csv").height == 1
    code, _, err = deid("a.csv", "--review", "block", "--out", "other")
    assert code == 4
    assert "2 doubtful spans in 1 documents" in err
    assert not (place / "other").exists()


def test_a_dry_run_counts_the_same_and_needs_and_writes_nothing(place):
    fill(place / "in")
    would = told("in", "--dry-run", key=False)
    before = sorted(place.rglob("*"))
    assert told("in", "--dry-run", key=False)["spans"] == would["spans"]
    assert sorted(place.rglob("*")) == before
    assert entries("record") == []
    did = told("in")
    changing = {"out", "account", "queue", "seconds", "characters_per_second", "pictures"}
    assert {k: v for k, v in would.items() if k not in changing} == {
        k: v for k, v in did.items() if k not in changing
    }


def test_known_values_come_from_a_table_of_patients_or_of_everybody(place):
    (place / "a.csv").write_text(
        "patient_id,note\np1,seen aspirin and warfarin\np2,seen aspirin and warfarin\n"
    )
    (place / "people.csv").write_text("patient_id,name\np1,aspirin\n")
    (place / "staff.csv").write_text("staff\nwarfarin\n")
    told("a.csv", "--known", "people.csv")
    first, second = pl.read_csv(place / "deidentified/0001.csv")["note"]
    assert "aspirin" not in first
    assert second == "seen aspirin and warfarin"
    told("a.csv", "--known", "staff.csv", "--out", "b")
    assert "warfarin" not in (place / "b/0001.csv").read_text()


def test_the_name_or_the_folder_of_a_file_tells_whose_it_is(place):
    (place / "in/P7").mkdir(parents=True)
    (place / "in/P7/P7_a.txt").write_text("Patient: Zebulon Stone")
    (place / "in/P7/P7_b.txt").write_text(
        "Feels well. STONE gone. MRN-less id P7."
    )  # by itself it is no name to anybody
    assert "STONE" in texts_in((told("in", "--out", "none"), place / "none")[1])
    for owner in ("name", "folder"):
        told("in", "--owner", owner, "--out", owner)
        assert "stone" not in texts_in(place / owner).lower()
        assert "P7" not in texts_in(place / owner)


def test_columns_that_are_named_go_before_those_that_are_guessed(place):
    (place / "a.csv").write_text("who,tel,name,text\n7,x1y2z3,aspirin,nothing\n")
    found = told("a.csv", "--patient", "who", "--identifiers", "tel=phone", "--identifiers", "name=text")
    assert found["identifiers"] == {"who": "record-number", "tel": "phone"}
    (row,) = pl.read_csv(place / "deidentified/0001.csv").rows(named=True)
    assert row["name"] == "aspirin"
    assert row["tel"] != "x1y2z3"
    assert row["who"].startswith("P-")


def test_the_summary_is_said_in_both_languages_and_never_says_that_it_is_anonymous(place):
    (place / "a.txt").write_text("患者张建国")
    code, english, _ = deid("a.txt")
    assert code == 0
    code, chinese, _ = deid("a.txt", "--out", "zh", "--language", "zh")
    assert code == 0
    assert "de-identified, not anonymous" in english
    assert "去标识，并非匿名" in chinese
    assert "name 1" in english
    assert "per second" in english
    assert not re.search("[a-z]{4,} [a-z]{4,} [a-z]{4,}", chinese)


def test_a_vault_elsewhere_opens_as_its_file_of_keys_says_and_gives_other_pseudonyms(place):
    create_vault(place / "ward", PASSPHRASE, cost=Cost(memory_kib=64, passes=1, lanes=1))
    (place / "keys.toml").write_text('[keys]\npassphrase_file = "pass.txt"\n')
    (place / "a.csv").write_text("patient_id,note\np1,stable\n")
    told("a.csv", "--out", "ours")
    told("a.csv", "--vault", "ward", "--keys", "keys.toml", "--out", "theirs", key=False)
    ours, theirs = ((place / out / "0001.csv").read_text() for out in ("ours", "theirs"))
    assert ours != theirs
    assert ours.count("P-") == theirs.count("P-") == 1


# refusals -------------------------------------------------------------------------------------------


def missing_column(folder):
    (folder / "a.csv").write_text("patient_id,note\np1,Zebulon\n")
    return ["--text", "remark"]


def no_patient(folder):
    (folder / "a.csv").write_text("patient_id,note\np1,Zebulon\n,Zebulon\n")
    return []


def two_classes(folder):
    (folder / "b.csv").write_text("编号,phone\n1,2\n")
    (folder / "a.csv").write_text("patient_id,note,tel\np1,Zebulon,9\n")
    return ["--identifiers", "nix=phone"]


def written(name, content):
    def write(folder):
        (folder / name).write_bytes(content() if callable(content) else content)
        return []

    return write


BAD = {
    "an encrypted PDF": written("a.pdf", lambda: locked_pdf("Zebulon")),
    "a scan": written("a.pdf", pdf("")),
    "half a PDF": written("a.pdf", pdf("Zebulon")[:150]),
    "a broken Word file": written("a.docx", lambda: word("Zebulon" * 900)[:9000]),
    "a zip bomb": written("a.docx", lambda: repacked(word("x"), word__media__a_dot_png=bytes(256_000_000))),
    "a Word file with a workbook": written(
        "a.docx", lambda: repacked(word("x"), word__embeddings__x_dot_xlsx=b"PK")
    ),
    "mixed encodings": written("a.txt", "患者".encode() + "张建国".encode("gb18030") + b"\xff"),
    "latin letters": written("a.txt", b"caf\xe9 Zebulon r\xe9sum\xe9"),
    "a missing column": missing_column,
    "an unknown class column": two_classes,
    "a row of nobody": no_patient,
    "an empty file": written("a.txt", b""),
    "an empty table": written("a.csv", b""),
    "a table without rows": written("a.csv", b"patient_id,note\n"),
    "a ragged table": written("a.csv", b"patient_id,note\np1,Zebulon,x\n"),
    "nested JSON": written("a.jsonl", b'{"note": ["Zebulon"]}\n'),
    "a broken workbook": written("a.xlsx", b"PK Zebulon"),
    "a broken Parquet file": written("a.parquet", b"PAR1 Zebulon"),
    "nothing but pictures": written("a.png", b"Zebulon"),
    "an empty folder": lambda folder: [],
}


@pytest.mark.parametrize("harm", BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_leaves_nothing(harm, place):
    (place / "in").mkdir()
    options = harm(place / "in")
    good = place / "in/z.txt"
    if list((place / "in").iterdir()) and not (place / "in/a.png").exists():
        good.write_text("患者张建国")
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    for language in ("en", "zh"):
        code, out, err = deid("in", *options, "--language", language)
        assert (code, out) == (2, ""), err
        assert len(err.splitlines()) == 2, err
        assert "Zebulon" not in err
        assert "张建国" not in err
    after = {path for path in place.rglob("*") if path.is_file()}
    assert {path for path in after - set(before) if home() not in path.parents} == set()
    assert all(path.read_bytes() == content for path, content in before.items() if home() not in path.parents)
    assert entries("record") == []


def test_a_file_of_another_kind_that_is_not_there_or_is_a_pipe_is_refused(place):
    (place / "a.doc").write_bytes(b"x")
    os.mkfifo(place / "a.txt")
    for name in ("a.doc", "nowhere.txt", "a.txt"):
        code, _, err = deid(name)
        assert (code, len(err.splitlines())) == (2, 2)
        assert name in err


def test_output_is_never_written_over_anything(place):
    fill(place / "in")
    (place / "deidentified").mkdir()
    (place / "deidentified/mine").write_text("x")
    for out in ("deidentified", "in", "in/h.png", "."):
        assert deid("in", "--out", out)[0] == 2, out
    assert (place / "deidentified/mine").read_text() == "x"
    assert not (place / "deidentified.sealed").exists()
    (place / "deidentified/mine").unlink()
    assert told("in")["documents"] == 51  # an empty folder may be there


def test_secrets_that_lie_among_the_files_are_no_documents(place):
    (place / "a.txt").write_text("患者张建国")
    (place / "recovery-key.txt").write_text("ABCD-EFGH")
    (place / "people.csv").write_text("staff\nwarfarin\n")
    assert told(".", "--known", "people.csv", "--out", "../out")["files"] == 1
    assert PASSPHRASE not in texts_in(place.parent / "out")
    shutil.rmtree(place.parent / "out")


def test_a_file_that_vanishes_meanwhile_leaves_nothing(place):
    (place / "in").mkdir()
    for n in range(3):
        (place / f"in/{n}.docx").write_bytes(word("Zebulon Ashworth"))
    code = """
import confide.study.outputs as outputs
from pathlib import Path
first = outputs.write_docx
def then_vanish(*arguments):
    Path("in/2.docx").unlink(missing_ok=True)
    return first(*arguments)
outputs.write_docx = then_vanish
from confide.cli.main import run
run(["deid", "in", "--passphrase-file", "pass.txt"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "2.docx" in done.stderr
    assert not list(place.glob("*deidentified*"))
    assert entries("record") == []


def test_a_full_disk_is_one_sentence_and_leaves_nothing(place):
    rows = "".join(f"p{n},{'stable ' * 40}\n" for n in range(900))
    (place / "a.csv").write_text(f"patient_id,note\n{rows}")
    limited = ["bash", "-c", 'ulimit -f 150; exec "$@"', "-", *CONFIDE]
    done = subprocess.run(
        [*limited, "deid", "a.csv", "--passphrase-file", "pass.txt"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "disk is full" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert not list(place.glob("*deidentified*"))
    assert told("a.csv")["documents"] == 900


# names of columns -----------------------------------------------------------------------------------


def table_file(folder, suffix, columns):
    """Write one row under these names of columns into a file of a kind."""
    frame, path = pl.DataFrame({name: ["stable"] for name in columns}), folder / f"a{suffix}"
    if suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in (frame.columns, *frame.rows()):
            book.active.append(row)
        book.save(path)
    else:
        {".csv": frame.write_csv, ".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet}[suffix](path)
    return path


PEOPLE = ("张伟", "欧阳明月", "Ann Otto", "Zebulon_Ashworth", "MRN 447788", "021-5566-7788", "13800138000",
          "110105194912310021", "ann.otto@example.org")  # fmt: skip


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_a_column_that_is_called_like_somebody_ends_the_call_and_is_not_shown(suffix, place):
    for person in PEOPLE:
        table_file(place, suffix, ["item", person])
        for options in ([], ["--text", "note"], ["--dry-run"]):
            for language in ("en", "zh"):
                code, out, err = deid(f"a{suffix}", *options, "--language", language)
                assert (code, out, len(err.splitlines())) == (2, "", 2), (person, out, err)
                assert person not in err
                assert ("2" in err) or "first row" in err or "第一行" in err
    assert not (place / "deidentified").exists()


def test_a_file_without_a_header_ends_the_call_and_shows_nobody(place):
    (place / "a.csv").write_text("张伟,肺炎,好\n李秀兰,胃炎,差\n王建国,胃炎,差\n")
    (place / "b.csv").write_text("张伟,李秀兰,张伟\n120,130,1\n")
    (place / "c.csv").write_text("note\nstable\n")
    for arguments in (
        ["a.csv"], ["a.csv", "--text", "note"], ["b.csv"], ["c.csv", "--known", "a.csv"], ["a.csv", "--dry-run"]
    ):  # fmt: skip
        code, out, err = deid(*arguments)
        assert (code, out) == (2, ""), arguments
        assert not any(word in err for word in ("张伟", "李秀兰", "肺炎", "好")), err
    assert not (place / "deidentified").exists()


def test_a_late_key_of_json_lines_that_is_somebody_ends_the_call(place):
    lines = ['{"note": "' + "stable " * 20 + '"}'] * 9000 + ['{"note": "stable", "Ann Otto": "x"}']
    (place / "a.jsonl").write_text("\n".join(lines))
    code, _, err = deid("a.jsonl")
    assert (code, "Ann" in err) == (2, False)
    assert "column number 2" in err
    assert not (place / "deidentified").exists()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_usual_names_of_columns_are_no_people(suffix, place):
    usual = ["name", "患者姓名", "phone", "Hb", "date", "department", "2024-03", "Na", "Ross", "白细胞", "医生", "桑白皮",
             "Child-Pugh", "patient name", "联系人电话", "Mayo_score", "NR-AR"]  # fmt: skip
    table_file(place, suffix, usual)
    assert told(f"a{suffix}", "--dry-run", key=False)["documents"] == 1


def test_a_column_that_only_looks_like_somebody_is_let_through_by_its_name(place):
    (place / "a.csv").write_text("note,甘草\nstable,6\n")
    assert deid("a.csv")[0] == 2
    told("a.csv", "--identifiers", "甘草=text")
    assert (place / "deidentified/0001.csv").read_text().startswith("note,甘草\n")


# cells are written as they were read ----------------------------------------------------------------


def test_cells_of_json_lines_in_which_nothing_is_found_are_written_as_they_were(place):
    lines = [
        '{"hb": 12.50, "k": "+1", "x": ".5", "ok": true, "none": null, "empty": "", "big": 1E3}',
        '{"hb": 7, "k": "7", "x": "hemolysed", "late": "<0.5"}',
        '{"hb": 0.3333333333333333, "k": "-", "x": "1.50", "ok": "true"}',
    ]
    (place / "a.jsonl").write_text("\n".join(lines) + "\n")
    told("a.jsonl")
    assert (place / "deidentified/0001.jsonl").read_text().splitlines() == lines


@pytest.mark.parametrize("suffix", [".jsonl", ".xlsx"])
def test_a_word_after_thousands_of_numbers_stays(suffix, place):
    cells = [*range(1, 10), "hemolysed", "<0.5"]
    rows = [{"patient_id": f"p{n}", "hb": 7} for n in range(5001)] + [
        {"patient_id": f"q{n}", "hb": cell} for n, cell in enumerate(cells)
    ]
    if suffix == ".jsonl":
        (place / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        book = openpyxl.Workbook()
        for row in (list(rows[0]), *(list(each.values()) for each in rows)):
            book.active.append(row)
        book.save(place / "a.xlsx")
    told(f"a{suffix}")
    out = place / f"deidentified/0001{suffix}"
    if suffix == ".jsonl":
        written = [json.loads(line)["hb"] for line in out.read_text().splitlines()]
    else:
        written = [row[1] for row in openpyxl.load_workbook(out).active.values][1:]
    assert written == [7] * 5001 + cells


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_an_age_of_92_is_90_in_a_column_of_numbers(suffix, place):
    frame = pl.DataFrame({"patient_id": ["p1", "p2"], "age": [92, 45]})
    path = place / f"a{suffix}"
    if suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in (frame.columns, *frame.rows()):
            book.active.append(row)
        book.save(path)
    else:
        {".csv": frame.write_csv, ".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet}[suffix](path)
    told(f"a{suffix}", "--policy", "expert-determination")
    out = place / f"deidentified/0001{suffix}"
    if suffix == ".csv":
        assert [line.split(",")[1] for line in out.read_text().splitlines()] == ["age", "90+", "45"]
        return
    reads = {".jsonl": pl.read_ndjson, ".parquet": pl.read_parquet, ".xlsx": pl.read_excel}
    read = reads[suffix](out)
    assert read["age"].to_list() == [90, 45]


def test_types_of_parquet_stay_and_so_does_every_number(place):
    frame = pl.DataFrame(
        {
            "patient_id": ["p1", "p2", "p3"],
            "stay": pl.Series([1, None, 3], dtype=pl.Int32),
            "count": pl.Series([1, 2, 3], dtype=pl.UInt8),
            "ratio": pl.Series([0.1, 98.6, float("nan")], dtype=pl.Float32),
            "mean": [1 / 3, 50 / 7, None],
            "cost": pl.Series([Decimal("36.70"), None, Decimal("98.60")], dtype=pl.Decimal(20, 2)),
            "kind": pl.Series(["mild", "severe", "mild"], dtype=pl.Categorical),
            "ok": [True, None, False],
        }
    )
    frame.write_parquet(place / "a.parquet")
    told("a.parquet")
    read = pl.read_parquet(place / "deidentified/0001.parquet")
    assert read.schema == frame.schema
    assert read.drop("patient_id").rows()[:2] == frame.drop("patient_id").rows()[:2]
    assert math.isnan(read["ratio"][2])


def test_words_of_a_dictionary_of_parquet_do_not_leave_beside_the_cells(place):
    names = pl.Enum(["Zebulon Ashworth", "Marigold Birkworth"])
    pl.DataFrame({"name": pl.Series(["Zebulon Ashworth"], dtype=names), "note": ["stable"]}).write_parquet(
        place / "a.parquet"
    )
    told("a.parquet")
    out = place / "deidentified/0001.parquet"
    assert b"Marigold" not in out.read_bytes()
    assert b"Zebulon" not in out.read_bytes()
    assert pl.read_parquet(out)["name"].dtype == pl.Categorical


# nothing plain ----------------------------------------------------------------------------------------


def canaries_in(place: Path, canary: bytes, apart: Path) -> list[Path]:
    found = []
    for folder, _, names in os.walk(place):  # which passes over a folder that was just taken away
        for path in (Path(folder, name) for name in names):
            try:
                content = b"" if path == apart else path.read_bytes()
            except OSError:
                continue
            if canary in content or canary in os.fsencode(path):
                found.append(path)
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the process is watched through /proc")
@pytest.mark.parametrize("killed", [False, True], ids=["during and after", "after kill -9"])
def test_nothing_plain_is_on_disk_at_any_moment(killed, place, monkeypatch):
    canary = "qzxwvkjhgfpmnbtrdslc"
    rows = "".join(f"p{n % 50},{canary} Zed,{canary} Zed seen. {'stable ' * 40}\n" for n in range(1500))
    (place / "a.csv").write_text(f"patient_id,name,note\n{rows}")
    for variable in ("TMPDIR", "HOME", "POLARS_TEMP_DIR"):
        (place / variable).mkdir()
        monkeypatch.setenv(variable, str(place / variable))
    code = (
        f"import confide.deid.stream as s; s.deidentify_stream.__kwdefaults__['held'] = 50_000; {CONFIDE[2]}"
    )
    command = [
        sys.executable,
        "-c",
        code,
        "deid",
        "a.csv",
        "--passphrase-file",
        "pass.txt",
        "--processes",
        "2",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    rounds, began = 0, time.monotonic()
    while process.poll() is None and time.monotonic() - began < 60:
        assert canaries_in(place, canary.encode(), place / "a.csv") == []
        rounds += 1
        if killed and (place / ".deidentified.part").exists() and rounds > 3:
            process.send_signal(signal.SIGKILL)
        time.sleep(0.02)
    process.wait(10)
    assert rounds > 2
    assert process.returncode == (-signal.SIGKILL if killed else 0), process.stderr.read()
    assert canaries_in(place, canary.encode(), place / "a.csv") == []
    assert (place / "deidentified").exists() == (not killed)
    if killed:
        time.sleep(0.5)  # until the workers have noticed
        assert told("a.csv")["documents"] == 1500
        assert not (place / ".deidentified.part").exists()


def test_text_tables_and_the_vault_are_worked_on_without_polars(place):
    """It would take 48 MB and a third of a second that only Parquet, Excel and studies need."""
    (place / "in").mkdir()
    (place / "in/a.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS))
    (place / "in/b.csv").write_text("patient_id,note\np1,张建国复诊\np2,Marigold seen 2024-03-05\n")
    (place / "in/c.txt").write_text("Zebulon Ashworth was seen on 2024-03-05.")
    look = (
        "import sys\nfrom confide.cli.main import run\n"
        "try:\n    run()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('polars' in sys.modules)"
    )
    for words in (["deid", "in", "--passphrase-file", "pass.txt"], ["vault", "show"]):
        done = subprocess.run(
            [sys.executable, "-c", look, *words], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "False", words
    assert len(list((place / "deidentified").iterdir())) == 3
