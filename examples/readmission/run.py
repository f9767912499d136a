"""Two real studies on 101,766 encounters of 71,518 patients: sealed, counted, learnt from, attacked.

    python examples/readmission/run.py DATA_FOLDER [OUT_FOLDER]

DATA_FOLDER holds the published archive (see README.md). OUT_FOLDER becomes an institution of its own:
vault, ledger, one folder per study. Run it again and every release is shown again, at no cost. The figures
under "inside" are exact, so a hospital would keep them inside; here the data are public.
"""

import json
import os
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from prepare import ARCHIVE, prepared, read_published

from confide.cli.show import ProgressLines
from confide.errors import ConfideError, GateRefused
from confide.ledger.home import home, open_ledger
from confide.stats.bounds import Bounds
from confide.stats.parts import Noisy
from confide.stats.tally import tally
from confide.study.config import FILE, load_study
from confide.study.keys import make_vault
from confide.study.plans import stats_plans
from confide.study.run import Outcome, run_study
from confide.study.sources import read_records, remove_originals, seal_sources
from confide.study.workplace import open_workplace
from confide.types import Json

HERE = Path(__file__).parent
STUDIES = ("study-1", "study-4")
ACCOUNT = "diabetes-inpatients"
SECRETS = "secrets"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What one study came to. `inside` is exact and belongs inside; the rest may be told."""

    study: str
    verdict: str
    epsilon: float
    half_widths: dict[str, float]
    replayed: int
    inside: Json
    dossiers: list[str]


def main(data: Path, out: Path) -> list[Shown]:
    """Make the institution in `out` if it is not there, run both studies, and return what they came to.

    Raises:
        ConfideError: one sentence that says what to do.
        FileNotFoundError: `data` does not hold the archive.
    """
    os.environ["CONFIDE_HOME"] = str(out.resolve() / "institution")
    passphrase = _institution(out)
    shown = []
    for name in STUDIES:
        folder = out / name
        _fill(folder, name, data, passphrase)
        outcome = run_study(folder, step=ProgressLines(quiet=not sys.stderr.isatty(), title=f"{name}  "))
        outcome.raise_unless_passed()
        shown.append(_shown(folder, outcome))
    return shown


def _institution(out: Path) -> str:
    """Make vault and account once; the passphrase and the recovery key lie in `out/secrets`."""
    kept = out / SECRETS
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = kept / "passphrase.txt"
    if not file.exists():
        _write_secret(file, secrets.token_urlsafe(24))
    passphrase = file.read_text(encoding="utf-8").strip()
    if recovery_key := make_vault(passphrase):
        _write_secret(kept / "recovery-key.txt", recovery_key)  # a hospital puts it into a safe
    with open_ledger(home()) as ledger:
        ledger.open_account(ACCOUNT, epsilon=12.0, delta=1e-7, patients=70_000)
    return passphrase


def _fill(folder: Path, name: str, data: Path, passphrase: str) -> None:
    """Write the study file and, the first time, the records: seal them, and remove the plain copy."""
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(HERE / f"{name}.toml", folder / FILE)
    if not (folder / "passphrase.txt").exists():
        _write_secret(folder / "passphrase.txt", passphrase)
    if (folder / "sealed" / "index.sealed").exists():
        return
    (folder / "raw").mkdir(exist_ok=True)
    prepared(read_published(data)).write_csv(folder / "raw" / "encounters.csv")
    with open_workplace(folder) as place:
        seal_sources(place.study, place.vault)
        remove_originals(place.study, place.vault)


def _write_secret(path: Path, secret: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")


def _shown(folder: Path, outcome: Outcome) -> Shown:
    facts = outcome.facts
    outside = json.loads((folder / "dossier" / "outside.json").read_text(encoding="utf-8"))
    [model], [attack] = facts["train"], facts["audit"]["membership"]
    halves: dict[str, list[float]] = {}
    for line in outside["accuracy"]:
        halves.setdefault(line["measure"], []).append(line["half_width"])
    return Shown(
        study=facts["study"]["name"],
        verdict=outcome.verdict,
        epsilon=facts["account"]["epsilon_this_study"],
        half_widths={measure: median(found) for measure, found in halves.items()},
        replayed=sum(step["replayed"] for step in (*facts["stats"], *facts["train"])),
        inside={
            "auc": model["held_out"]["auc"],
            "auc_without_noise": model["plain"]["auc"],
            "held_out_patients": model["held_out"]["patients"],
            "membership_auc": attack["auc"],
            "membership_epsilon_lower": attack["epsilon_lower"],
            "epsilon_bound": attack["epsilon_bound"],
            **_against_truth(folder, facts["stats"]),
        },
        dossiers=[str(path) for path in outcome.dossiers],
    )


def _against_truth(folder: Path, released: list[Json]) -> Json:
    """Compare every released interval with the figure without noise, and counts with plain counts."""
    covered = cells = 0
    errors: list[float] = []
    with open_workplace(folder) as place:
        records = read_records(place.study, place.vault)
        for plan, step in zip(stats_plans(load_study(folder)), released, strict=True):
            frame, rows = records.tables[plan.source], step["release"]["rows"]
            bounds = Bounds(total=plan.max_rows, ratio=plan.max_rows)
            sums = tally(plan.by, plan.parts(), plan.rows(frame)).sums(lambda _, most=plan.max_rows: most)
            for measure in plan.parsed():
                text, exact = measure.text, [Noisy(sums[part].astype(float), 1e-2) for part in measure.parts]
                truth = measure.finish(exact, bounds).value
                for row, true in zip(rows, truth.tolist(), strict=True):
                    if not np.isnan(true):
                        cells += 1
                        covered += row[text]["low"] <= true <= row[text]["high"]
            plain = {key[:-1]: key[-1] for key in frame.group_by(list(plan.by)).len().rows()}
            for row in rows:
                count = plain.get(tuple(row[key] for key in plan.by), 0)
                if count > 1000:
                    errors.append(abs(row["count"]["value"] - count) / count)
    return {"cells": cells, "intervals_that_cover": covered, "large_cells": len(errors),
            "count_error_median": median(errors), "count_error_worst": max(errors)}  # fmt: skip


def show(shown: Shown) -> str:
    """Return the figures of one study as lines for a person."""
    inside = shown.inside
    halves = "; ".join(f"{measure} ± {half:.3g}" for measure, half in shown.half_widths.items())
    return "\n".join(
        [
            f"{shown.study}: {shown.verdict}, ε {shown.epsilon:.2f} ({shown.replayed} releases shown again)",
            f"  statistics: median half-width {halves}",
            "  inside only, exact:",
            f"    AUC {inside['auc']:.3f} on {inside['held_out_patients']:,} held-out patients; "
            f"the same model without noise {inside['auc_without_noise']:.3f}",
            f"    membership attack: AUC {inside['membership_auc']:.3f}, "
            f"shows ε ≥ {inside['membership_epsilon_lower']:.2f} where ε ≤ {inside['epsilon_bound']:g} is promised",
            f"    intervals that hold the figure without noise: {inside['intervals_that_cover']} of {inside['cells']}",
            f"    {inside['large_cells']} counts above 1,000: median error {inside['count_error_median']:.1%}, "
            f"worst {inside['count_error_worst']:.1%}",
            *(f"  {path}" for path in shown.dossiers),
        ]
    )


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        found = main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) == 3 else HERE / "out"))
    except FileNotFoundError:
        sys.exit(f"run.py: no {ARCHIVE} in {sys.argv[1]}; README.md says where it comes from")
    except GateRefused as error:
        print(f"run.py: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except ConfideError as error:
        print(f"run.py: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    print("\n\n".join(show(one) for one in found))
