"""Turn the published file of 101,766 encounters into the table that a hospital would export.

Every rule here is public and looks at one row at a time: codes become groups, `?` becomes "not recorded".
Nothing is learnt from other rows, so nothing here has to be paid for. Knows no study and no budget.
"""

import io
import zipfile
from pathlib import Path

import polars as pl

ARCHIVE = "dataset_diabetes.zip"
MEMBER = "diabetic_data.csv"
NOT_RECORDED = "not recorded"

# Groups of the first diagnosis, by the whole part of its ICD-9 code: Strack et al. 2014, Table 2.
DIAGNOSES = {
    "circulatory": [*range(390, 460), 785],
    "respiratory": [*range(460, 520), 786],
    "digestive": [*range(520, 580), 787],
    "diabetes": [250],
    "injury": [*range(800, 1000)],
    "musculoskeletal": [*range(710, 740)],
    "genitourinary": [*range(580, 630), 788],
    "neoplasms": [*range(140, 240)],
}
# The publisher's codes of IDs_mapping.csv, gathered by what happens to the patient.
DISCHARGES = {
    "home": [1],
    "home care": [6, 8],
    "nursing facility": [3, 4, 24],
    "rehabilitation": [22, 23],
    "hospital": [2, 5, 9, 10, 15, 27, 28, 29, 30],
    "against advice": [7],
    "hospice": [13, 14],
    "died": [11, 19, 20, 21],
}
SOURCES = {"referral": [1, 2, 3], "transfer": [4, 5, 6, 10, 18, 22, 25, 26], "emergency room": [7]}
TYPES = {"emergency": [1, 7], "urgent": [2], "elective": [3]}


def read_published(folder: Path) -> bytes:
    """Return the bytes of the published table, from its archive in `folder`.

    Raises:
        FileNotFoundError: the archive, or the table in it, is not there.
    """
    with zipfile.ZipFile(folder / ARCHIVE) as archive:
        for name in archive.namelist():
            if name.split("/")[-1] == MEMBER:
                return archive.read(name)
    raise FileNotFoundError(f"{MEMBER} in {folder / ARCHIVE}")


def prepared(published: bytes) -> pl.DataFrame:
    r"""Return the table as text, with four columns of groups beside the codes they come from.

    >>> head = "race,diag_1,discharge_disposition_id,admission_source_id,admission_type_id"
    >>> rows = prepared(f"{head}\n?,250.83,11,7,3\nAsian,V57,1,20,6\n".encode())
    >>> rows.select("race", "diagnosis_group", "discharge", "admitted_from", "admission").rows()[0]
    ('not recorded', 'diabetes', 'died', 'emergency room', 'elective')
    >>> rows.select("diagnosis_group", "admission").rows()[1]
    ('other', 'not recorded')
    """
    table = pl.read_csv(io.BytesIO(published), infer_schema=False)
    whole = pl.col("diag_1").str.extract(r"^(\d+)", 1)  # codes that begin with E or V stay "other"
    missing = pl.col("diag_1") == "?"
    return table.with_columns(
        race=pl.col("race").replace("?", NOT_RECORDED),
        diagnosis_group=pl.when(missing)
        .then(pl.lit(NOT_RECORDED))
        .otherwise(_grouped(whole, DIAGNOSES, "other")),
        discharge=_grouped(pl.col("discharge_disposition_id"), DISCHARGES, NOT_RECORDED),
        admitted_from=_grouped(pl.col("admission_source_id"), SOURCES, NOT_RECORDED),
        admission=_grouped(pl.col("admission_type_id"), TYPES, NOT_RECORDED),
    )


def _grouped(code: pl.Expr, groups: dict[str, list[int]], otherwise: str) -> pl.Expr:
    names = {number: name for name, numbers in groups.items() for number in numbers}
    return code.cast(pl.Int64, strict=False).replace_strict(names, default=otherwise, return_dtype=pl.String)
