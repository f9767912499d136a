"""Grouped count and mean by SmartNoise SQL, through its reader over a pandas frame; run in its own environment.

The unit is a patient, added or removed: `row_privacy` is off, and the reader keeps a random `max_ids` rows of each
patient, wherever they lie. Two readers, for the count and for the mean, each with its own bound and its own ε for a
column; the script stops unless what the readers say they spent adds up to no more than the total. Counts and sums
carry Laplace noise: no delta. The mean is a sum about the middle of the bounds over a count, which AVG is too, save
for a count near zero. Groups are public, so none is censored, and a row without a value, of a patient of its own, in
each keeps it in the answer. PERCENTILE_CONT parses, but the reader cannot answer it: there is no median.

Usage: python smartnoise_grouped.py FILE.parquet OUT.parquet EPSILON '{"count": [BOUND, EPSILON], "mean": [BOUND, EPSILON]}'
"""

import json
import sys

import numpy as np
import pandas as pd
from snsql import Privacy, from_df

SIZES = {"hospital": 20, "diagnosis": 50, "age_band": 8}
KEYS = list(SIZES)
LOW, HIGH = 40, 400
MIDDLE, HALF = (LOW + HIGH) // 2, (HIGH - LOW) // 2
ASKED = {"count": ["COUNT(about)"], "mean": ["COUNT(about)", "SUM(about)"]}


def metadata(most: int) -> dict:
    """Return what the reader is told of the table; all of it is public."""
    keys = {key: {"type": "int", "lower": 0, "upper": size - 1} for key, size in SIZES.items()}
    about = {"type": "float", "lower": -HALF, "upper": HALF}
    options = {"row_privacy": False, "max_ids": most, "sample_max_ids": True, "censor_dims": False}
    options |= {"clamp_counts": False, "clamp_columns": True}
    table = {**options, "patient": {"type": "int", "private_id": True}, **keys, "about": about}
    return {"": {"public": {"visits": table}}}


def held(path: str) -> pd.DataFrame:
    """Return the rows, and one without a value in every group."""
    table = pd.read_parquet(path)
    groups = pd.MultiIndex.from_product([range(size) for size in SIZES.values()], names=KEYS).to_frame(False)
    groups["patient"] = np.arange(len(groups)) + table["patient"].max() + 1
    table["about"] = table.pop("value").clip(LOW, HIGH) - MIDDLE
    return pd.concat([table, groups])


def main() -> None:
    path, out, epsilon, parts = sys.argv[1], sys.argv[2], float(sys.argv[3]), json.loads(sys.argv[4])
    table, found, spent = held(path), {}, 0.0
    for name, (most, share) in parts.items():
        privacy = Privacy(epsilon=share / len(ASKED[name]), delta=0.0)
        reader = from_df(table, privacy=privacy, metadata=metadata(most))
        query = f"SELECT {', '.join(KEYS + ASKED[name])} FROM public.visits GROUP BY {', '.join(KEYS)}"
        rows = reader.execute(query)[1:]
        found[name] = np.array(sorted(rows, key=lambda row: row[: len(KEYS)]))[:, len(KEYS) :].astype(float)
        spent += reader.odometer.spent[0]
    if spent > epsilon * (1 + 1e-9):
        raise RuntimeError(f"the readers spent {spent} of {epsilon}")
    rows, about = found["mean"].T
    mean = (MIDDLE + about / rows.clip(1)).clip(LOW, HIGH)
    pd.DataFrame({"count": found["count"][:, 0], "mean": mean}).to_parquet(out)


if __name__ == "__main__":
    main()
