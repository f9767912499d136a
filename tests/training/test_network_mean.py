"""The mean of several trainings is that of every weight, whatever order their words stand in."""

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "training" / "network"))

from mean import mean_of

from confide.deid.tagger_input import FIRST


def training(words: dict[int, float], bias: float) -> dict:
    """Return what a training leaves: each word, by its key, has one number; they are numbered as they come."""
    keys = np.array(sorted(words), dtype=np.uint64)
    place = {key: FIRST + at for at, key in enumerate(words)}
    table = torch.zeros(FIRST + len(words), 1)
    for key, value in words.items():
        table[place[key]] = value
    numbers = np.array([place[int(key)] for key in keys])
    return {
        "net": {"word.weight": table, "out.bias": torch.tensor([bias])},
        "keys": keys,
        "numbers": numbers,
        "width": 1,
    }


def number_of(found: dict, key: int) -> float:
    at = int(np.searchsorted(found["keys"], np.uint64(key)))
    return float(found["net"]["word.weight"][found["numbers"][at]])


def test_a_word_gets_the_mean_of_what_each_training_learnt_of_it():
    first, last = training({30: 4.0, 10: 1.0}, 1.0), training({10: 3.0, 20: 7.0, 30: 8.0}, 2.0)
    found = mean_of([first, last])
    assert float(found["net"]["out.bias"]) == 1.5
    assert number_of(found, 10) == 2.0
    assert number_of(found, 30) == 6.0


def test_a_word_that_only_the_last_training_knew_stays_as_it_was():
    found = mean_of([training({10: 1.0}, 1.0), training({10: 3.0, 20: 7.0}, 2.0)])
    assert number_of(found, 20) == 7.0
