"""A table that is read in pieces gives the integers, the release and the page that it gives when it is held."""

import io
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small import STUDY, make_small

from confide.cli.show import ProgressLines
from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.stats.tally import tally
from confide.study import pieces
from confide.study.check import check_study
from confide.study.config import load_study
from confide.study.erase import erase_patient
from confide.study.keys import nobody_types
from confide.study.plans import stats_plans
from confide.study.run import run_study
from confide.study.sources import read_records, seal_sources
from confide.study.workplace import open_workplace
from confide.vault.vault import Vault

QUIET = ProgressLines(quiet=True)
HEAD = STUDY.split("[[source]]")[0].format(language="en")
SOURCE = '[[source]]\nname = "visits"\nkind = "table"\npath = "raw/visits*.{suffix}"\npieces = {pieces}\n'
STATS = """
[[stats]]
name = "stay"
source = "visits"
by = {sex = ["F", "M"], age = [0, 40, 65, 120]}
derive = {long = "stay_days > 20"}
where = ["age >= 20"]
measures = ["count", "patients", "mean(stay_days, 0, 30)", "median(stay_days, 0, 30)", "proportion(long, true)"]
max_rows = "private"
epsilon = 1.0

[[stats]]
name = "wards"
source = "visits"
by = {ward = "unknown"}
measures = ["count"]
delta = 1e-9
epsilon = 1.0
"""
OTHERS = {
    "synth": '[[synth]]\nname = "y"\nsource = "visits"\nmethod = "mst"\ncolumns = {sex = ["F", "M"], age = [0, 40, 120]}\npatients = 30000\nepsilon = 0.5\n',
    "train": '[[train]]\nname = "t"\nsource = "visits"\ntarget = "stay_days"\nfeatures = ["number(age, 0, 120)"]\nepsilon = 0.5\npatients = 3000\nsteps = 2\n',
    "deid": '[deid]\npolicy = "pipl"\nsources = ["visits"]\n',
}


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


