"""Every bad input of a hospital's first week: one sentence, one hint, an exit code, and nothing lost.

Each row breaks a fresh small study, runs a command in English and in Chinese, mends the damage and runs
the command again. The rows with a process of its own (Ctrl-C, a full disk) are at the end.
"""

import contextlib
import fcntl
import io
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from quick import make_quick
from small import STUDY, Small, make_small

from confide.cli.main import run
from confide.ledger.home import home, open_ledger
from confide.ledger.verify import verify_ledger

PATIENTS = 60
HUGE = 10 * 1024 * 1024
ENGLISH = re.compile(r"[a-z]+ [a-z]+ [a-z]+", re.IGNORECASE)
COMMANDS = re.compile(r"(confide|chmod)( [a-z0-9./-]+)*")
PLANTED = re.compile(r"\bp\d+\b|\bv\d+-\d\b|\bn\d+\b|\bR7\d{5}\b|\b139\d{8}\b")


@dataclass(frozen=True)
class Place:
    """A study to break, and the institution around it."""

    small: Small

    @property
    def folder(self) -> Path:
        return self.small.folder

    def edit(self, name: str, *changes: tuple[str, str]) -> None:
        """Replace text in a file of the study; what is replaced must be there."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")

    def cell(self, row: int, column: str, value: str, *, name: str = "raw/visits.csv") -> None:
        """Write one cell of a table; row 1 is the header."""
        path = self.folder / name
        lines = path.read_text(encoding="utf-8").split("\n")
        cells = lines[row - 1].split(",")
        cells[lines[0].split(",").index(column)] = value
        lines[row - 1] = ",".join(cells)
        path.write_text("\n".join(lines), encoding="utf-8")

    def column(self, header: str, cells: dict[int, str], *, name: str = "raw/visits.csv") -> None:
        """Add a column that is empty but for `cells`, by row."""
        path = self.folder / name
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        lines = [f"{line},{header if n == 1 else cells.get(n, '')}" for n, line in enumerate(lines, start=1)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Bad:
    """One way to break a study.

    Attributes:
        name: what is wrong, in words.
        harm: does the damage; may return what undoes that part of it which is not in a file.
        names: what the sentence must name, in both languages.
        code: the exit code.
        values: what must not be shown beside what `small` planted.
        before: commands that run, and succeed, before the damage.
        mend: mends the damage, where putting the files back is not how it is done.
    """

    name: str
    harm: Callable[[Place], object]
    names: tuple[str, ...] = ()
    code: int = 2
    values: tuple[str, ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    command: tuple[str, ...] = ("run",)
    mend: Callable[[Place], None] | None = None


def write(name: str, content: bytes) -> Callable[[Place], object]:
    return lambda place: (place.folder / name).write_bytes(content)


def edit(*changes: tuple[str, str], name: str = "study.toml") -> Callable[[Place], object]:
    return lambda place: place.edit(name, *changes)


def cell(row: int, column: str, value: str) -> Callable[[Place], object]:
    return lambda place: place.cell(row, column, value)


def twice(place: Place) -> None:
    lines = (place.folder / "raw/visits.csv").read_text().split("\n")
    place.cell(9, "visit_id", lines[3].split(",")[0])


def latin(place: Place) -> None:
    path = place.folder / "raw/visits.csv"
    lines = path.read_bytes().split(b"\n")
    lines[4] = (
        lines[4]
        .replace(b"Ash", b"\xe9\xff\xe8")
        .replace(b"Birk", b"\xe9\xff\xe8")
        .replace(b"Crom", b"\xe9\xff\xe8")
    )
    path.write_bytes(b"\n".join(lines))


def huge_note(place: Place) -> None:
    path = place.folder / "raw/notes.jsonl"
    lines = path.read_text().split("\n")
    lines[6] = lines[6].replace("Admitted", "Z" * HUGE)
    path.write_text("\n".join(lines))


def two_ids(place: Place) -> None:
    place.column("ssn", {2: "219-09-8765", 15: "219-09-8765"})
    place.edit("study.toml", ('phone = "phone"', 'phone = "phone", ssn = "ssn"'))


def two_ids_across(place: Place) -> None:
    place.column("ssn", {2: "219-09-8765"})
    place.column("ssn_2", {15: "219 09 8765"})
    place.edit("study.toml", ('phone = "phone"', 'phone = "phone", ssn = "ssn", ssn_2 = "ssn"'))


def everybody_opts_out(place: Place) -> None:
    ids = [f"p{i}" for i in range(PATIENTS)]
    (place.folder / "optout.csv").write_text("\n".join(["patient_id", *ids]) + "\n")


def nobody_consents(place: Place) -> None:
    (place.folder / "yes.csv").write_text("patient_id\nsomebody-else\n")
    place.edit("study.toml", ('optout = "optout.csv"', 'optout = "optout.csv"\nconsented = "yes.csv"'))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def flip_largest_sealed(place: Place) -> None:
    flip(max((place.folder / "sealed").glob("*.sealed"), key=lambda path: path.stat().st_size))


def old_ledger(place: Place) -> None:
    """Put back the ledger as it was before the run."""
    shutil.copy(home().parent / "backup.sqlite", home() / "ledger.sqlite")


def old_home(place: Place) -> None:
    """Put back the whole home as it was: its own checkpoint is old too, the study's is not."""
    old_ledger(place)
    (home() / "checkpoint").unlink()


