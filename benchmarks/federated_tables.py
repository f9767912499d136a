"""Real tables of real centres as FLamby has them: who lies where, who is held out, and each row as numbers by public rules.

Heart disease: four hospitals, the 740 patients whose ten columns are there. Breast cancer (TCGA): six regions, 1,088
patients. FLamby's static splits are drawn again here from its seeds; they are its files, row for row (checked once).
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.model_selection import train_test_split

from confide.train.features import matrix

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
sys.path.append(str(ROOT / "examples" / "federated-heart"))
from hospitals import HOSPITALS, USED, prepared, read_published  # noqa: E402

# Tissue source sites (the third part of a TCGA barcode) by region, as FLamby's centers.csv has them.
REGIONS = {
    "Northeast": "3C AO BH E2 LD OK PE S3 UL",
    "South": "5T A7 AQ B6 EW GM LL UU V7 W8",
    "West": "4H A1 A2 AC AN Z7",
    "Midwest": "AR E9 GI LQ MS OL WT XX",
    "Europe": "A8 D8",
    "Canada": "C8 HN",
}
HEART_SEED, BRCA_SEED = 43, 8  # of FLamby's own splits
FEATURES = (
    "number(age, 20, 90)", "category(sex, M)", "category(pain, atypical, other, none)", "number(pressure, 80, 200)",
    "number(cholesterol, 100, 500)", "category(cholesterol_measured, no)", "category(sugar, yes)",
    "category(ecg, st-t, hypertrophy)", "number(heart_rate, 60, 220)", "category(exercise_pain, yes)",
    "number(st_depression, -4, 4)",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Centre:
    """One centre's patients: numbers, outcomes (for survival: time, event), and who was held out."""

    name: str
    inputs: np.ndarray
    outcomes: np.ndarray
    train: np.ndarray
    test: np.ndarray


def heart(seed: int = HEART_SEED) -> list[Centre]:
    """Return the four hospitals, split within each as FLamby does: 66 % to learn from, stratified by disease."""
    centres = []
    for hospital in HOSPITALS:
        rows = read_published(SHARED / "uci-heart-4hospitals", hospital)
        table = prepared(rows.filter(pl.all_horizontal(pl.col(name) != "" for name in USED)))
        ill = (table["disease"] == "yes").to_numpy().astype(float)
        enough = min((ill == 0).sum(), (ill == 1).sum()) > 2
        train, test = train_test_split(
            np.arange(len(ill)), train_size=0.66, test_size=1 - 0.66, random_state=seed,
            stratify=ill if enough else None,
        )  # fmt: skip
        inputs = matrix(FEATURES, table)[:, 1:]  # the model brings its own intercept
        centres.append(Centre(hospital, inputs, ill, np.sort(train), np.sort(test)))
    return centres


def brca(seed: int = BRCA_SEED) -> list[Centre]:
    """Return the six regions, split within each as FLamby does: 80 % to learn from."""
    table = pl.read_csv(SHARED / "flamby-tcga-brca" / "brca.csv.gz")
    codes = table["pid"].str.split("-").list.get(1)
    names = table.columns[1:-2]  # pid, 39 columns, E, T
    inputs = table.select(names).to_numpy().astype(float)
    inputs[:, 0] = np.clip((inputs[:, 0] - 60) / 30, -1, 1)  # age; all others are 0 or 1
    outcomes = table.select("T", "E").to_numpy().astype(float)
    centres = []
    for region, listed in REGIONS.items():
        own = np.flatnonzero(codes.is_in(listed.split()).to_numpy())
        train, test = train_test_split(np.arange(len(own)), test_size=0.2, random_state=seed)
        centres.append(Centre(region, inputs[own], outcomes[own], np.sort(train), np.sort(test)))
    return centres


def folds(centres: Sequence[Centre], count: int, seed: int) -> list[list[Centre]]:
    """Return the centres `count` times, each time with another part of the TRAINING patients held out; no test patient."""
    draw = np.random.default_rng(seed)
    orders = [draw.permutation(centre.train) for centre in centres]
    found = []
    for number in range(count):
        parts = [order[number::count] for order in orders]
        found.append(
            [
                Centre(c.name, c.inputs, c.outcomes, np.setdiff1d(c.train, part), np.sort(part))
                for c, part in zip(centres, parts, strict=True)
            ]
        )
    return found
