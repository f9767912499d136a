"""Change the code of one room a little, in one place at a time, and count how many changes its tests notice.

In the folder that `make mutants` made: all changes, or a random sample of them; stopped and started again, it goes on
with what is left. Prints the changes that nobody noticed, then the share that was noticed with its exact interval
(Clopper and Pearson, 95 %). `mutmut show NAME` in that folder prints a change.
Usage: python scripts/mutants.py [--sample N] [--seed S] [--at-once N]
"""

import argparse
import json
import random
from pathlib import Path
from subprocess import run

from scipy.stats import beta

SURVIVED, NO_TESTS = 0, 33  # how mutmut writes what the tests said; None: not run yet
AT_A_TIME = 100  # changes between two times at which it may be stopped without loss


def results() -> dict[str, int | None]:
    """Return what became of each change so far, by its name."""
    found: dict[str, int | None] = {}
    for path in sorted(Path("mutants").rglob("*.meta")):
        found |= json.loads(path.read_text())["exit_code_by_key"]
    return found


def interval(killed: int, of: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a share.

    >>> [round(end, 3) for end in interval(9, 10)]
    [0.555, 0.997]
    """
    low = beta.ppf(0.025, killed, of - killed + 1) if killed else 0.0
    high = beta.ppf(0.975, killed + 1, of - killed) if killed < of else 1.0
    return float(low), float(high)


def main() -> None:
    """Run what is left of the sample, and print what nobody noticed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=1)
    asked = parser.parse_args()
    begin = ["mutmut", "run", "--max-children", str(asked.at_once)]
    if not results():  # a name that fits nothing: makes the changes, learns which test runs what, and stops
        run([*begin, "none"], capture_output=True)  # noqa: S603
    names = sorted(results())
    if asked.sample and asked.sample < len(names):
        names = random.Random(asked.seed).sample(names, asked.sample)  # noqa: S311
    left = [name for name, code in results().items() if code is None and name in set(names)]
    for start in range(0, len(left), AT_A_TIME):
        run([*begin, *left[start : start + AT_A_TIME]], check=True)  # noqa: S603
    found = results()
    alive = sorted(name for name in names if found[name] in (SURVIVED, NO_TESTS, None))
    print(*alive, sep="\n")
    low, high = interval(len(names) - len(alive), len(names))
    share = 1 - len(alive) / len(names)
    print(
        f"{len(names)} of {len(found)} changes, {len(alive)} unnoticed: {share:.1%} ({low:.1%} to {high:.1%})"
    )


if __name__ == "__main__":
    main()
