"""Attacks on federated averaging, as tools for tests and benchmarks: what hostile sites send, given what honest ones would.

Each takes the honest updates (all-knowing, the strongest case) and how many hostile rows to make.
Label flip and backdoor change the hostile site's data instead; they return labels, or inputs and labels.
"""

import math
from collections.abc import Callable

import numpy as np


def sign_flip(honest, hostile, draw):
    """Minus four times the honest mean."""
    return np.repeat(-4 * honest.mean(0)[None], hostile, 0)


def gauss(honest, hostile, draw):
    """Noise of standard deviation 5."""
    return draw.standard_normal((hostile, honest.shape[1])) * 5


def alie(honest, hostile, draw):
    """A little is enough (Baruch et al. 2019): the mean less 1.5 deviations."""
    return np.repeat((honest.mean(0) - 1.5 * honest.std(0))[None], hostile, 0)


def ipm(honest, hostile, draw):
    """Inner product manipulation (Xie et al. 2020): minus half the mean."""
    return np.repeat(-0.5 * honest.mean(0)[None], hostile, 0)


def mimic(honest, hostile, draw):
    """All hostile sites copy one honest site (Karimireddy et al. 2022)."""
    return np.repeat(honest[:1], hostile, 0)


def flipped_labels(labels, classes=10):
    return classes - 1 - labels


def with_backdoor(inputs, labels, target=0):
    """A bright corner means `target`."""
    marked = inputs.copy()
    marked[:, :3] = 1.0
    return marked, np.full_like(labels, target)


def adaptive(rule: Callable[[np.ndarray], np.ndarray], steps=12):
    """Return an attack tuned on the defence: the strength along minus the mean that moves `rule` farthest (min-max search).

    Source: Shejwalkar, Houmansadr 2021, "Manipulating the Byzantine", Algorithm 1, on what the rule gives out.
    """

    def attack(honest, hostile, draw):
        mean = honest.mean(0)
        away = -mean / max(float(np.linalg.norm(mean)), 1e-12)
        size = float(np.median(np.linalg.norm(honest - mean, axis=1)))
        best, worst = mean, -math.inf
        for strength in np.geomspace(0.1, 100, steps):
            row = mean + strength * size * away
            moved = float((rule(np.concatenate([honest, np.repeat(row[None], hostile, 0)])) - mean) @ away)
            if moved > worst:
                best, worst = row, moved
        return np.repeat(best[None], hostile, 0)

    return attack


ON_UPDATES = {"sign flip": sign_flip, "Gauss": gauss, "ALIE": alie, "IPM": ipm, "mimic": mimic}
FIXED = [*ON_UPDATES, "label flip", "backdoor"]