@cache
def rows(number):
    draw = np.random.default_rng(1)
    who = draw.integers(0, number // 3, number)
    cells = [
        f"{'p' if k % 7 else ' p'}{who[k]}{'-old' if who[k] == 0 and k % 2 else ''},{'FM'[k % 2]},"
        f'{draw.integers(10, 90)},{["", "?", "1.5", "nan"][k % 4] if k % 9 == 0 else k % 28},"ward\n{k % 3}"'
        for k in range(number)
    ]
    return "\n".join(["patient_id,sex,age,stay_days,ward", *cells]) + "\n"


def study(folder, *, in_pieces=True, number=3000, more="", suffix="csv"):
    if not folder.exists():
        make_small(folder, text=HEAD.replace("{", "{{").replace("}", "}}"))
        for path in (folder / "raw").iterdir():
            path.unlink()
        (folder / "raw" / "visits.csv").write_text(rows(number))
    text = HEAD + SOURCE.format(pieces=str(in_pieces).lower(), suffix=suffix) + STATS + more
    (folder / "study.toml").write_text(text)
    return folder


def tallies(folder):
    """Return the integers before the noise, of what a run would read."""
    with open_workplace(folder, ask=nobody_types) as place:
        seal_sources(place.study, place.vault)
        records = read_records(place.study, place.vault)
        plan, other = stats_plans(place.study)
        if "visits" in records.streamed:
            data = records.streamed["visits"].pieces
            found = data.tally(plan.by, plan.parts(), plan.rows, plan.text_columns())
            values = data.values("ward", other.rows, other.text_columns())
        else:
            from confide.stats import found as keys

            whole = records.units["visits"]
            found, values = (
                tally(plan.by, plan.parts(), plan.rows(whole)),
                keys.weights(keys.pairs(whole, "ward")),
            )
        sums = {part: sums.tolist() for part, sums in found.sums(lambda _: 3).items()}
        of_patients = sorted(each for each in found.rows().tolist() if each)
        return sums, of_patients, values, records.counts, records.commitments


@pytest.mark.parametrize("kind", ["csv", "several", "parquet", "jsonl"])
def test_the_integers_before_the_noise_are_those_of_the_table_held_whole(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(pieces, "BLOCK", 5000)
    folder = study(tmp_path / "study")
    one = folder / "raw" / "visits.csv"
    if kind == "several":
        lines = rows(3000).split("\n")
        (folder / "raw" / "visits-2.csv").write_text("\n".join([lines[0], *lines[2001:]]))
        one.write_text("\n".join(lines[:2001]) + "\n")
    if kind == "parquet":
        frame = pl.read_csv(one, infer_schema=False).with_columns(pl.col("age").cast(pl.Int64))
        frame.write_parquet(folder / "raw" / "visits.parquet")
        one.unlink()
    if kind == "jsonl":  # what is missing is left out, so that pieces differ in their keys
        whole = sorted(
            pl.read_csv(one, infer_schema=False).to_dicts(), key=lambda row: row["stay_days"] is None
        )
        lines = [json.dumps({name: cell for name, cell in row.items() if cell is not None}) for row in whole]
        (folder / "raw" / "visits.jsonl").write_text("\n".join(lines) + "\n")
        one.unlink()
    suffix = kind if kind in ("parquet", "jsonl") else "csv"
    in_pieces = tallies(study(folder, suffix=suffix))
    assert in_pieces == tallies(study(folder, in_pieces=False, suffix=suffix))
    who = {
        line.split(",")[0].strip().removesuffix("-old")
        for line in rows(3000).split("\n")
        if ",F," in line or ",M," in line
    }
    assert in_pieces[3][0]["patients"] == len(who - {"p7"})  # who opted out; and p0-old is p0


def test_a_run_in_pieces_leaves_a_release_that_a_run_of_the_whole_table_shows_again(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "BLOCK", 5000)
    folder = study(tmp_path / "study")
    check_study(folder)
    outcome = run_study(folder, step=QUIET)
    assert outcome.verdict == "pass"
    assert outcome.facts["audit"]["bytes"]["identifiers"] > 800  # every id of four bytes was searched for
    files = {path.name: path.read_bytes() for path in (folder / "outgoing").rglob("*.csv")}
    with open_ledger(home()) as ledger:
        size = ledger.store.head()
    run_study(study(folder, in_pieces=False), step=QUIET)
    assert {path.name: path.read_bytes() for path in (folder / "outgoing").rglob("*.csv")} == files
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size


def test_no_more_than_a_piece_of_rows_is_in_memory_however_many_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "BLOCK", 5000)
    folder = study(tmp_path / "study", number=9000)
    heights, asked = list[int](), list[int]()
    read_range = Vault.read_range
    monkeypatch.setattr(
        Vault, "read_range", lambda self, path, start, stop: asked.append(stop - start) or read_range(self, path, start, stop)
    )  # fmt: skip
    with open_workplace(folder, ask=nobody_types) as place:
        seal_sources(place.study, place.vault)
        records = read_records(place.study, place.vault)
        found = records.streamed["visits"]
        heights = [piece.height for piece in found.pieces.of(["_patient", "ward"])]
    assert found.rows == sum(heights)
    assert len(heights) > 20
    assert max(heights) < 600
    assert max(asked) <= 8 << 20


PEAK = """
import sys
from pathlib import Path
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.study.keys import nobody_types
from confide.study.plans import stats_plans
from confide.study.sources import read_records, seal_sources
from confide.study.workplace import open_workplace
def resident(which):
    (line,) = (each for each in open("/proc/self/status") if each.startswith(which))
    return int(line.split()[1])
def work():
    records = read_records(place.study, place.vault)
    data = records.streamed["visits"].pieces if records.streamed else records.units["visits"]
    stats_plans(place.study)[1].execute(data, Noise(Stream()))
folder = Path(sys.argv[1])
with open_workplace(folder, ask=nobody_types) as place:
    seal_sources(place.study, place.vault)
    work()
    (folder / "raw" / "large").replace(folder / "raw" / "visits.parquet")
    seal_sources(place.study, place.vault)
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten: the key's derivation is one
    before = resident("VmRSS")
    work()
print(resident("VmHWM") - before)
"""


def peak(folder):
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(folder)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the kernel tells no peak here")
def test_the_peak_of_memory_in_pieces_is_less_than_half_of_that_of_the_table_held(tmp_path):
    folder, grown = study(tmp_path / "study"), []
    small = pl.read_csv(io.StringIO(rows(3000)), infer_schema=False)
    large = small.sample(500_000, with_replacement=True, seed=1).with_row_index("n")
    large = large.select(pl.exclude("n"), remark=pl.col("n").cast(pl.String) + " words" * 100)
    small = small.with_columns(remark=pl.lit("words"))
    (folder / "raw" / "visits.csv").unlink()
    for in_pieces in (True, False):
        small.write_parquet(folder / "raw" / "visits.parquet")
        large.write_parquet(folder / "raw" / "large")
        grown.append(peak(study(folder, in_pieces=in_pieces, suffix="parquet")))
    assert grown[0] < grown[1] / 2


@pytest.mark.parametrize("other", OTHERS)
def test_whatever_else_is_asked_of_a_table_in_pieces_is_refused_when_the_study_is_read(tmp_path, other):
    folder = study(tmp_path / "study", more=OTHERS[other])
    with pytest.raises(InvalidInput) as refused:
        load_study(folder)
    assert refused.value.code == "study.pieces"
    load_study(study(folder, in_pieces=False, more=OTHERS[other]))


def test_rows_of_patients_are_wanted_and_columns_that_need_the_whole_table_are_refused(tmp_path):
    folder = study(tmp_path / "study")
    text = (folder / "study.toml").read_text()
    for old, new, code in (
        ("[patient]\n", '[patient]\nunit = "row"\n', "study.pieces"),
        ("pieces = true", 'pieces = true\nid = "visit"', "study.refused"),
        ("pieces = true", 'pieces = true\nidentifiers = {name = "name"}', "study.refused"),
        ('"raw/visits*.csv"', '"raw/visits.xlsx"', "study.refused"),
    ):
        (folder / "study.toml").write_text(text.replace(old, new))
        with pytest.raises(InvalidInput) as refused:
            load_study(folder)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("cells", "code"),
    [("p1,F,-4,3,w", "records.negative-age"), (",F,44,3,w", "records.no-patient"), ("p1,F", "records.")],
)
def test_a_fault_behind_the_first_piece_is_refused_before_anything_is_charged(
    tmp_path, monkeypatch, cells, code
):
    monkeypatch.setattr(pieces, "BLOCK", 5000)
    folder = study(tmp_path / "study")
    (folder / "raw" / "visits.csv").write_text(rows(3000) + cells + "\n")
    with pytest.raises(InvalidInput) as refused:
        run_study(folder, step=QUIET)
    assert refused.value.code.startswith(code)
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients").epsilon_spent == 0


def test_an_erased_patient_is_gone_and_does_not_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "BLOCK", 5000)
    folder = study(tmp_path / "study")
    run_study(folder, step=QUIET)
    files = {path.name: path.read_bytes() for path in (folder / "outgoing").rglob("*.csv")}
    (folder / "raw" / "visits.csv").unlink()
    with open_workplace(folder, ask=nobody_types) as place:
        erase_patient(place, ["p3"])
        left = read_records(place.study, place.vault).streamed["visits"]
        assert "p3" not in left.patients.to_list()
    run_study(folder, step=QUIET)
    assert {path.name: path.read_bytes() for path in (folder / "outgoing").rglob("*.csv")} == files
    (folder / "raw" / "visits.csv").write_text(rows(3000))
    with pytest.raises(InvalidInput) as refused:
        run_study(folder, step=QUIET)
    assert refused.value.code == "erase.came-back"
    assert json.dumps(refused.value.to_json())
