"""How far the figures of a private table are from the truth: ours, those of three rivals, and ours under one fixed bound.

One invented table (`visits.py`): a million visits, 8,000 public groups; one patient is added or removed. All sides
have the same ε and no δ. Everything that an analyst would choose by eye (bounds on a patient's rows, and how ε is
split where a rival lets one) is chosen for the rivals, and for our own fixed bound, on a public sample: the same
generator with another seed. Ours chooses privately, out of its own ε. An error is the median over the groups of
|figure − truth| / truth; the worst of all cells (rival, ε, statistic, size of the groups) is told.

The rivals are OpenDP, SmartNoise SQL (it has no median, so both are asked count and mean) and Tumult Analytics (on a
local Spark, which needs Java; a run takes minutes).
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
import polars as pl
from environments import environment
from lines import Line, line
from visits import HIGH, LOW, SIZES, visits

HERE = Path(__file__).parent
OPENDP = ["opendp[polars]==0.16.0"]
SMARTNOISE = ["smartnoise-sql==1.0.10", "pyarrow==18.1.0"]
TUMULT = ["tmlt.analytics==0.21.0"]
MEASURES = {"count": "count", "mean": "mean(value, 40, 400)", "median": "median(value, 40, 400)"}
NAMES = tuple(MEASURES)
SCALED = "scaled "  # a count that the analyst divides by the share of rows that the bound keeps in the sample
UNTOLD = "untold"
LADDER = tuple(1 << step for step in range(7))
BINS = 64
DRAWS = 8  # by which a rival's errors on the sample are told
GROUPS = int(np.prod(list(SIZES.values())))
TABLE, SAMPLE = 1, 2  # seeds

Figures = dict[str, np.ndarray]  # of each statistic, one for each group
Errors = dict[tuple[str, int], float]  # by statistic and least number of rows
Parts = dict[str, tuple[int, float]]  # of each statistic, the bound on a patient's rows and its part of ε


def places(table: pl.DataFrame) -> np.ndarray:
    """Return the group of each row, in the order of the plan's cells."""
    return np.ravel_multi_index([table[key].to_numpy() for key in SIZES], tuple(SIZES.values()))


def truth(table: pl.DataFrame) -> Figures:
    found = table.select("value", group=places(table)).group_by("group").agg(
        count=pl.len(), mean=pl.col("value").mean(), median=pl.col("value").median()
    )  # fmt: skip
    figures = {name: np.zeros(GROUPS) for name in NAMES}
    for name in NAMES:
        figures[name][found["group"].to_numpy()] = found[name].to_numpy()
    return figures


def off(found: Figures, true: Figures, sizes: Sequence[int]) -> Errors:
    """Return the errors, and the share of groups of which a figure is not told: it counts as the middle."""
    errors = {}
    for name, figure in found.items():
        guess, wanted = np.where(np.isnan(figure), (LOW + HIGH) / 2, figure), true[name.removeprefix(SCALED)]
        for size in sizes:
            large = true["count"] >= size
            errors[UNTOLD, size] = max(errors.get((UNTOLD, size), 0.0), float(np.isnan(figure[large]).mean()))
            errors[name, size] = float(np.median(np.abs(guess[large] / wanted[large] - 1)))
    return errors


def averaged(found: Iterable[Errors]) -> Errors:
    """Return the mean of the errors of several runs."""
    runs = list(found)
    return {key: fmean(run[key] for run in runs) for key in runs[0]}


def plan(epsilon: float, most, names: Sequence[str] = NAMES):
    from confide.stats.plan import StatsPlan

    by = {key: tuple(map(str, range(size))) for key, size in SIZES.items()}
    return StatsPlan(
        name="visits",
        by=by,
        measures=[MEASURES[name] for name in names],
        epsilon=epsilon,
        max_rows=most,
        intervals="none",
    )


