"""Grouped count, mean and median by Tumult Analytics on local Spark; run in its own environment.

The unit is a patient, added or removed, by identifier; the groups' keys are public; the session holds the total ε and
refuses what would pass it. Each statistic has its own bound and its own ε. A count and a mean keep at most so many rows
of a patient, wherever they lie; a median keeps one row of a patient in each of so many groups. No delta.

Usage: python tumult_grouped.py FILE.parquet OUT.parquet EPSILON '{"count": [BOUND, EPSILON], "mean": …, "median": …}'
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from pyspark.sql import SparkSession
from tmlt.analytics import (
    AddRowsWithID,
    KeySet,
    MaxGroupsPerID,
    MaxRowsPerGroupPerID,
    MaxRowsPerID,
    PureDPBudget,
    QueryBuilder,
    Session,
)

SIZES = {"hospital": 20, "diagnosis": 50, "age_band": 8}
GROUPS = int(np.prod(list(SIZES.values())))
LOW, HIGH = 40, 400


def asked(name: str, most: int):
    """Return the query of a statistic under its bound."""
    rows = QueryBuilder("visits")
    if name == "median":
        rows = rows.enforce(MaxGroupsPerID("place", most)).enforce(MaxRowsPerGroupPerID("place", 1))
    else:
        rows = rows.enforce(MaxRowsPerID(most))
    groups = rows.groupby(KeySet.from_dict({"place": range(GROUPS)}))
    if name == "count":
        return groups.count(name)
    return getattr(groups, {"mean": "average"}.get(name, name))("value", LOW, HIGH, name)


def main() -> None:
    path, out, epsilon, parts = sys.argv[1], sys.argv[2], float(sys.argv[3]), json.loads(sys.argv[4])
    os.environ["PYSPARK_PYTHON"] = sys.executable
    table = pd.read_parquet(path)
    table["place"] = np.ravel_multi_index([table.pop(key) for key in SIZES], tuple(SIZES.values()))
    with tempfile.TemporaryDirectory() as scratch:
        table.to_parquet(read := Path(scratch) / "visits.parquet")
        options = {
            "spark.sql.warehouse.dir": scratch, "spark.driver.memory": "6g", "spark.sql.shuffle.partitions": "1",
            "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        }  # fmt: skip
        spark = SparkSession.builder.master("local[1]").config(map=options).getOrCreate()
        session = Session.from_dataframe(
            PureDPBudget(epsilon), "visits", spark.read.parquet(str(read)), protected_change=AddRowsWithID("patient")
        )  # fmt: skip
        found = pd.DataFrame({"place": range(GROUPS)})
        for name, (most, share) in parts.items():
            answer = session.evaluate(asked(name, most), PureDPBudget(share)).toPandas()
            found = found.merge(answer[["place", name]], on="place", how="left")
        spark.stop()
    found["mean"] = found["mean"].clip(LOW, HIGH)
    found.drop(columns="place").to_parquet(out, index=False)


if __name__ == "__main__":
    main()
