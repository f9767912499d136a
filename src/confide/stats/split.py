"""How what a table may cost is shared out among its measures: by hand, or so that the errors declared are least together.

Guarantee: a function of public settings alone; the shares of all parts sum to 1. Derivation: `docs/proofs/stats.md`.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from confide.dp.accountant import exact
from confide.stats.estimates import Measure
from confide.stats.parts import Part, choice_scale, scale

_MANY = 1_000_000_000  # rows of a group: what is declared there is linear in the noise
_FINEST = 1000  # shares are whole numbers, so that a reader can say what was paid for what


def by_hand(measures: Sequence[Measure], shares: Mapping[str, float]) -> dict[Part, Fraction]:
    """Return each part's share of the whole: what its measures' shares are of all; 1 where none is given."""
    return _normal(measures, {measure.text: exact(shares.get(measure.text, 1.0)) for measure in measures})


def least_error(measures: Sequence[Measure], epsilon: Fraction, whole_row: int) -> dict[Part, Fraction]:
    """Return the shares under which the errors that are declared, each relative to its whole, sum to the least.

    At a share s of ε a measure's noise is c/s, to first order; Σ c/s under Σ s = 1 is least where s is in proportion
    to √c (Cauchy, Schwarz). Measures of one part share its noise, and their c add up.
    """
    slopes: dict[Part, float] = {}
    for measure in measures:
        part = measure.parts[0]
        slopes[part] = slopes.get(part, 0.0) + _slope(measure, epsilon, whole_row)
    largest = max(slopes.values())
    whole = {part: max(1, round(_FINEST * math.sqrt(slope / largest))) for part, slope in slopes.items()}
    return {part: Fraction(share, sum(whole.values())) for part, share in whole.items()}


def _slope(measure: Measure, epsilon: Fraction, whole_row: int) -> float:
    """Return by how much the declared error rises with the noise, if the measure had all of ε."""
    part = measure.parts[0]
    noise = scale(part, epsilon) if part.quantile is None else choice_scale(part, epsilon)
    once, twice = (measure.error(wide, whole_row, _MANY).share for wide in (noise, 2 * noise))
    return 1.0 if once is None or twice is None else max(twice - once, 1e-300) * _MANY


def _normal(measures: Sequence[Measure], given: Mapping[str, Fraction]) -> dict[Part, Fraction]:
    own: dict[Part, Fraction] = {}
    for measure in measures:
        for part in measure.parts:
            own[part] = own.get(part, Fraction(0)) + given[measure.text] / len(measure.parts)
    return {part: share / sum(given.values()) for part, share in own.items()}