def ours(table: pl.DataFrame, epsilon: float, most, names: Sequence[str] = NAMES) -> Figures:
    """Return one release of ours."""
    from confide.dp.noise import Noise
    from confide.dp.random import Stream

    estimates, _ = plan(epsilon, most, names).estimates(table, Noise(Stream()))
    return {name: estimates[MEASURES[name]].value for name in names}


def best_fixed(sample: pl.DataFrame, epsilon: float, sizes: Sequence[int]) -> int:
    """Return the bound of `LADDER` under which our errors on the sample, over three runs, add up to the least."""
    true = truth(sample)

    def cost(most: int) -> float:
        found = averaged(off(ours(sample, epsilon, most), true, sizes) for _ in range(3))
        return sum(error for (name, _), error in found.items() if name in NAMES)

    return min(LADDER, key=cost)


def bounded(sample: pl.DataFrame) -> Iterator[tuple[int, Figures, np.ndarray]]:
    """Yield for each bound what OpenDP would count without noise, and its histograms of the values."""
    shuffled = sample.with_columns(group=places(sample)).sample(fraction=1.0, shuffle=True, seed=0)
    rows = shuffled.with_columns(rank=pl.int_range(pl.len()).over("patient"))
    once = shuffled.unique(["patient", "group"], keep="any", maintain_order=True)
    once = once.with_columns(rank=pl.int_range(pl.len()).over("patient"))
    for most in LADDER:
        kept, picked = rows.filter(pl.col("rank") < most), once.filter(pl.col("rank") < most)
        group, value = kept["group"].to_numpy(), kept["value"].to_numpy().astype(np.int64) - 220
        bins = ((picked["value"].to_numpy() - LOW) * BINS / (HIGH - LOW)).astype(np.int64).clip(0, BINS - 1)
        held = np.bincount(picked["group"].to_numpy() * BINS + bins, minlength=GROUPS * BINS)
        sums = {
            "count": np.bincount(group, minlength=GROUPS).astype(float),
            "about": np.bincount(group, weights=value, minlength=GROUPS),
        }
        yield most, sums, held.reshape(GROUPS, BINS)


def copied(
    sample: pl.DataFrame, epsilons: Iterable[float], sizes: Sequence[int]
) -> dict[float, dict[int, Errors]]:
    """Return for each ε of one statistic the errors on the sample under each bound, by a copy of OpenDP's mechanisms.

    The copy has the noise that OpenDP states for them. The other rivals' has the same law, but that SmartNoise has no
    median and Tumult's is not kept to bins.
    """
    rng, true = np.random.default_rng(1), truth(sample)
    scores: dict[float, dict[int, Errors]] = {epsilon: {} for epsilon in epsilons}
    middles = LOW + (HIGH - LOW) / BINS * (np.arange(BINS) + 0.5)
    for most, sums, held in bounded(sample):
        below = held.cumsum(axis=1) - held / 2
        utility = -np.abs(2 * below - held.sum(axis=1, keepdims=True))

        def release(scale: float, sums: Figures = sums, utility: np.ndarray = utility) -> Figures:
            rows = sums["count"] + rng.laplace(scale=2 * scale, size=GROUPS)
            about = sums["about"] + rng.laplace(scale=2 * scale * (HIGH - LOW) / 2, size=GROUPS)
            chosen = (utility / (2 * scale) + rng.gumbel(size=utility.shape)).argmax(axis=1)
            count = sums["count"] + rng.laplace(scale=scale, size=GROUPS)
            return {
                "count": count,
                "mean": (220 + about / rows.clip(1)).clip(LOW, HIGH),
                "median": middles[chosen],
                f"{SCALED}count": count * len(sample) / sums["count"].sum(),
            }

        for epsilon, found in scores.items():
            found[most] = averaged(off(release(most / epsilon), true, sizes) for _ in range(DRAWS))
    return scores


def best(scores: dict[int, Errors], name: str, sizes: Sequence[int]) -> int:
    """Return the bound under which a statistic's errors add up to the least."""
    return min(scores, key=lambda most: sum(scores[most][name, size] for size in sizes))


