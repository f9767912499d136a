"""Every bad input of a hospital's first week: one sentence, one hint, an exit code, and nothing lost.

Each row of `broken.py` breaks a fresh small study, runs a command in English and in Chinese, mends the damage
and runs the command again. The rows with a process of its own (Ctrl-C, a full disk) are at the end.
"""

import contextlib
import io
import json
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from broken import PATIENTS, ROWS, Bad, Place
from quick import make_quick
from small import STUDY, Small, make_small

from confide.cli.main import explain, foreseen, run
from confide.ledger.home import home, open_ledger
from confide.ledger.verify import verify_ledger
from confide.words import speaking

pytestmark = pytest.mark.slow

ENGLISH = re.compile(r"[a-z]+ [a-z]+ [a-z]+", re.IGNORECASE)
COMMANDS = re.compile(r"(confide|chmod)( [a-z0-9./-]+)*")
PLANTED = re.compile(r"\bp\d+\b|\bv\d+-\d\b|\bn\d+\b|\bR7\d{5}\b|\b139\d{8}\b")


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


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "error",
    [
        KeyError("Zebulon"),
        ValueError("Zebulon"),
        MemoryError("Zebulon"),
        OSError(28, "Zebulon"),
        RecursionError("Zebulon"),
    ],
)
def test_an_unforeseen_error_is_told_without_its_own_text(error, language, capsys):
    with speaking(language):
        code = explain(foreseen(error), as_json=False)
    told = capsys.readouterr().err
    assert code in (1, 2)
    assert len(told.splitlines()) == 2
    assert "Zebulon" not in told


LINES = {
    "no command": ["nothing"],
    "no option": ["run", "--nothing"],
    "another language": ["check", "--language", "fr"],
    "no value": ["ledger", "account", "inpatients", "--epsilon", "1"],
    "no number": ["ledger", "account", "inpatients", "--epsilon", "x", "--delta", "1e-9", "--patients", "5"],
    "NaN": ["ledger", "account", "in", "--epsilon", "nan", "--delta", "1e-9", "--patients", "5"],
    "no delta": ["ledger", "account", "in", "--epsilon", "1", "--delta", "nan", "--patients", "5"],
    "no name": ["ledger", "account", " ", "--epsilon", "1", "--delta", "1e-9", "--patients", "5"],
    "no patients": ["ledger", "account", "in", "--epsilon", "1", "--delta", "1e-9", "--patients", "0"],
    "other figures": [
        "ledger",
        "account",
        "inpatients",
        "--epsilon",
        "1",
        "--delta",
        "1e-9",
        "--patients",
        "5",
    ],
    "no folder": ["ledger", "checkpoint", "/no/such/folder/file"],
    "no study": ["run", "/no/such/folder"],
    "nothing to look at": ["init", "/no/such/folder"],
}


@pytest.mark.parametrize("arguments", LINES.values(), ids=LINES)
def test_a_wrong_command_line_is_told_in_two_lines_and_as_json(arguments, place):
    for language in ("en", "zh"):
        code, out, err = call("--language", language, *arguments)
        assert (code, out) == (2, "")
        verify_said(err, language, Bad("line", lambda _: None), place)
        code, out, err = call("--language", language, *arguments, "--json")
        assert (code, err) == (2, "")
        told = json.loads(out)["error"]
        assert told["exit_code"] == 2
        assert set(told) == {"code", "sentence", "hint", "exit_code"}


def test_every_command_prints_one_json_document_also_where_a_gate_refuses(place):
    folder = str(place.folder)
    commands = [
        ("check", folder), ("run", folder), ("run", folder), ("status", folder), ("seal", folder, "--remove-originals"),
        ("open", folder), ("open", folder, "raw/visits.csv", "--to", f"{folder}/plain.csv", "--purpose", "look"),
        ("run", folder), ("ledger", "show"), ("ledger", "verify"), ("ledger", "checkpoint", f"{folder}/copy"),
    ]  # fmt: skip
    for command in commands:
        code, out, err = call(*command, "--json")
        assert (code, err) == (0, "")
        json.loads(out)
    place.edit("study.toml", ("identifier_risk = 0.05", "identifier_risk = 0.0001"))
    code, out, err = call("run", folder, "--json")
    assert (code, err) == (4, "")
    assert json.loads(out)["error"]["exit_code"] == 4


def test_what_leaves_is_the_same_from_sealed_copies_and_nothing_is_charged_twice(place):
    first = call("run", str(place.folder), "--json")[1]
    out = files_of(place.folder / "outgoing")
    assert call("seal", str(place.folder), "--remove-originals")[0] == 0
    assert not (place.folder / "raw/visits.csv").exists()
    assert call("run", str(place.folder), "--json")[1] == first
    assert files_of(place.folder / "outgoing") == out
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients").charges == 2


def test_a_bad_file_that_was_sealed_and_is_taken_away_does_not_come_back(place):
    place.edit("study.toml", ("raw/visits.csv", "raw/visits*.csv"))
    (place.folder / "raw/visits-2.csv").write_bytes(b"")
    assert call("run", str(place.folder))[0] == 2
    (place.folder / "raw/visits-2.csv").unlink()
    assert call("check", str(place.folder))[0] == 0
    assert call("run", str(place.folder))[0] == 0


def test_a_path_that_was_changed_leaves_the_old_file_out(place):
    ended_well(place)
    (place.folder / "raw/visits.csv").rename(place.folder / "raw/stays.csv")
    place.edit("study.toml", ("raw/visits.csv", "raw/stays.csv"))
    ended_well(place)


# processes of their own ---------------------------------------------------------------------------------

CONFIDE = [sys.executable, "-c", "from confide.cli.main import run; run()"]


def ended_well(place: Place) -> None:
    code, _, err = call("run", str(place.folder))
    assert code == 0, err
    with open_ledger(home()) as ledger:
        verify_ledger(ledger)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ctrl_c_ends_a_run_with_130_abandons_the_charge_and_the_next_run_goes_on(place, language):
    place.edit("study.toml", ("steps = 10", "steps = 10000"))
    command = [*CONFIDE, "run", str(place.folder), "--language", language]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not names_charged() >= {"readmitted"} and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)  # the checkpoint behind the charge is written, and the block of the charge entered
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
