"""Bugs that people have shipped, planted one at a time in a copy of the source; our tests must notice each.

Claim under test: none of them passes. A bug counts as caught if a test *fails*: an import that breaks, or a file that
cannot be collected, counts as a mistake in this list. Without a bug the same tests pass on the same copy.
"""

import importlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOUND = ("tests/stats/test_stats_found.py",)
SENSITIVITY = ("tests/stats/test_stats_sensitivity.py",)
LOADED_ONCE = ("hypothesis", "mpmath", "numpy", "scipy.stats", "cryptography.hazmat.primitives.ciphers")


@dataclass(frozen=True)
class Bug:
    """A line of the source, what it becomes, and the tests that are asked."""

    name: str
    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]


def dp(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/dp/test_dp_{name}.py" for name in names)


BUGS = (
    Bug("the 2 of the exponential mechanism is forgotten", "dp/selection.py",
        "return 1 if monotone else 2", "return 1", dp("selection")),
    Bug("noise of half the scale", "dp/noise.py",
        "exponent = 1 / Decimal(scale)", "exponent = 2 / Decimal(scale)", dp("noise")),
    Bug("scale off by one grid unit", "dp/accountant.py",
        "wanted = sensitivity / exact(epsilon)", "wanted = (sensitivity - 1) / exact(epsilon)", dp("selection", "sparse")),
    Bug("scale rounded to the nearest double, not up", "dp/accountant.py",
        "while Fraction(scale) < wanted:", "while False:", dp("sparse", "grid")),
    Bug("sigma booked for sigma squared", "dp/renyi.py",
        "return 0.5 * (sensitivity / sigma) ** 2", "return 0.5 * sensitivity**2 / sigma",
        ("tests/dp/test_dp_accountant.py::test_the_discrete_gaussian_is_rho_zcdp_and_no_better_at_whole_orders",)),
    Bug("rejection for a Gaussian of half the variance", "dp/noise.py",
        "np.exp(-0.5 * distance * distance)", "np.exp(-distance * distance)", dp("noise")),
    Bug("one noise for a whole array", "dp/noise.py",
        "drawn[done : done + len(part)] = part", "drawn[done : done + len(part)] = part[0]", dp("noise")),
    Bug("one noise for all figures of a sparse vector", "dp/sparse.py",
        "self._settings.figure_scale, held.shape)", "self._settings.figure_scale)", dp("sparse")),
    Bug("one noise for all cells of a dashboard", "dp/continual.py",
        "discrete_gaussian(self.sigma, self.cells)", "discrete_gaussian(self.sigma, 1)[[0] * self.cells]", dp("continual")),
    Bug("zero counted twice: a geometric size and a sign", "dp/noise.py",
        "return geometric[:n] - geometric[n:]", "return geometric[:n] * (1 - 2 * (geometric[n:] & 1))", dp("noise")),
    Bug("one-sided geometric noise begins at one", "dp/noise.py",
        "geometric |= byte.astype(np.int64) << low\n        return geometric",
        "geometric |= byte.astype(np.int64) << low\n        return geometric + 1", dp("choice")),
    Bug("sensitivity rounded down to the grid", "dp/grid.py",
        "math.ceil(self.bound / self.step)", "math.floor(self.bound / self.step)", dp("grid")),
    Bug("figures clipped one by one, not a patient's together", "dp/grid.py",
        "np.where(norms > self.sensitivity,", "np.where(norms < 0,", dp("grid")),
    Bug("noise added to figures that are not on the grid", "dp/grid.py",
        "* np.float64(self.step)\n        return released", "* np.float64(self.step) * 1.1\n        return released", dp("grid")),
    Bug("weights of a choice in doubles", "dp/choice.py",
        "return math.floor((-Decimal(exponent.numerator) / Decimal(exponent.denominator)).exp() * (1 << bits))",
        "return int(math.exp(-exponent) * (1 << bits))", dp("choice")),
    Bug("a tie in the first bits of a coin always shows tails", "dp/noise.py",
        "coins[i, j] = rest < thresholds[i] & ((1 << _REST) - 1)", "coins[i, j] = False", dp("noise")),
    Bug("scores that are no whole numbers are taken", "dp/selection.py",
        "np.issubdtype(numbers.dtype, np.signedinteger)", "np.issubdtype(numbers.dtype, np.number)", dp("selection")),
    Bug("permute-and-flip without permuting", "dp/selection.py",
        "return noise.choose(np.where(kept, np.uint64(0), _NEVER), Fraction(1))", "return kept.argmax(axis=1)", dp("selection")),
    Bug("the sensitivity of a quantile as if the total were public", "dp/quantile.py",
        "max(q.numerator, q.denominator - q.numerator)", "min(q.numerator, q.denominator - q.numerator) or 1", dp("quantile")),
    Bug("each group of a joint choice as if it were the only one", "dp/quantile.py",
        "sensitivity=self.sensitivity)", "sensitivity=max(1, self.sensitivity // 2))", dp("quantile")),
    Bug("delta of a threshold dropped", "dp/mechanisms.py",
        "Failure(delta=_above(-math.expm1(worst)))", "Failure(delta=0.0)", dp("unknown")),
    Bug("one sole key is taken for the worst", "dp/mechanisms.py",
        "worst = min(hidden(sensitivity), ", "worst = max(hidden(sensitivity), ",
        ("tests/dp/test_dp_mechanisms.py::test_formula_19_many_small_sole_keys_are_worse_than_few_large_ones",)),
    Bug("shown above the threshold, not from it up", "dp/unknown.py",
        "shown = noisy >= self.threshold", "shown = noisy > self.threshold", dp("unknown")),
    Bug("one event for several choices", "dp/selection.py",
        "(exponential(epsilon=self.share),) * self.places", "(exponential(epsilon=self.share),)", dp("selection")),
    Bug("a sparse vector pays for one answer and gives several", "dp/sparse.py",
        "return self.answers * (1 if self.monotone else 2)", "return 1 if self.monotone else 2", dp("sparse")),
    Bug("a sparse vector goes on after its last answer", "dp/sparse.py",
        "answers = answers[: yeses[self._left - 1] + 1]", "answers = answers[:]", dp("sparse")),
    Bug("who is absent gives no randomised answer", "dp/response.py",
        "np.where((places >= 0) & (places < self.categories), places, 0).ravel()",
        "places[(places >= 0) & (places < self.categories)]", dp("response")),
    Bug("a dashboard pays for its first row alone", "dp/continual.py",
        "math.sqrt(sum(c * c for c in _column(self.steps)))", "float(_column(self.steps)[0])", dp("continual")),
    Bug("a patient's weight is not divided by the number of rows", "engines/polars.py",
        "return GRID // np.maximum(rows, max_rows)", "return np.full(len(rows), GRID // max_rows)", SENSITIVITY),
    Bug("a patient's rows are counted where another measure's rows count", "stats/slots.py",
        "return slots if isinstance(slots, Listed) else columns(slots)", "return columns(slots)", SENSITIVITY),
    Bug("every part of a table spends the whole epsilon", "stats/plan.py",
        "return self._for_measures() * own[part]", "return self._for_measures()",
        ("tests/stats/test_stats_release.py", *SENSITIVITY)),
    Bug("the noise of a mean is for one step of its value", "stats/parts.py",
        "return GRID * bound(self.slots)", "return GRID", SENSITIVITY),
    Bug("a patient is counted whole in every group", "stats/tally.py",
        "weights = patient_weights(patient_rows(pairs // n_cells, None), max_cells)",
        "weights = patient_weights(patient_rows(np.unique(pairs // n_cells), None), max_cells)", SENSITIVITY),
    Bug("the histogram that chooses the bound is not paid for", "stats/plan.py",
        'rows = [self._sketch_event()] if self.max_rows == "private" else []', "rows = []",
        ("tests/stats/test_stats_bounds.py", *SENSITIVITY)),
    Bug("the histogram that chooses the bound is paid for beside epsilon", "stats/plan.py",
        'rows = bounds.SHARE if self.max_rows == "private" else 0', "rows = 0",
        ("tests/stats/test_stats_bounds.py", *SENSITIVITY)),
    Bug("only the value of a quantile is paid for, not its ends", "stats/parts.py",
        "choice.event() for choice in quantiles(part, part.quantile, epsilon)",
        "choice.event() for choice in quantiles(part, part.quantile, epsilon)[:1]", SENSITIVITY),
    Bug("the weight of a group is not paid for where a quantile's interval covers sampling", "stats/parts.py",
        "return Composed((DiscreteLaplace(sensitivity=GRID, scale=_total_scale(epsilon)), *chosen))",
        "return Composed(chosen)", ("tests/stats/test_stats_quantiles.py",)),
    Bug("the search for categories is not paid for", "stats/plan.py",
        "keys = [] if finding is None else [finding.event()] * len(unlisted(self.by))", "keys = []", FOUND),
    Bug("the search for categories is paid for once, whatever columns there are", "stats/plan.py",
        "[finding.event()] * len(unlisted(self.by))", "[finding.event()]", FOUND),
    Bug("a patient counts whole for each of its categories", "stats/found.py",
        "pl.lit(GRID, dtype=pl.Int64) // own.cast(pl.Int64)", "pl.lit(GRID, dtype=pl.Int64)", FOUND),
    Bug("a patient counts for any number of categories", "stats/found.py",
        ".head(MOST_KEYS)", ".head(1 << 20)", FOUND),
    Bug("the threshold is for a patient of one category", "stats/found.py",
        "keys=MOST_KEYS", "keys=1", FOUND),
    Bug("a month of a series is free, whoever paid for the series", "ledger/spend.py",
        "    _verify_paid(store, plan, study, account, cohort)", "    pass", ("tests/study/test_series.py",)),
    Bug("each image of a patient weighs as much as an only one", "stats/images.py",
        "weights = GRID // np.maximum(images[patients[counted]], plan.max_images)",
        "weights = np.full(len(counted), GRID // plan.max_images)", ("tests/stats/test_images.py",)),
    Bug("the pixels of an image are paid for as one", "stats/images.py",
        "square += math.prod(self.size) *", "square +=", ("tests/stats/test_images.py",)),
    Bug("a series forgets which rows of a patient counted before", "stats/series.py",
        "left = GRID * series.max_rows - pl.col(\"spent\")", "left = pl.lit(GRID * series.max_rows)", ("tests/study/test_series.py",)),
)  # fmt: skip


def first_failure(source: Path, tests: tuple[str, ...]) -> str | None:
    """Run `tests` against the package under `source`; return the name of the first that fails, None if all pass.

    In a fork, which has the libraries of the tests already, and confide from nowhere yet.

    Raises:
        RuntimeError: the tests did not run to an end of their own.
    """
    with tempfile.TemporaryFile("w+") as out:
        if (child := os.fork()) == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
            os._exit(_tested(source, tests))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        said = out.read()
    if code == 0:
        return None
    failed = re.search(r"^FAILED \S+?::(\w+)", said, re.MULTILINE)
    if code != 1 or failed is None:
        raise RuntimeError(said[-3000:])
    return failed[1]


def _tested(source: Path, tests: tuple[str, ...]) -> int:
    for name in [name for name in sys.modules if name.split(".")[0] in ("confide", "conftest")]:
        del sys.modules[name]
    sys.path.insert(0, str(source))
    sys.dont_write_bytecode = True
    os.chdir(ROOT)
    import confide

    if not Path(confide.__file__).is_relative_to(source):
        return 3  # not the copy
    return int(
        pytest.main(
            ["-x", "-p", "no:cacheprovider", "-p", "no:doctest", "-o", "addopts=-q --strict-markers", *tests]
        )
    )


def plant(bug: Bug, source: Path) -> str | None:
    """Return the test that catches `bug`, None if none does; `source` is left as it was."""
    path = source / "confide" / bug.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(bug.right, bug.wrong), encoding="utf-8")
    try:
        return first_failure(source, bug.tests)
    finally:
        path.write_text(text, encoding="utf-8")


def caught(bugs: tuple[Bug, ...], scratch: Path) -> Iterator[tuple[str, str | None]]:
    """Yield each bug's name and the test that catches it.

    Raises:
        RuntimeError: the line of a bug is not in the source, or a test fails without any.
    """
    for library in LOADED_ONCE:
        importlib.import_module(library)
    source = scratch / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    for bug in bugs:
        if bug.right not in (source / "confide" / bug.file).read_text(encoding="utf-8"):
            raise RuntimeError(f"{bug.file} has no line {bug.right}")
    every = tuple(sorted({test for bug in bugs for test in bug.tests}))
    if (failure := first_failure(source, every)) is not None:
        raise RuntimeError(f"without a bug, {failure} fails")
    for bug in bugs:
        yield bug.name, plant(bug, source)
