"""Say once what the attack on a release reached: who of the patients took part in it, told by a figure per patient.

Guarantee: exact, hence for the inside edition only; where there are too few patients on a side, nothing is said.
"""

from confide.audit.membership import Membership, loss_threshold
from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.types import Json


def attacked(inside: Floats, outside: Floats, *, delta: float) -> Membership | None:
    """Return what the attack reached; None if there are too few patients.

    Args:
        inside: a loss per patient who took part; small where the release knows the patient.
        outside: the same of patients who did not.
        delta: of the release.
    """
    try:
        return loss_threshold(inside, outside, delta=delta)
    except InvalidInput:
        return None


def attack_to_json(attack: Membership | None, model: str, epsilon: float) -> Json | None:
    """Return what the attack reached, beside the bound that it must respect; None if there was none."""
    if attack is None:
        return None
    return {
        "model": model,
        "auc": attack.auc,
        "epsilon_lower": attack.epsilon_lower,
        "epsilon_bound": epsilon,
        "patients": attack.patients,
    }
