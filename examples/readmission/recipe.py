"""Choose the constants of training on invented patients, so that choosing costs no real patient anything.

    python examples/readmission/recipe.py

Trains on the demo's English hospital, 70,000 invented patients, for each setting of the grid and both
budgets, and prints the mean AUC on held-out invented patients. No real record is read. What it printed
last is in README.md; the setting with the best worst case stands in `study-1.toml` and `study-4.toml`.
"""

from itertools import product

import numpy as np
import polars as pl

from confide.demo.generate_people import invent_people, lists
from confide.demo.generate_visits import invent_visits
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.train.logistic import LogisticPlan, descend, prepared
from confide.train.predict import evaluate
from confide.train.section import TrainSection
from confide.train.split import split_patients

PATIENTS = 70_000
TRIES = 3  # runs per setting; each has its own noise


def features() -> tuple[str, ...]:
    """Return the features of the invented hospital: about as many columns as the real one has."""
    words = lists("people-en")
    listed = {"diagnosis_group": "diagnosis_groups", "department": "departments", "district": "districts"}
    quoted = {column: ", ".join(f'"{value}"' for value in words[name]) for column, name in listed.items()}
    return (
        "number(age, 0, 100)",
        "number(stay_days, 0, 30)",
        "number(prior_admissions, 0, 6)",
        "number(hba1c, 4, 12)",
        "number(emergency, 0, 1)",
        "category(sex, F, M)",
        *(f"category({column}, {values})" for column, values in quoted.items()),
    )


def hospital() -> pl.DataFrame:
    """Return the visits of the invented hospital."""
    rng = np.random.default_rng(70_000)
    people = invent_people(PATIENTS, "en", rng)
    visits = invent_visits(people, "en", rng)
    return visits.with_columns(pl.col("_who").cast(pl.String).alias("_patient"))


def main() -> None:
    """Print one line per setting: steps, share of patients in a step, clip, rate; mean AUC at ε = 1 and 4."""
    members, others = split_patients(hospital(), bytes(16), 0.2)
    grid = product((60, 120), (0.25, 0.5), (0.3, 1.0), (0.5, 1.0, 2.0))
    print("steps  share  clip  rate   AUC at ε=1   AUC at ε=4")
    for steps, share, clip, rate in grid:
        found = []
        for epsilon in (1.0, 4.0):
            section = TrainSection(
                source="visits",
                target="readmitted",
                features=features(),
                epsilon=epsilon,
                patients=PATIENTS,
                steps=steps,
                expected_batch=round(share * 0.8 * PATIENTS),
                clip=clip,
                learning_rate=rate,
            )
            plan = LogisticPlan(settings=section)
            rows = prepared(section, members)
            aucs = [_auc(plan, rows, others) for _ in range(TRIES)]
            found.append(float(np.mean(aucs)))
        print(f"{steps:5}  {share:5}  {clip:4}  {rate:4}   {found[0]:.4f}       {found[1]:.4f}", flush=True)


def _auc(plan, rows, others):
    from confide.train.features import names

    noise = Noise(Stream())
    weights = descend(plan, rows, noise)
    noise.close()
    settings = plan.settings
    coefficients = dict(zip(names(settings.features), weights.tolist(), strict=True))
    release = {
        "kind": "logistic",
        "features": list(settings.features),
        "target": settings.target,
        "coefficients": coefficients,
    }
    return evaluate(release, others)["auc"]


if __name__ == "__main__":
    main()
