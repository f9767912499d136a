"""Formulas of comparisons: differences, a treatment's effect, signal scores, survival, hazards, log-rank.

Pure functions from tables of counts, shape (cells, slots), to figures, shape (cells, figures): of noisy counts as of
true ones. Each names its source. `confide.stats.contrasts` gives them their intervals.
"""

import numpy as np

from confide.engines.polars import Floats

_TINY = 1e-9


def difference(slots: Floats) -> Floats:
    """Return the share with the outcome among the first, minus that among the second: slots (2 groups, 2 outcomes)."""
    first, second = _shares(slots.reshape(len(slots), 2, 2))
    return (first - second)[:, None]


def effect(slots: Floats) -> Floats:
    """Return the effect of a treatment, each stratum weighing as many as there are: slots (strata, 2 arms, 2 outcomes).

    The weights 1/propensity of a row are those of its stratum, N_s / N_sa, so that
    Σ_s N_s/N (p_s1 - p_s0) is the propensity-weighted difference.

    Source: Rosenbaum 1987, "Model-Based Direct Adjustment", with the strata as the propensity's model.
    """
    table = slots.reshape(len(slots), -1, 2, 2)
    treated, others = (table[:, :, arm, 0] / table[:, :, arm].sum(axis=2) for arm in (0, 1))
    weights = table.sum(axis=(2, 3))
    found: Floats = ((treated - others) * weights).sum(axis=1) / weights.sum(axis=1)
    return found[:, None]


def log_prr(slots: Floats) -> Floats:
    """Return ln of the proportional reporting ratio a/(a+b) : c/(c+d). Source: Evans, Waller, Davis 2001."""
    first, second = _shares(slots.reshape(len(slots), 2, 2))
    found: Floats = (np.log(first) - np.log(second))[:, None]
    return found


def log_ror(slots: Floats) -> Floats:
    """Return ln of the reporting odds ratio ad/(bc). Source: van Puijenbroek et al. 2002."""
    a, b, c, d = slots.T
    found: Floats = (np.log(a) - np.log(b) - np.log(c) + np.log(d))[:, None]
    return found


def log_survival(slots: Floats) -> Floats:
    """Return ln of the share that is still without an event at the end of each interval but the last.

    Slots (intervals, with and without event); who leaves without one is at risk for half of the interval. The
    last interval holds those who are followed beyond the others.

    Source: Kaplan, Meier 1958, in the actuarial form of Cutler, Ederer 1958.
    """
    events, at_risk = _at_risk(slots.reshape(len(slots), -1, 2))
    found: Floats = np.cumsum(np.log1p(-np.minimum(events / at_risk, 1 - _TINY)), axis=1)[:, :-1]
    return found


def log_hazard_ratio(slots: Floats) -> Floats:
    """Return ln of the ratio of hazards of the first arm to the second: slots (2 arms, intervals, 2).

    Source: Mantel, Haenszel 1959, of the table of each interval: Σ d1 n2/n over Σ d2 n1/n.
    """
    (first, at_risk), (second, others) = _arms(slots)
    together = at_risk + others
    above, below = ((each / together)[:, :-1].sum(axis=1) for each in (first * others, second * at_risk))
    found: Floats = np.log(above) - np.log(below)
    return found[:, None]


def log_rank(slots: Floats) -> Floats:
    """Return O - E of the first arm and its variance under equal hazards: slots as in `log_hazard_ratio`.

    Source: Mantel 1966.
    """
    (first, at_risk), (second, others) = _arms(slots)
    events, together = first + second, at_risk + others
    variance = events * at_risk * others * np.maximum(together - events, 0) / together**3
    return np.stack(
        [(each[:, :-1]).sum(axis=1) for each in (first - events * at_risk / together, variance)], axis=1
    )


def _arms(slots: Floats) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    table = slots.reshape(len(slots), 2, -1, 2)
    return _at_risk(table[:, 0]), _at_risk(table[:, 1])


def _shares(table: Floats) -> tuple[Floats, Floats]:
    return table[:, 0, 0] / table[:, 0].sum(axis=1), table[:, 1, 0] / table[:, 1].sum(axis=1)


def _at_risk(table: Floats) -> tuple[Floats, Floats]:
    """Return the events of each interval, and how many were at risk in it."""
    entered = np.cumsum(table.sum(axis=2)[:, ::-1], axis=1)[:, ::-1]
    return table[:, :, 0], entered - table[:, :, 1] / 2
