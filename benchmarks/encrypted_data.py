"""Real records for encrypted scores: breast cancer, heart disease of four hospitals, readmission of diabetes-130."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[2] / "shared" / "data"
_HEART = [
    "age",
    "sex",
    "cp",
    "trestbps",
    "chol",
    "fbs",
    "restecg",
    "thalach",
    "exang",
    "oldpeak",
    "slope",
    "ca",
    "thal",
]
_HEART_RANGES = [
    (0, 120),
    (0, 1),
    (1, 4),
    (0, 300),
    (0, 800),
    (0, 1),
    (0, 2),
    (40, 250),
    (0, 1),
    (-5, 10),
    (1, 3),
    (0, 3),
    (3, 7),
]
_STAY = {
    "time_in_hospital": (0, 14), "num_lab_procedures": (0, 150), "num_procedures": (0, 10),
    "num_medications": (0, 100), "number_outpatient": (0, 50), "number_emergency": (0, 80),
    "number_inpatient": (0, 25), "number_diagnoses": (0, 20),
}  # fmt: skip
Records = tuple[np.ndarray, np.ndarray, dict[str, tuple[float, float]]]


def cancer() -> Records:
    """569 biopsies, 30 features; ranges three times what is usual, rounded."""
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    highest = [40, 50, 250, 3000, 0.3, 0.5, 0.6, 0.3, 0.5, 0.2, 4, 6, 30, 700, 0.05, 0.2, 0.5, 0.08, 0.1, 0.05,
               50, 60, 300, 5000, 0.3, 1.5, 1.5, 0.4, 0.8, 0.3]  # fmt: skip
    names = [str(name) for name in found.feature_names]
    return found.data, found.target, {name: (0.0, high) for name, high in zip(names, highest, strict=True)}


def heart() -> Records:
    """About 900 patients of four hospitals, 13 features; what is missing becomes the middle of the measured."""
    values, sick, ranges = heart_as_measured()
    return np.where(np.isnan(values), np.nanmedian(values, axis=0), values), sick, ranges


def heart_as_measured() -> Records:
    """The same with what is missing left out (NaN): Cleveland, Budapest, Switzerland, and the last 200 of Long Beach."""
    rows = []
    for place in ("cleveland", "hungarian", "switzerland", "va"):
        with gzip.open(DATA / "uci-heart-4hospitals" / f"processed.{place}.data.gz", "rt") as lines:
            rows += [
                [float(cell) if cell != "?" else np.nan for cell in line.split(",")]
                for line in lines
                if line.strip()
            ]
    table = np.array(rows)
    ranges = dict(zip(_HEART, [(float(a), float(b)) for a, b in _HEART_RANGES], strict=True))
    low, high = np.array(list(ranges.values())).T
    return np.clip(table[:, :13], low, high), (table[:, 13] > 0).astype(int), ranges


def readmission() -> Records:
    """First stays of about 70,000 patients, 12 features, readmitted within 30 days or not."""
    import polars as pl

    with zipfile.ZipFile(DATA / "diabetes-130-us-hospitals" / "dataset_diabetes.zip") as archive:
        table = pl.read_csv(
            io.BytesIO(archive.read("dataset_diabetes/diabetic_data.csv")), infer_schema=False
        )
    table = table.unique("patient_nbr", keep="first", maintain_order=True)
    age = table["age"].str.extract(r"\[(\d+)-").cast(pl.Float64) + 5
    columns = {"age": age, **{name: table[name].cast(pl.Float64) for name in _STAY}}
    columns |= {
        "female": (table["gender"] == "Female").cast(pl.Float64),
        "insulin": (table["insulin"] != "No").cast(pl.Float64),
        "changed": (table["change"] == "Ch").cast(pl.Float64),
    }
    ranges = {"age": (0.0, 120.0), **{k: (float(a), float(b)) for k, (a, b) in _STAY.items()}}
    ranges |= dict.fromkeys(("female", "insulin", "changed"), (0.0, 1.0))
    rows = np.column_stack([column.to_numpy() for column in columns.values()])
    return rows, (table["readmitted"] == "<30").cast(pl.Int64).to_numpy(), ranges
