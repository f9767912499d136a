"""Lay the published tables of four hospitals out as four sites would have them: a folder and a CSV each.

    python examples/federated-heart/hospitals.py DATA_FOLDER [OUT_FOLDER]

Every rule here is public and looks at one row: codes become words, what was not measured becomes an empty cell. Nothing
is learnt from other rows, so nothing has to be paid for. Knows no study and no budget.
"""

import gzip
import shutil
import sys
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
HOSPITALS = ("cleveland", "hungarian", "switzerland", "va")
COLUMNS = (
    "age", "sex", "pain", "pressure", "cholesterol", "sugar", "ecg", "heart_rate", "exercise_pain", "st_depression",
    "slope", "vessels", "thal", "disease",
)  # fmt: skip
USED = (*COLUMNS[:10], "disease")  # the rest was measured in one hospital of four
WORDS = {
    "sex": ("F", "M"),
    "pain": ("", "typical", "atypical", "other", "none"),
    "sugar": ("no", "yes"),
    "ecg": ("normal", "st-t", "hypertrophy"),
    "exercise_pain": ("no", "yes"),
    "disease": ("no", "yes", "yes", "yes", "yes"),  # none, or one to four vessels narrowed
}


def read_published(folder: Path, hospital: str) -> pl.DataFrame:
    """Return a hospital's published rows as text, with an empty cell where the file says `?` or -9.

    Raises:
        FileNotFoundError: the file is not in `folder`.
    """
    packed, plain = (folder / f"processed.{hospital}.data{end}" for end in (".gz", ""))
    text = gzip.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes()
    cells = [
        ["" if cell == "?" or cell.startswith("-9") else cell for cell in line.strip().split(",")]
        for line in text.decode().splitlines()
        if line.strip()
    ]
    rows = pl.DataFrame(cells, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return rows.select(USED)


def prepared(published: pl.DataFrame) -> pl.DataFrame:
    """Return the table as a hospital would export it: words for codes, and no cholesterol of 0, which nobody has.

    >>> row = dict.fromkeys(USED, "1") | {"cholesterol": "0", "st_depression": "-0.5", "age": "40.0", "ecg": ""}
    >>> made = prepared(pl.DataFrame([row])).row(0, named=True)
    >>> made["sex"], made["pain"], made["ecg"], made["cholesterol"], made["cholesterol_measured"], made["disease"]
    ('M', 'typical', None, None, 'no', 'yes')
    """
    number = {name: pl.col(name).cast(pl.Float64, strict=False) for name in USED}
    measured = number["cholesterol"] > 0
    words = {
        name: number[name].round().cast(pl.Int64).replace_strict(dict(enumerate(names)), default=None)
        for name, names in WORDS.items()
    }
    numbers = {name: each for name, each in number.items() if name not in words}
    return published.select(
        patient_id=pl.int_range(1, pl.len() + 1),
        **numbers | {"cholesterol": pl.when(measured).then(number["cholesterol"])},
        cholesterol_measured=pl.when(measured).then(pl.lit("yes")).otherwise(pl.lit("no")),
        **words,
    )


def main(data: Path, out: Path) -> None:
    """Write `raw/patients.csv` and `study.toml` into a folder for each hospital, and the draft of the federation beside."""
    for hospital in HOSPITALS:
        (out / hospital / "raw").mkdir(mode=0o700, parents=True, exist_ok=True)
        table = prepared(read_published(data, hospital)).with_columns(
            patient_id=pl.format("{}-{}", pl.lit(hospital), "patient_id")
        )
        table.write_csv(out / hospital / "raw" / "patients.csv")
        shutil.copyfile(HERE / "study.toml", out / hospital / "study.toml")
        print(f"{out / hospital}: {len(table)} patients")
    shutil.copyfile(HERE / "federation.toml", out / "federation.toml")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) == 3 else HERE / "out"))
    except FileNotFoundError:
        sys.exit(f"hospitals.py: no processed.{HOSPITALS[0]}.data and the like in {sys.argv[1]}")
