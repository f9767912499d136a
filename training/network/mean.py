"""Take the mean of several trainings of one line, each begun from another of them: it spares more and misses no more.

    python training/network/mean.py build/first.pt build/second.pt build/third.pt --out build/mean.pt

The vocabulary is that of the last; a word that an earlier one did not know counts there as in the last.
"""

import argparse
import sys
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).parents[2] / "src"))
from confide.deid.tagger_input import FIRST, Vocabulary
from train import carried_over


def mean_of(trainings: list[dict]) -> dict:
    """Return what a training leaves, with the mean of all weights."""
    *others, last = trainings
    vocabulary = Vocabulary(last["keys"], last["numbers"])
    total = {name: weight.clone() for name, weight in last["net"].items()}
    for each in others:
        words = carried_over(each, vocabulary)
        unknown = (words == 0).all(1)
        unknown[:FIRST] = False
        words[unknown] = last["net"]["word.weight"][unknown]
        for name, weight in (each["net"] | {"word.weight": words}).items():
            total[name] += weight
    return last | {"net": {name: weight / len(trainings) for name, weight in total.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trained", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.save(mean_of([torch.load(file, weights_only=False) for file in options.trained]), options.out)


if __name__ == "__main__":
    main()