def tuned(
    copies: dict[float, dict[int, Errors]], epsilon: float, splits: list[dict[str, int]], sizes: Sequence[int]
) -> Parts:
    """Return the bounds, and the split of ε into sixths, under which the errors on the sample add up to the least."""

    def parts(split: dict[str, int]) -> Parts:
        shares = {name: epsilon * sixths / 6 for name, sixths in split.items()}
        return {name: (best(copies[share], name, sizes), share) for name, share in shares.items()}

    def cost(found: Parts) -> float:
        return sum(copies[share][most][name, n] for name, (most, share) in found.items() for n in sizes)

    return min(map(parts, splits), key=cost)


def script(name: str, python: Path, path: Path, *more: str) -> tuple[Figures, str]:
    """Return one release of a rival, and the last line that its script prints."""
    out = path.with_name(f"{name}.parquet")
    command = [python, HERE / f"{name}_grouped.py", path, out, *more]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    found = pl.read_parquet(out)
    figures = {each: found[each].to_numpy() for each in NAMES if each in found.columns}
    return figures, run.stdout.strip().rpartition("\n")[2]


def opendp(path: Path, epsilon: float, bounds: Sequence[int], *more: str) -> tuple[Figures, dict[str, float]]:
    """Return one release of OpenDP, and what it says of its time and memory."""
    python = environment("opendp-polars", OPENDP)
    found, said = script("opendp", python, path, str(epsilon), str(BINS), ",".join(map(str, bounds)), *more)
    return found, json.loads(said)


def opendp_parts(path: Path, epsilon: float, parts: Parts) -> Figures:
    """Return one release of OpenDP, which splits ε evenly itself."""
    return opendp(path, epsilon, [most for most, _ in parts.values()], "known")[0]


def peer(name: str, installs: Sequence[str], path: Path, epsilon: float, parts: Parts) -> Figures:
    """Return one release of a rival that is told the bound and the ε of each statistic."""
    return script(name, environment(name, installs), path, str(epsilon), json.dumps(parts))[0]


def splits(*names: str) -> list[dict[str, int]]:
    """Return the ways to give each statistic some sixths of ε."""
    ways = product(range(1, 6), repeat=len(names))
    return [dict(zip(names, way, strict=True)) for way in ways if sum(way) == 6]


class Rival(NamedTuple):
    """What it is called, the splits of ε to choose from, and how it makes one release."""

    title: str
    splits: list[dict[str, int]]
    release: Callable[[Path, float, Parts], Figures]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the statistics that it has: ours is asked for the same ones, with the same ε for all of them."""
        return tuple(self.splits[0])


RIVALS = (
    Rival("OpenDP 0.16.0", [dict.fromkeys(NAMES, 2)], opendp_parts),
    Rival("SmartNoise 1.0.10", splits("count", "mean"), partial(peer, "smartnoise", SMARTNOISE)),
    Rival("Tumult 0.21.0", splits(*NAMES), partial(peer, "tumult", TUMULT)),
)


def rival_errors(
    rival: Rival, path: Path, true: Figures, parts: dict[float, Parts], sizes: Sequence[int], seconds: float
) -> tuple[dict[float, Errors], int]:
    """Return a rival's errors for each ε, and how many runs of each fitted into the seconds; one at least."""
    runs: dict[float, list[Errors]] = {epsilon: [] for epsilon in parts}
    began, rounds = time.monotonic(), 0
    while not rounds or (time.monotonic() - began) * (rounds + 1) / rounds < seconds:
        for epsilon, each in parts.items():
            runs[epsilon].append(off(rival.release(path, epsilon, each), true, sizes))
        rounds += 1
    return {epsilon: averaged(found) for epsilon, found in runs.items()}, rounds