def other_study_spends(place: Place) -> None:
    """A neighbour's study takes what this one would need."""
    from confide.stats.plan import StatsPlan

    plan = StatsPlan(name="beds", source="visits", by={}, measures=("count",), epsilon=8.5)
    with open_ledger(home()) as ledger:
        ledger.grant("neighbour", "inpatients", epsilon=9.0, delta=1e-7)
        with ledger.charge(plan, study="neighbour", account="inpatients"):
            pass


def ask_for_less(place: Place) -> None:
    """An account is never refilled; what can be done is to ask for less."""
    place.edit("study.toml", ("epsilon = 1.0", "epsilon = 0.2"), ("epsilon = 1.0", "epsilon = 0.2"))


def flip_in_ledger(place: Place) -> None:
    path = home() / "ledger.sqlite"
    data = path.read_bytes()
    assert data.count(b'"patients":30000') == 1
    path.write_bytes(data.replace(b'"patients":30000', b'"patients":30001'))


def another_run(place: Place) -> Callable[[], object]:
    handle = os.open(place.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return lambda: os.close(handle)


def readable_passphrase(place: Place) -> Callable[[], object]:
    path = place.folder / "passphrase.txt"
    path.chmod(0o644)
    return lambda: path.chmod(0o600)


def without(*names: str) -> Callable[[Place], object]:
    return lambda place: [(place.folder / name).unlink() for name in names]


def without_home(name: str) -> Callable[[Place], object]:
    return lambda place: (home() / name).unlink()


RUN = (("run",),)
SEALED = (("seal", "--remove-originals"),)
VISITS, NOTES = "raw/visits.csv", "raw/notes.jsonl"
ROWS = [
    # records
    Bad("empty table", write(VISITS, b""), (VISITS,)),
    Bad("empty notes", write(NOTES, b""), (NOTES,)),
    Bad("blank table", write(VISITS, b"\n\n"), (VISITS,)),
    Bad("a header and no rows", write(VISITS, b"visit_id,patient_id,name\n"), (VISITS,)),
    Bad("empty opt-out list", write("optout.csv", b""), ("optout.csv",)),
    Bad("wrong encoding", latin, (VISITS, "5")),
    Bad("not JSON", lambda p: p.edit(NOTES, ('"note_id": "n3"', '"note_id": Wolfeschlegel')), (NOTES, "4"), values=("Wolfeschlegel",)),
    Bad("ragged row", cell(6, "name", "Wolfe,schlegel"), (VISITS, "6"), values=("Wolfe", "schlegel")),
    Bad("open quote", cell(6, "name", '"Wolfeschlegel'), (VISITS, "6"), values=("Wolfeschlegel",)),
    Bad("no patient column", lambda p: p.edit(VISITS, ("patient_id", "pid")), (VISITS, "patient_id")),
    Bad("no patient id in a row", cell(12, "patient_id", ""), (VISITS, "patient_id", "12")),
    Bad("one patient with two ids and no crosswalk", two_ids, (VISITS, "ssn", "2, 15"), values=("219-09-8765", "219098765")),
    Bad("one patient with two ids in two columns", two_ids_across, ("visits",), values=("219-09-8765", "219098765")),
    Bad("duplicate record ids", twice, (VISITS, "visit_id", "4, 9")),
    Bad("NaN", cell(7, "stay_days", "NaN"), (VISITS, "stay_days", "7")),
    Bad("infinity", cell(8, "stay_days", "-inf"), (VISITS, "stay_days", "8")),
    Bad("too large a number", cell(8, "stay_days", "1.5e999"), (VISITS, "stay_days", "8"), values=("1.5e999",)),
    Bad("a 10 MB cell", cell(9, "name", "Z" * HUGE), (VISITS, "name", "9"), values=("ZZZZ",)),
    Bad("a 10 MB note", huge_note, (NOTES, "note", "7"), values=("ZZZZ",)),
    Bad("negative age", cell(10, "age", "-77"), (VISITS, "age", "10"), values=("-77",)),
    Bad("2023-02-30", cell(21, "born", "2023-02-30"), (VISITS, "born", "21"), values=("2023-02-30",)),
    Bad("an identifier column that is not there", edit(('phone = "phone"', 'telefon = "phone"')), (VISITS, "telefon")),
    Bad("a text column that is not there", edit(('text = "note"', 'text = "story"')), (NOTES, "story")),
    Bad("a record id column that is not there", edit(('id = "visit_id"', 'id = "case"')), (VISITS, "case")),
    Bad("a kind of identifier that is not there", edit(('phone = "phone"', 'phone = "telephone"')), ("telephone",)),
    Bad("statistics of a column that is not there", edit(("mean(stay_days", "mean(days")), ("stay", "days")),
    Bad("statistics by a column that is not there", edit(("{sex =", "{gender =")), ("stay", "gender")),
    Bad("training on a column that is not there", edit(("number(stay_days", "number(days")), ("readmitted", "days")),
    Bad("training towards a column that is not there", edit(('target = "readmitted"', 'target = "again"')), ("readmitted", "again")),
    Bad("risk over a column that is not there", edit(("[[train]]", '[risk]\nquasi_identifiers = ["district"]\n\n[[train]]'), ('policy = "gbt37964-research"', 'policy = "gbt37964-research"\nsources = ["visits"]')), ("district",)),
    Bad("a missing source file", without(NOTES), ("notes", NOTES)),
    Bad("a missing crosswalk", without("ids.csv"), ("ids.csv",)),
    Bad("a missing opt-out list", without("optout.csv"), ("optout.csv",)),
    Bad("a crosswalk that contradicts itself", write("ids.csv", b"id,patient\nW-1,p0\nW-1,p1\n"), ("ids.csv", "2, 3"), values=("W-1",)),
    Bad("a crosswalk in a circle", write("ids.csv", b"id,patient\nW-1,W-2\nW-2,W-1\n"), ("ids.csv", "2, 3"), values=("W-1", "W-2")),
    Bad("a crosswalk without its columns", write("ids.csv", b"old,new\nW-1,W-2\n"), ("ids.csv",), values=("W-1", "W-2")),
    Bad("an opt-out list without a header", write("optout.csv", b"p7\np8\n"), ("optout.csv",)),
    Bad("no row left after opt-outs", everybody_opts_out, ("notes",)),
    Bad("nobody consents", nobody_consents, ("notes",)),
    Bad("a path that matches the passphrase", edit(("raw/notes.jsonl", "*.txt"), ('text = "note"\nid = "note_id"', "")), ("passphrase.txt",)),
    # study.toml
    Bad("no study file", without("study.toml"), ("study.toml",)),
    Bad("a study file that is not TOML", edit(('name = "readmission"', "name = readmission")), ("study.toml", "3")),
    Bad("a study file that is not UTF-8", write("study.toml", '[study]\nname = "再入院"\n'.encode("gb18030")), ("study.toml",)),
    Bad("an empty study file", write("study.toml", b""), ("study.toml", "study")),
    Bad("unknown key", edit(('requester = "Ward 3"', 'requester = "Ward 3"\nward = 3')), ("study.toml", "6", "ward")),
    Bad("unknown section", edit(("[gates]", "[gate]")), ("study.toml", "gate")),
    Bad("wrong type", edit(("epsilon = 3.0\ndelta", 'epsilon = "3.0"\ndelta')), ("study.toml", "10", "epsilon")),
    Bad("missing key", edit(("delta = 1e-7\n", "")), ("study.toml", "8", "delta")),
    Bad("impossible budget", edit(("epsilon = 3.0\ndelta", "epsilon = 1.5\ndelta")), ("study.toml", "10", "1.5")),
    Bad("negative epsilon", edit(("epsilon = 1.0", "epsilon = -1.0")), ("study.toml", "epsilon")),
    Bad("infinite epsilon", edit(("epsilon = 3.0\ndelta", "epsilon = inf\ndelta")), ("study.toml", "10", "epsilon")),
    Bad("too large a delta", edit(("delta = 1e-7", "delta = 0.5")), ("study.toml", "11", "delta")),
    Bad("unknown policy", edit(("gbt37964-research", "gbt-0000")), ("study.toml", "gbt-0000")),
    Bad("a policy file that is not there", edit(("gbt37964-research", "ours.toml")), ("ours.toml",)),
    Bad("unknown measure", edit(("mean(stay_days, 0, 30)", "median(stay_days)")), ("study.toml", "median")),
    Bad("bounds the wrong way round", edit(("mean(stay_days, 0, 30)", "mean(stay_days, 30, 0)")), ("study.toml",)),
    Bad("statistics of notes", edit(('source = "visits"\nby', 'source = "notes"\nby')), ("study.toml", "notes")),
    Bad("a source outside the folder", edit(("raw/visits.csv", "../visits.csv")), ("study.toml", "../visits.csv")),
    # keys, ledger, other processes
    Bad("wrong passphrase", write("passphrase.txt", b"correct horse battery stable\n"), code=6, values=("stable",)),
    Bad("short passphrase", write("passphrase.txt", b"stable\n"), ("12",), values=("stable",)),
    Bad("no passphrase file", without("passphrase.txt"), ("passphrase.txt",)),
    Bad("a passphrase file that others may read", readable_passphrase, ("passphrase.txt",)),
    Bad("nobody to type the passphrase", edit(('passphrase_file = "passphrase.txt"', "")), ("passphrase_file",)),
    Bad("no vault", without_home("vault/vault.sqlite"), ("vault",)),
    Bad("a vault with a flipped bit", lambda p: flip(home() / "vault/vault.sqlite"), ("vault.sqlite",), 5),
    Bad("a vault that is no database", lambda p: (home() / "vault/vault.sqlite").write_bytes(b"Z" * 8192), ("vault.sqlite",), 5),
    Bad("a sealed file with a flipped bit", flip_largest_sealed, (".sealed",), 5, before=SEALED),
    Bad("an index with a flipped bit", lambda p: flip(p.folder / "sealed/index.sealed"), ("index.sealed",), 5, before=SEALED),
    Bad("a sealed file that is gone", lambda p: max((p.folder / "sealed").glob("*.sealed"), key=lambda f: f.stat().st_size).unlink(), (".sealed",), 5, before=SEALED),
    Bad("no account", edit(('name = "inpatients"', 'name = "outpatients"')), ("outpatients",)),
    Bad("over budget: the account was never that large", edit(("epsilon = 3.0\ndelta", "epsilon = 300.0\ndelta")), ("inpatients", "300"), 3),
    Bad("over budget: others have spent it", other_study_spends, ("inpatients",), 3, mend=ask_for_less),
    Bad("over budget: the step does not fit what is left", edit(("epsilon = 1.0\n\n[[train]]", "epsilon = 1.5\n\n[[train]]")), ("stay", "readmission"), 3, before=RUN),
    Bad("another allowance", edit(("epsilon = 3.0\ndelta", "epsilon = 2.5\ndelta")), ("readmission", "inpatients"), before=RUN),
    Bad("a restored old ledger", old_ledger, ("checkpoint",), 5, before=RUN),
    Bad("a restored old ledger with its checkpoint", old_home, ("checkpoint",), 5, before=RUN),
    Bad("a ledger that is gone", without_home("ledger.sqlite"), ("ledger.sqlite",), 5),
    Bad("a ledger that is no database", lambda p: (home() / "ledger.sqlite").write_bytes(b"Z" * 8192), ("ledger.sqlite",), 5),
    Bad("a ledger entry that was changed", flip_in_ledger, ("1",), 5),
    Bad("a checkpoint that is none", lambda p: (home() / "checkpoint").write_bytes(b"\xff\xfe"), ("checkpoint",), 5),
    Bad("the same plan on other data", cell(5, "stay_days", "29"), ("stay", "readmission"), before=RUN),
    Bad("a second run while one is at work", another_run),
    Bad("a gate that does not hold", edit(("identifier_risk = 0.05", "identifier_risk = 0.0001")), ("outgoing",), 4),
    # other commands
    Bad("check finds the same", cell(7, "stay_days", "NaN"), (VISITS, "stay_days", "7"), command=("check",)),
    Bad("check over budget", other_study_spends, ("inpatients",), 3, mend=ask_for_less, command=("check",)),
    Bad("seal without a source", without(NOTES), ("notes", NOTES), command=("seal",)),
    Bad("a dossier that was changed", lambda p: (p.folder / "dossier/inside.json").write_bytes(b"{"), ("inside.json",), 5, before=RUN, command=("status",)),
]  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """One study and one institution, made once and copied for each row: Argon2 takes its time."""
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIDE_HOME", str(folder / "home"))
        small = make_small(folder / "study", text=STUDY, patients=PATIENTS)
        make_quick()
        shutil.copy(home() / "ledger.sqlite", folder / "backup.sqlite")
    return folder, small


@pytest.fixture
def place(template, tmp_path, monkeypatch):
    folder, small = template
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    return Place(Small(tmp_path / "study", small.names, small.phones))


def call(*arguments: str) -> tuple[int, str, str]:
    """Run a command in this process; return exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        run(list(arguments))
    return int(left.value.code or 0), out.getvalue(), err.getvalue()


def files_of(*folders: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def charges() -> list[tuple[int, str]]:
    if not (home() / "ledger.sqlite").exists():
        return []
    with contextlib.closing(sqlite3.connect(home() / "ledger.sqlite")) as database:
        try:
            return database.execute("SELECT sequence, hash FROM entries ORDER BY sequence").fetchall()
        except sqlite3.DatabaseError:
            return []


def verify_said(err: str, language: str, bad: Bad, place: Place) -> None:
    """Two lines, in the language asked, that name what they must and nothing of a patient."""
    lines = err.splitlines()
    first, second = (
        ("confide: error: ", "confide: hint: ")
        if language == "en"
        else ("confide：错误：", "confide：提示：")
    )
    assert len(lines) == 2, err[:2000]
    assert lines[0].startswith(first)
    assert lines[1].startswith(second)
    told = lines[0].removeprefix(first)
    for name in bad.names:
        assert name in err, f"{name!r} is not named in: {err}"
    assert len(told) < 400
    assert not told.endswith((".", "。"))
    if language == "zh":
        bare = COMMANDS.sub("", err.replace(str(place.folder.parent), ""))
        assert not ENGLISH.search(bare), err
        for line in (told, lines[1].removeprefix(second)):
            assert re.search(r"[\u4e00-\u9fff]{2}", line)


def verify_silent(shown: str, bad: Bad, place: Place) -> None:
    """No planted name, phone or id, nor the bad cell itself."""
    shown = shown.replace(str(place.folder.parent), "")
    assert "Traceback" not in shown
    assert not PLANTED.search(shown)
    for value in (*place.small.names, *place.small.phones, *bad.values):
        assert value not in shown


@pytest.mark.parametrize("bad", ROWS, ids=lambda bad: bad.name)
def test_bad_input_is_told_in_one_sentence_and_a_hint_and_the_study_goes_on_when_it_is_mended(bad, place):
    command = (bad.command[0], str(place.folder), *bad.command[1:])
    for name, *options in bad.before:
        assert call(name, str(place.folder), *options)[0] == 0

    before = files_of(place.folder, home())
    undo = bad.harm(place)
    after = files_of(place.folder, home())
    harmed = {
        path: before.get(path) for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    }
    entries = charges()

    for language in ("en", "zh"):
        code, out, err = call(*command, "--language", language)
        assert code == bad.code, err
        if code != 4:
            assert out == ""
        verify_said(err, language, bad, place)
        verify_silent(out + err, bad, place)
        if code == 4:
            assert not (place.folder / "outgoing").exists()
        else:
            assert charges() == entries
            now = {path: data for path, data in files_of(place.folder).items() if "outgoing" in path.parts}
            assert now == {path: data for path, data in after.items() if "outgoing" in path.parts}

    if bad.mend is not None:
        bad.mend(place)
    else:
        put_back(harmed)
    if callable(undo):
        undo()
    code, _, err = call(*command)
    assert code == 0, err


def put_back(harmed: dict[Path, bytes | None]) -> None:
    for path, content in harmed.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)
            path.chmod(0o600)


# processes of their own ---------------------------------------------------------------------------------

CONFIDE = [sys.executable, "-c", "from confide.cli.main import run; run()"]


def ended_well(place: Place) -> None:
    code, _, err = call("run", str(place.folder))
    assert code == 0, err
    with open_ledger(home()) as ledger:
        verify_ledger(ledger)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ctrl_c_ends_a_run_with_130_abandons_the_charge_and_the_next_run_goes_on(place, language):
    place.edit("study.toml", ("steps = 10", "steps = 2000"))
    command = [*CONFIDE, "run", str(place.folder), "--language", language]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not names_charged() >= {"readmitted"} and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert out == ""
    bad = Bad("Ctrl-C", lambda _: None)
    verify_said(err, language, bad, place)
    verify_silent(err, bad, place)
    assert not (place.folder / "outgoing").exists()
    with open_ledger(home()) as ledger:
        balance = ledger.balance("inpatients", "readmission")
    assert (balance.charges, balance.abandoned, balance.open) == (2, 1, 0)
    ended_well(place)


def names_charged() -> set[str]:
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{home()}/ledger.sqlite?mode=ro", uri=True)
        ) as database:
            rows = database.execute("SELECT body FROM entries WHERE kind = 'charge'").fetchall()
    except sqlite3.OperationalError:
        return set()
    return {json.loads(body)["name"] for (body,) in rows}


@pytest.mark.parametrize("most", [100, 5_000, 30_000, 60_000])
def test_a_file_that_cannot_grow_is_told_in_two_lines_and_the_next_run_goes_on(place, most):
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    command = [*CONFIDE, "run", str(place.folder), "--language", "zh"]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=small_files, check=False)
    assert done.returncode == 2, done.stderr
    verify_said(done.stderr, "zh", Bad("full", lambda _: None), place)
    verify_silent(done.stdout + done.stderr, Bad("full", lambda _: None), place)
    ended_well(place)


FULL_DISK = """
mount -t tmpfs -o size=8m none "$1" && cp -r "$2/home" "$2/study" "$1" || exit 77
export CONFIDE_HOME="$1/home" TMPDIR="$1"
dd if=/dev/zero of="$1/filler" bs=1k 2>/dev/null
truncate -s "-$3K" "$1/filler"
for language in en zh; do
    "$4" -c "from confide.cli.main import run; run()" run "$1/study" --language $language
    echo "$language $?"; echo >&2
done
rm "$1/filler"
"$4" -c "from confide.cli.main import run; run()" run "$1/study" --json >/dev/null
echo "mended $?"
"$4" -c "from confide.cli.main import run; run()" ledger verify --json >/dev/null
echo "verified $?"
"""


@pytest.mark.parametrize("left", [4, 80, 200])
def test_a_full_disk_is_told_in_two_lines_and_the_next_run_goes_on(template, place, left, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk")
    script = [
        "unshare",
        "-rm",
        "sh",
        "-c",
        FULL_DISK,
        "sh",
        str(disk),
        str(template[0]),
        str(left),
        sys.executable,
    ]
    try:
        done = subprocess.run(script, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare on this machine")
    if done.returncode == 77 or "Operation not permitted" in done.stderr:
        pytest.skip("this machine does not let a test mount a small disk")
    assert done.stdout.split() == ["en", "2", "zh", "2", "mended", "0", "verified", "0"], (
        done.stdout + done.stderr
    )
    bad = Bad("full disk", lambda _: None)
    for language, told in zip(("en", "zh"), done.stderr.split("\n\n"), strict=False):
        verify_said(told.strip(), language, bad, place)
        verify_silent(told, bad, place)
