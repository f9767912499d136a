"""Drug discovery over four companies that show nobody a molecule: who passes into the brain, what is toxic; then a ranked list.

MoleculeNet's BBBP and Tox21, Morgan fingerprints, split by scaffold: no scaffold lies at two sites or is held out and learnt
from. Rival: each site alone, and all molecules in one place. Rows that RDKit cannot read are left out and counted.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence

import numpy as np
from federated_studies import interval
from federated_tables import SHARED
from federated_together import How, together
from lines import Line, line

from confide.federated.glm import Glm
from confide.federated.learners import TableLearner, table
from confide.federated.learning import Learning
from confide.federated.measures import auc
from confide.tasks.drugs import fingerprints, scaffold_split, scaffolds, screened, unreadable

SITES, HELD_OUT, MODELS = 4, 0.2, 5
OUTCOMES = {"BBBP": ("p_np",), "tox21": ()}  # of Tox21 all twelve
FORM = Glm(kind="logistic", features=1024)
# fixed beforehand, tuned on nothing
LEARNING = {
    "rounds": 20,
    "algorithm": "fedadam",
    "steps": 2,
    "rate": 0.5,
    "server_rate": 0.05,
    "decay": 0.003,
}
CLIP = 20.0


def molecules(name: str) -> tuple[list[str], np.ndarray, tuple[str, ...], int]:
    """Return SMILES that can be read, outcomes (NaN where nobody measured), their names, and how many could not be read."""
    with gzip.open(SHARED / "moleculenet" / f"{name}.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    bad = set(unreadable([row["smiles"] for row in rows]))
    kept = [row for number, row in enumerate(rows, 1) if number not in bad]
    names = OUTCOMES[name] or tuple(key for key in rows[0] if key not in ("mol_id", "smiles"))
    outcomes = np.array([[float(row[each] or "nan") for each in names] for row in kept])
    return [row["smiles"] for row in kept], outcomes, names, len(bad)


def model_of(
    inputs: np.ndarray,
    outcomes: np.ndarray,
    parts: Sequence[np.ndarray],
    how: How,
    seed: int,
    *,
    drawn: bool = False,
) -> np.ndarray:
    """Return a model of these sites; `drawn`: each site learns from molecules drawn anew from its own, with replacement."""
    draw = np.random.default_rng(seed)
    learners = []
    for part in parts:
        known = part[~np.isnan(outcomes[part])]
        rows = draw.choice(known, len(known)) if drawn else known
        learners.append(TableLearner(FORM, table(inputs[rows], outcomes[rows])))
    return together(Learning(**LEARNING, seed=seed), learners, clip=CLIP, how=how)


def ability(model: np.ndarray, inputs: np.ndarray, outcomes: np.ndarray, rows: np.ndarray) -> float:
    """Return the AUC on molecules that were measured."""
    known = rows[~np.isnan(outcomes[rows])]
    return auc(outcomes[known], FORM.predict(model, inputs[known]))


def drug_lines(quick: bool) -> Iterator[Line]:
    """Print the AUC of both sets, and what the head of a ranked list is worth."""
    seeds = range(2 if quick else 10)
    for name in OUTCOMES:
        smiles, outcomes, names, bad = molecules(name)
        inputs, shapes = fingerprints(smiles), scaffolds(smiles)
        figures: dict[str, list[float]] = {"together": [], "alone": [], "pooled": []}
        for seed in seeds if name == "BBBP" else seeds[: 1 if quick else 3]:
            parts, rest = scaffold_split(shapes, sites=SITES, held_out=HELD_OUT, seed=seed)
            sets = {
                "together": [parts],
                "alone": [[part] for part in parts],
                "pooled": [[np.concatenate(parts)]],
            }
            for kind, groups in sets.items():
                how: How = "steps" if kind == "together" else "floats"
                told = [
                    ability(model_of(inputs, each, group, how, seed), inputs, each, rest)
                    for group in groups
                    for each in outcomes.T
                ]
                figures[kind].append(float(np.nanmean(told)))
        gained = float(np.mean(figures["together"]) - np.mean(figures["alone"]))
        yield line(
            f"fed.drugs.{name.lower()}.gained", gained, "> 0", ours=interval(figures["together"]),
            rival={kind: interval(figures[kind]) for kind in ("alone", "pooled")}, unit="AUC",
            how=f"{len(smiles)} molecules ({bad} rows were no molecule), {len(names)} outcome(s), {SITES} sites, {HELD_OUT:.0%} held out, by "
            f"scaffold; {len(figures['alone'])} splits; logistic regression on 1,024 bits, settings fixed beforehand; what is gained over "
            "a site alone (mean of the sites); no DP: molecules are no patients",
        )  # fmt: skip
        if name == "BBBP":
            yield screening_line(inputs, outcomes[:, 0], shapes, seeds)


def screening_line(inputs: np.ndarray, outcomes: np.ndarray, shapes: Sequence[str], seeds: range) -> Line:
    """Rank the molecules held out by five models of the federation: how good the head is, and whether doubt tells errors."""
    head, base, doubt = [], [], []
    for seed in seeds:
        parts, rest = scaffold_split(shapes, sites=SITES, held_out=HELD_OUT, seed=seed)
        votes = np.stack(
            [
                FORM.predict(
                    model_of(inputs, outcomes, parts, "steps", 100 * seed + each, drawn=True), inputs[rest]
                )
                for each in range(MODELS)
            ]
        )
        ranked = screened(votes)
        true = outcomes[rest[[each.row - 1 for each in ranked]]]
        wrong = (np.array([each.mean for each in ranked]) > 0.5) != (true > 0)
        head.append(float(true[: len(true) // 10].mean()))
        base.append(float(true.mean()))
        doubt.append(auc(wrong.astype(float), np.array([each.spread for each in ranked])))
    return line(
        "fed.drugs.screen.first_tenth", float(np.mean(head)), ">= 0.9", ours=interval(head), rival=interval(base),
        unit="share that is right",
        how=f"BBBP: of the first tenth of a list that nobody had seen, the share that does pass; ranked by the mean of {MODELS} models less "
        f"their spread, each of molecules drawn anew at each site; rival: any order; {len(head)} splits by scaffold; the spread tells a "
        f"wrong answer from a right one with AUC {interval(doubt)}",
    )  # fmt: skip