def errors(seeds: int, epsilons: Sequence[float], *, rows: int, seconds: float) -> list[Line]:
    """Return the lines: ours against the best rival, and our private bound against the best fixed one.

    Args:
        seeds: runs of ours, at each ε.
        epsilons: of the whole table.
        rows: of the table and of the sample.
        seconds: for all runs of a rival; one at each ε at least.
    """
    table, sample = visits(rows, TABLE), visits(rows, SAMPLE)
    true, own, public = truth(table), _named(table), _named(sample)
    sizes = [size for size in (100, 1000) if (true["count"] >= size).sum() >= 10]
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "visits.parquet"
        table.write_parquet(path)
        copies = copied(sample, [e * sixths / 6 for e in epsilons for sixths in range(1, 6)], sizes)
        theirs, told = {}, []
        for rival in RIVALS:
            parts = {epsilon: tuned(copies, epsilon, rival.splits, sizes) for epsilon in epsilons}
            theirs[rival.title], rounds = rival_errors(rival, path, true, parts, sizes, seconds)
            told.append(f"{rival.title}, means of {rounds}, {_parts(parts)}")
    fixed = {epsilon: best_fixed(public, epsilon, sizes) for epsilon in epsilons}

    def meant(most: dict[float, int | str], names: tuple[str, ...] = NAMES) -> dict[float, Errors]:
        return {
            e: averaged(off(ours(own, e, most[e], names), true, sizes) for _ in range(seeds))
            for e in epsilons
        }

    privately = dict.fromkeys(epsilons, "private")
    private = {names: meant(privately, names) for names in {rival.names for rival in RIVALS}}
    where = f"{rows} rows, 8,000 groups, one patient added or removed; median relative error of groups of at least"
    return [
        _against_rival(
            private, theirs, f"{where} so many rows, no delta; ours, means of {seeds} runs, with a private bound; rivals "
            f"with bounds, and parts of eps but for OpenDP's even ones, chosen on a public sample: {'; '.join(told)}",
            _scaled({epsilon: copies[epsilon * 2 / 6] for epsilon in epsilons}, sizes),
        ),
        _against_fixed(private[NAMES], meant(fixed), fixed, f"{where} so many rows, means of {seeds} runs"),
    ]  # fmt: skip


def _scaled(copies: dict[float, dict[int, Errors]], sizes: Sequence[int]) -> str:
    """Say what the rival's count could be if the analyst scaled it up by what the sample loses to the bound."""
    name, told = f"{SCALED}count", []
    for epsilon, scores in copies.items():
        found = scores[best(scores, name, sizes)]
        told.append(f"{' and '.join(f'{found[name, size]:.3f}' for size in sizes)} at eps {epsilon:g}")
    return f"not held against ours: scaled up by hand by the share that the sample keeps, counts of a copy of OpenDP's mechanism err by {', '.join(told)}"


def _named(table: pl.DataFrame) -> pl.DataFrame:
    return table.rename({"patient": "_patient"})


def _cells(found: dict[float, Errors]) -> list[tuple[float, str, int]]:
    return [(epsilon, *key) for epsilon, errors in found.items() for key in errors if key[0] in NAMES]


def _ratios(ours: dict[float, Errors], other: dict[float, Errors]) -> dict[tuple[float, str, int], float]:
    return {(e, name, size): ours[e][name, size] / other[e][name, size] for e, name, size in _cells(ours)}


def _told(*sides: dict[float, Errors]) -> str:
    return "; ".join(
        f"eps {epsilon:g}, {name}, {size}: "
        + " and ".join(f"{side[epsilon][name, size]:.3f}" for side in sides)
        for epsilon, name, size in _cells(sides[0])
    )


def _parts(parts: dict[float, Parts]) -> str:
    """Say what was chosen for a rival at each ε of the whole table."""
    return ", ".join(
        "/".join(f"{name} {most} rows {share:.3g}" for name, (most, share) in each.items())
        + f" of {epsilon:g}"
        for epsilon, each in parts.items()
    )


