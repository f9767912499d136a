"""What one patient, or one site, can move in a round, in whole steps; and the rounding that keeps to it.

Guarantee: two sets of records that differ in one patient give vectors of steps at most `sensitivity` apart in L2, for every
input and with no draw that looks at data: each number goes to the nearest step. (`grid.to_steps` does not keep to that: it
draws again when a norm is too long, which looks at everybody.) Proof: `docs/proofs/patient-unit.md`.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from confide.errors import InvalidInput
from confide.federated.deal import context_of
from confide.federated.distributed_dp import noise_for
from confide.federated.grid import Steps, rotated
from confide.federated.horizontal import steps_for
from confide.federated.learning import Learning, sent_length
from confide.federated.settings import Federation, Grid

Floats = NDArray[np.float64]

ROUNDING = 2.0**-10  # of a reach, what arithmetic may add to a patient's part
_FINEST = 26


def reach(learning: Learning) -> float:
    """Return how far one patient moves a site's update in L2, in the units of the model."""
    return learning.rate * learning.clip / learning.patients


def sensitivity(learning: Learning, federation: Federation) -> int:
    """Return in steps how far one patient (or site: `protection = "site"`) moves a site's update, before its weight.

    Raises:
        InvalidInput: nothing is promised to anybody, or by each site alone.
    """
    match learning.protection:
        case "site":
            return federation.bound()
        case "patient":
            moved = reach(learning) * federation.grid.levels / federation.grid.clip
            return math.ceil((moved + math.sqrt(federation.length)) * (1 + ROUNDING))
    raise InvalidInput("fed.no-noise")


def in_steps(learning: Learning, federation: Federation, name: str, number: int, update: Floats) -> Steps:
    """Return a site's update in steps, as the settings want it rounded: what enters a round, or its noise.

    Guarantee: under `protection = "patient"` two updates within `reach` of each other are at most `sensitivity` steps apart.

    Args:
        learning: the settings; the update is that of `local_update`.
        federation: the settings of the sum.
        name: of the site.
        number: of the round.
        update: shape (sent_length,).

    Raises:
        InvalidInput: another shape, or a number that is not finite.
    """
    if learning.protection != "patient":
        return steps_for(federation, name, number, update)
    if update.shape != (federation.length,) or not np.isfinite(update).all():
        raise InvalidInput("fed.update-shape", wanted=federation.length)
    scaled = update * (federation.grid.levels / federation.grid.clip)
    if federation.grid.rotate:
        scaled = rotated(scaled, context_of(federation.digest(), number))
    most = federation.grid.levels + 1
    steps: Steps = np.rint(np.clip(scaled, -most, most)).astype(np.int32)
    return steps


def verify_together(learning: Learning, federation: Federation, length: int) -> None:
    """Refuse a federation that does not sum what the settings learn, before any round.

    Args:
        learning: how sites learn.
        federation: how they sum.
        length: numbers of the model.

    Raises:
        InvalidInput: another length; noise where none is promised, or none where it is; weights by which a patient of
            one site would count more than one of another.
    """
    if federation.length != sent_length(learning, length):
        raise InvalidInput("fed.update-shape", wanted=sent_length(learning, length))
    if (federation.noise is not None) != (learning.protection in ("site", "patient")):
        raise InvalidInput("learning.noise", found=learning.protection)
    if federation.private and learning.protection != "each":
        raise InvalidInput(
            "learning.combination", first="private", second=f"protection = {learning.protection}"
        )
    if learning.protection == "patient" and federation.heaviest > 1:
        raise InvalidInput("learning.weights")


def with_noise(
    federation: Federation, learning: Learning, *, epsilon: float, delta: float, honest: int, most: int = 1
) -> Federation:
    """Return the federation with the finest grid that its sums leave room for, and noise that pays for all rounds.

    Args:
        federation: sites, threshold, length; for `protection = "site"` its clip is kept.
        learning: settings with `protection` "site" or "patient".
        epsilon: of all rounds, against the coalition.
        delta: at which it is stated.
        honest: sites whose noise is counted.
        most: under "patient" a public number of patients; a site's sum is cut where it is longer, number by number.

    Raises:
        InvalidInput: no grid leaves room for so much noise.
    """
    clip = reach(learning) * most if learning.protection == "patient" else federation.grid.clip
    for power in range(_FINEST, 0, -1):
        grid = Grid(clip=clip, levels=1 << power, rotate=federation.grid.rotate)
        try:
            bare = replace(federation, grid=grid, noise=None)
            moved = sensitivity(learning, bare) * bare.heaviest
            noise = noise_for(epsilon, delta, sensitivity=moved, honest=honest, rounds=learning.rounds)
            return replace(bare, noise=noise)
        except InvalidInput as refused:
            if refused.code != "fed.modulus" or power == 1:
                raise
    raise InvalidInput("fed.no-noise")
