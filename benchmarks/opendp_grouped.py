"""Grouped count, mean and median by OpenDP's Polars layer; run in OpenDP's own environment.

The unit is a patient, added or removed, by identifier; the groups' keys are public; the context holds the total ε.
Given one bound, all three are asked in one query: at most one row of a patient in each group, `bound` groups.
Given three, each statistic is asked under its own: a count and a mean of at most so many rows of a patient, wherever
they lie, a median as above. Both ways of bounding cost L1 `bound`; `truncate_num_groups`, the documented way,
keeps one group less than it charges for, and its default (`keep="sample"`) raises once the budget is spent.
The mean is a sum about the middle of the bounds, over a count that is paid for in equal parts with it.

Usage: python opendp_grouped.py FILE.parquet OUT.parquet EPSILON BINS BOUND[,BOUND,BOUND] [known]
With `known`, the scale that `resolve` would look for is put in, which saves most of the time; OpenDP still checks
that it fits the budget. Prints one line: seconds, of which spent looking for the scale of the noise, and the peak of memory.
"""

import json
import resource
import sys
import time
import warnings

import opendp.prelude as dp
import polars as pl

dp.enable_features("contrib")
warnings.filterwarnings("ignore")

SIZES = {"hospital": 20, "diagnosis": 50, "age_band": 8}
KEYS = list(SIZES)
LOW, HIGH = 40, 400
MIDDLE, HALF = (LOW + HIGH) // 2, (HIGH - LOW) // 2
PUBLIC_MOST = 1 << 27  # rows that there might be; public, and cautious


def keys() -> pl.DataFrame:
    lists = [pl.DataFrame({key: list(range(size))}) for key, size in SIZES.items()]
    return lists[0].join(lists[1], how="cross").join(lists[2], how="cross")


def measures(bins: int) -> dict[str, list[pl.Expr]]:
    """Return what each statistic asks; `scale` is relative to what the context finds to fit its ε."""
    value = pl.col("value").fill_nan(MIDDLE).fill_null(MIDDLE)
    width = (HIGH - LOW) / bins
    candidates = [LOW + width * (place + 0.5) for place in range(bins)]
    about = (value.cast(int) - MIDDLE).dp.sum((-HALF, HALF), scale=HALF)
    return {
        "count": [dp.len(signed=True, scale=1.0).alias("count")],
        "mean": [dp.len(signed=True, scale=1.0).alias("rows"), about.alias("about")],
        "median": [value.dp.median(candidates, scale=2.0).alias("median")],
    }


def with_scale(query, scale: float):
    """Return the measurement of a query at a scale of noise, as `resolve` makes it at the scale that it finds."""
    plan, inner = (object.__getattribute__(query, name) for name in ("polars_plan", "_query"))
    domain, metric = inner._chain
    return dp.m.make_private_lazyframe(domain, metric, inner._output_measure, plan, scale * (1 + 1e-9))


def main() -> None:
    path, out, epsilon, bins = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    most, known = [int(bound) for bound in sys.argv[5].split(",")], "known" in sys.argv[6:]
    asked = measures(bins)
    together = len(most) == 1
    parts = (  # in one query the count serves the mean too
        [(most[0], True, [*asked["count"], asked["mean"][1], *asked["median"]])]
        if together
        else [(bound, name == "median", asked[name]) for name, bound in zip(asked, most, strict=True)]
    )
    began, looking = time.perf_counter(), 0.0
    context = dp.Context.compositor(
        data=pl.scan_parquet(path),
        privacy_unit=dp.unit_of(contributions=1, identifier=pl.col("patient")),
        privacy_loss=dp.loss_of(epsilon=epsilon),
        split_evenly_over=len(parts),
        margins=[dp.polars.Margin(by=KEYS, max_length=PUBLIC_MOST)],
    )
    found, share = keys(), epsilon / len(parts)
    for bound, once, expressions in parts:
        query = context.query()
        if once:
            query = query.truncate_per_group(1, by=KEYS)
        query = query.truncate_per_group(bound).group_by(KEYS).agg(expressions).with_keys(keys())
        started = time.perf_counter()
        measurement = with_scale(query, len(expressions) * bound / share) if known else query.resolve()
        looking += time.perf_counter() - started
        found = found.join(context(measurement).collect(), on=KEYS, how="left")
    rows = pl.col("count" if together else "rows").clip(lower_bound=1)
    found = found.with_columns(mean=(MIDDLE + pl.col("about") / rows).clip(LOW, HIGH))
    found = found.select(*KEYS, "count", "mean", "median").sort(KEYS)
    seconds = time.perf_counter() - began
    found.write_parquet(out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "looking": looking, "peak_mib": peak}))


if __name__ == "__main__":
    main()
