"""Measure how alone patients are in what would leave row by row: k, uniqueness, attack risks, a grade.

Reads one table, returns public figures; thresholds of the study live in `[gates]`, not here. A low
risk over the columns that were named says nothing about columns that were not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from confide.errors import InvalidInput

ACCEPTABLE: Final = 0.05  # GB/T 42460-2023, from memory: the re-identification risk a grade 3 may have


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskFigures:
    """What `measure` found; figures only, nothing of a patient.

    `k`: size of the smallest class. `unique`: patients who are alone in theirs. `prosecutor`: highest
    chance to find a patient known to be in the data, 1/k. `journalist`: the same for somebody of
    a larger population, None when no population was given. `marketer`: average chance over all patients.
    """

    rows: int
    patients: int
    k: int
    unique: int
    share_unique: float
    prosecutor: float
    journalist: float | None
    marketer: float
    grade: int


def measure(
    frame: pl.DataFrame,
    quasi_identifiers: Sequence[str],
    *,
    patient: str = "_patient",
    population: pl.DataFrame | None = None,
    has_direct_identifiers: bool = False,
) -> RiskFigures:
    """Measure the risk of a table per patient.

    Guarantee: two patients share a class only if the sets of their distinct rows over
    `quasi_identifiers` are equal. Whoever knows all, or any part, of a patient's rows is left with at
    least as many candidates as the class has patients, so the figures are never too low for these columns.
    A missing value is a value: two patients agree on it only if both lack it.

    Args:
        frame: one or more rows per patient; the columns named and `patient`.
        quasi_identifiers: columns an outsider could know; at least one.
        patient: column of the patient, never null.
        population: the larger table that `frame` was drawn from, with the same columns, for the
            journalist's risk.
        has_direct_identifiers: names or numbers are still in the table; it is then of grade 1.

    Returns:
        The figures. The grade is 1 to 3: 1 with direct identifiers, 2 without, 3 when in addition the
        prosecutor's risk is at most 0.05. Grade 4 is for aggregates, which this function never sees.

    Raises:
        InvalidInput: no rows, no columns, a column that is not there, or a row without a patient.

    Source: El Emam 2013, "Guide to the De-Identification of Personal Health Information", chapter 16, for
        the three risks; grades and threshold of GB/T 42460-2023 from memory, the threshold is our setting.

    >>> table = pl.DataFrame({"_patient": ["a", "b", "c"], "sex": ["F", "F", "M"]})
    >>> measure(table, ["sex"]).unique
    1
    """
    columns = list(quasi_identifiers)
    if not columns:
        raise InvalidInput("risk.no-columns")
    if len(set(columns)) != len(columns):
        raise InvalidInput("risk.column-twice", columns=", ".join(columns))
    classes = _class_of_each_patient(frame, columns, patient)
    sizes = classes.group_by("class").len()["len"]
    patients, k = classes.height, int(sizes.to_numpy().min())
    unique = int((sizes == 1).sum())
    journalist = None
    if population is not None:
        journalist = _journalist(classes, _class_of_each_patient(population, columns, patient))
    prosecutor = 1 / k
    grade = 1 if has_direct_identifiers else 3 if prosecutor <= ACCEPTABLE else 2
    return RiskFigures(
        rows=frame.height,
        patients=patients,
        k=k,
        unique=unique,
        share_unique=unique / patients,
        prosecutor=prosecutor,
        journalist=journalist,
        marketer=sizes.len() / patients,
        grade=grade,
    )


def _class_of_each_patient(frame: pl.DataFrame, columns: list[str], patient: str) -> pl.DataFrame:
    """Return one row per patient: `class`, the sorted list of its distinct rows as text."""
    if absent := [name for name in [patient, *columns] if name not in frame.columns]:
        raise InvalidInput("risk.unknown-column", columns=", ".join(absent))
    if frame.height == 0:
        raise InvalidInput("risk.no-rows")
    if frame[patient].null_count():
        at = frame[patient].is_null().to_list().index(True) + 1
        raise InvalidInput("risk.no-patient", row=at)
    shown = [_text(frame[name], f"q{i}") for i, name in enumerate(columns)]
    table = pl.DataFrame([frame[patient].cast(pl.String).alias("patient"), *shown])
    row = pl.concat_str([f"q{i}" for i in range(len(columns))], separator="").alias("row")
    return (
        table.select("patient", row)
        .unique()
        .sort("patient", "row")
        .group_by("patient", maintain_order=True)
        .agg(pl.col("row").str.join("\n").alias("class"))
    )


def _text(values: pl.Series, name: str) -> pl.Series:
    """Return each value as text that tells null, the empty text and every other value apart.

    The text is preceded by its length, so that no two different rows join to the same text.
    """
    if isinstance(values.dtype, pl.List | pl.Array | pl.Struct | pl.Binary | pl.Object):
        raise InvalidInput("risk.nested-column", column=values.name)
    text = values.cast(pl.String)
    marked = pl.concat_str([text.str.len_bytes().cast(pl.String), pl.lit(":"), text])
    return pl.select(marked.fill_null("-").alias(name)).to_series()


def _journalist(classes: pl.DataFrame, population: pl.DataFrame) -> float:
    """Return the highest 1/size, in the population, over the classes that occur in the data."""
    if missing := classes.join(population, on="patient", how="anti").height:
        raise InvalidInput("risk.not-in-population", patients=missing)
    drawn = population.join(classes.select("patient"), on="patient", how="semi").select("class").unique()
    sizes = population.group_by("class").len().join(drawn, on="class", how="semi")["len"]
    return 1 / int(sizes.to_numpy().min())
