"""The same integer sums on Spark: two GROUP BYs and a join, of whole numbers that executors read row by row.

Guarantee: integers throughout, so that the sums do not depend on how Spark cuts and orders the rows; a session that
would put a cell on a disk or a wire as it is, is refused. How a cell is read is not for Spark to say: what comes
in was read by `confide.engines.polars` on the executors. Knows no statistics and no noise.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from confide.engines.polars import GRID, Ints
from confide.errors import InvalidInput

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# What a session needs: on one machine the first two; on several, keys and shuffles also travel.
ENCRYPTED = {"spark.io.encryption.enabled": "true", "spark.io.encryption.keySizeBits": "256"}
ON_THE_WIRE = {"spark.authenticate": "true", "spark.network.crypto.enabled": "true"}

# What executors hand over, many rows for each of theirs: an `amount` that a `patient`, as bytes, adds at place `at` of
# `part`, at a weight that depends on how many rows of the patient are counted under `counted`. Part -1 counts them.
SCHEMA = "patient binary, counted int, part int, at bigint, amount bigint"
COUNTS = -1
OWNED = "patient binary, value binary, rows bigint"  # in how many rows a patient has a value


def verify_session(session: "SparkSession") -> None:
    """Refuse a session that would put patient text on a disk or a wire as it is.

    Raises:
        InvalidInput: names the setting and the value that it needs.
    """
    conf = session.sparkContext.getConf()
    is_local = (conf.get("spark.master") or "").startswith("local")
    for name, wanted in (ENCRYPTED if is_local else ENCRYPTED | ON_THE_WIRE).items():
        if (conf.get(name) or "false").lower() != wanted:
            raise InvalidInput("files.spark-setting", setting=name, wanted=wanted)


def rows_per_patient(amounts: "DataFrame", counted: int) -> Ints:
    """Return how many rows of each patient are counted under `counted`, in no order."""
    found = _counts(amounts).where(f"counted = {counted}").select("n").toArrow()
    return np.asarray(found["n"].to_numpy(), dtype=np.int64)


def weighted_sums(
    amounts: "DataFrame", max_rows: Mapping[int, int], distinct: Mapping[int, int]
) -> dict[int, tuple[Ints, Ints]]:
    """Return the sums of each part: places, and what all patients add there at their weights.

    Args:
        amounts: of `SCHEMA`.
        max_rows: of each part that adds up amounts, how many rows of a patient are whole ones.
        distinct: of each part in which a place counts once per patient, how many places are whole ones.
    """
    found: dict[int, tuple[Ints, Ints]] = {}
    if max_rows:
        found |= _summed(_parts(amounts, max_rows).join(_counts(amounts), ["patient", "counted"]), max_rows)
    if distinct:
        pairs = _parts(amounts, distinct).select("patient", "part", "at", "amount").distinct()
        places = pairs.groupBy("patient", "part").count().withColumnRenamed("count", "n")
        found |= _summed(pairs.join(places, ["patient", "part"]), distinct)
    return found


def value_weights(owned: "DataFrame", most: int) -> dict[str, int]:
    """Return what patients give to each value they have, as `confide.stats.found.weights` does.

    Args:
        owned: `OWNED`, a patient and a value any number of times.
        most: values of one patient that are looked at.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    once = owned.groupBy("patient", "value").agg(f.sum("rows").alias("rows"))
    place = f.row_number().over(Window.partitionBy("patient").orderBy(f.desc("rows"), "value"))
    kept = once.withColumn("place", place).where(f.col("place") <= most)
    own = f.count("*").over(Window.partitionBy("patient"))
    weight = f.call_function("div", f.lit(GRID).cast("bigint"), own)
    given = kept.withColumn("weight", weight).groupBy("value").agg(f.sum("weight").alias("weight")).toArrow()
    values = (value.decode() for value in given["value"].to_pylist())
    return dict(zip(values, given["weight"].to_pylist(), strict=True))


def _parts(amounts: "DataFrame", wanted: Mapping[int, int]) -> "DataFrame":
    return amounts.where(f"part in ({', '.join(map(str, wanted))})")


def _summed(amounts: "DataFrame", most: Mapping[int, int]) -> dict[int, tuple[Ints, Ints]]:
    """Add the amounts up, each at `GRID // max(n, most of its part)`, as `confide.engines.polars` weighs them."""
    from pyspark.sql import functions as f

    whole = f.create_map(*(f.lit(each) for pair in most.items() for each in pair))[f.col("part")]
    weight = f.call_function("div", f.lit(GRID).cast("bigint"), f.greatest("n", whole.cast("bigint")))
    summed = amounts.groupBy("part", "at").agg(f.sum(f.col("amount") * weight).alias("amount")).toArrow()
    part, at, amount = (np.asarray(summed[name].to_numpy()) for name in ("part", "at", "amount"))
    return {one: (at[part == one], amount[part == one]) for one in np.unique(part).tolist()}


def _counts(amounts: "DataFrame") -> "DataFrame":
    from pyspark.sql import functions as f

    counts = amounts.where(f"part = {COUNTS}").groupBy("patient", "counted")
    return counts.agg(f.sum("amount").alias("n"))
