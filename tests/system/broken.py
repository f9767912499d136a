"""Every way to break a small study that `test_bad_input.py` tries, one row each, and what must be said of it."""

import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from small import Small

from confide.ledger.home import home, open_ledger

PATIENTS = 60
HUGE = 10 * 1024 * 1024


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
        ledger.grant("neighbour", "inpatients", epsilon=9.0, delta=1e-7, purpose="bed planning")
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
    Bad("notes of people who are in no table", edit(('text = "note"', 'text = "note"\npatient = "note_id"')), ("notes",)),
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
    Bad("short passphrase", write("passphrase.txt", b"stable\n"), code=6, values=("stable",)),
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
    Bad("a ledger entry that was changed", flip_in_ledger, ("2",), 5),
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