def _against_rival(
    ours: dict[tuple[str, ...], dict[float, Errors]],
    theirs: dict[str, dict[float, Errors]],
    how: str,
    more: str,
) -> Line:
    ratios, useful, pairs = {}, 0.0, []
    for rival in RIVALS:
        mine, other = ours[rival.names], theirs[rival.title]
        for cell, ratio in _ratios(mine, other).items():
            ratios[rival.title, *cell] = ratio
            if other[cell[0]][cell[1:]] < 0.5:
                useful = max(useful, ratio)
        pairs.append(f"ours and {rival.title}, both asked {', '.join(rival.names)}: {_told(mine, other)}")
    title, epsilon, name, size = worst = max(ratios, key=ratios.__getitem__)
    names = next(rival.names for rival in RIVALS if rival.title == title)
    untold = ", ".join(
        f"{100 * share:.0f} % ({size} rows, eps {epsilon:g})"
        for epsilon, found in ours[NAMES].items()
        for (name, size), share in found.items()
        if name == UNTOLD and share >= 0.005
    )
    return line(
        "stats.error.best_rival", ratios[worst], "<= 1.0", ours=round(ours[names][epsilon][name, size], 4),
        rival=round(theirs[title][epsilon][name, size], 4), unit="ratio of errors, worst of all rivals and cells",
        how=f"{how}; worst at eps {epsilon:g}, {name}, {size}, against {title}; {useful:.2f} where the rival errs by less "
        f"than half; {'; '.join(pairs)}; means that ours does not tell, taken for {(LOW + HIGH) / 2:g}: {untold or 'none'}; {more}",
    )  # fmt: skip


def _against_fixed(
    private: dict[float, Errors], held: dict[float, Errors], fixed: dict[float, int], how: str
) -> Line:
    ratios = _ratios(private, held)
    settings = {
        (epsilon, size): fmean(ratios[epsilon, name, size] for name in NAMES) for epsilon, _, size in ratios
    }
    chosen = ", ".join(f"{most} at eps {epsilon:g}" for epsilon, most in fixed.items())
    means = ", ".join(f"{ratio:.2f} (eps {epsilon:g}, {size})" for (epsilon, size), ratio in settings.items())
    return line(
        "stats.error.private_bound", max(settings.values()), "<= 0.7", ours=None, rival=None,
        unit="ratio of errors, mean of count, mean and median, worst of eps and size",
        how=f"{how}; ours with a private bound, and with the one fixed bound whose errors on a public sample add "
        f"up to the least ({chosen}); a private bound is two, one for totals and one for ratios, and its totals are "
        f"divided by the noisy share that they keep; {means}: {_told(private, held)}",
    )  # fmt: skip


def seconds(rounds: int, *, rows: int = 1_000_000) -> Line:
    """Return the line of time: count, mean and median from a Parquet file to figures, in turns; wall time."""
    from confide.dp.noise import Noise
    from confide.dp.random import Stream

    asked, pairs, said, known = plan(1.0, "private"), [], {}, {}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "visits.parquet"
        visits(rows, TABLE).write_parquet(path)
        for turn in range(rounds + 1):
            began = time.perf_counter()
            asked.execute(_named(pl.read_parquet(path)), Noise(Stream()))
            own = time.perf_counter() - began
            if turn:  # the first is warm-up
                (_, said), (_, known) = opendp(path, 1.0, [4]), opendp(path, 1.0, [4], "known")
                pairs.append((said["seconds"] / own, own, said["seconds"], known["seconds"]))
    ratio, own, theirs, known = (float(np.median(side)) for side in zip(*pairs, strict=True))
    return line(
        "stats.time.opendp", ratio, ">= 100", ours=round(own, 3), rival=round(theirs, 1), unit="ratio of seconds",
        how=f"count, mean and median, {rows} rows, 8,000 groups, median of {rounds}; OpenDP 0.16.0 asked in one query "
        f"with one bound, peak {said['peak_mib']:.0f} MiB; {known:.1f} s ({known / own:.0f} times) if it is told the scale of "
        "its noise by hand, which it looks for otherwise",
    )  # fmt: skip
