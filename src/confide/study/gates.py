"""The verdict: pass, hold or refuse, computed from `[gates]` and nothing else.

Guarantee: every threshold comes from the study file and is printed with its value. One gate has no
threshold to choose: a known identifier in an outgoing byte always refuses.
"""

from dataclasses import dataclass
from typing import Literal

from confide.audit.bytesearch import ByteSearch
from confide.audit.membership import clopper_pearson
from confide.study.config import GatesSection

GATES = (
    "k",
    "identifier_risk",
    "epsilon",
    "open_reviews",
    "refuted_claims",
)  # those that a study may leave out
Verdict = Literal["pass", "hold", "refuse"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """One threshold and the value that met it. `holds` is None where there was nothing to measure.

    `public` says whether the value may stand in the outside edition: charged, or a constant.
    """

    name: str
    value: float | None
    threshold: float
    holds: bool | None
    public: bool


def judge(
    gates: GatesSection,
    *,
    k: int | None,
    search: ByteSearch,
    epsilon: float,
    open_reviews: int,
    refuted_claims: int | None = None,
) -> tuple[list[Gate], Verdict]:
    """Hold each value against its threshold.

    Args:
        gates: the thresholds of the study.
        k: smallest group over all tables that leave row by row; None where no table does.
        search: what the byte search found.
        epsilon: of all releases of this study together.
        open_reviews: documents that wait for a reviewer.
        refuted_claims: by audits of trainings; None where nothing was audited.

    Returns:
        The gates in the order in which the dossier prints them, and the verdict: "refuse" where one
        does not hold, "hold" where only reviews are open, else "pass".
    """
    found: list[Gate] = [_at_most("identifiers_found", search.found, 0, public=False)]
    if gates.identifier_risk is not None:
        share = clopper_pearson(min(search.found, search.identifiers), search.identifiers, level=0.95)[1] \
            if search.identifiers else None  # fmt: skip
        found.append(_at_most("identifier_risk", share, gates.identifier_risk, public=False))
    if gates.k is not None:
        holds = None if k is None else k >= gates.k
        found.append(Gate(name="k", value=k, threshold=gates.k, holds=holds, public=False))
    if gates.epsilon is not None:
        found.append(_at_most("epsilon", epsilon, gates.epsilon, public=True))
    if gates.open_reviews is not None:
        found.append(_at_most("open_reviews", open_reviews, gates.open_reviews, public=False))
    if gates.refuted_claims is not None:
        found.append(_at_most("refuted_claims", refuted_claims, gates.refuted_claims, public=True))
    broken = {gate.name for gate in found if gate.holds is False}
    verdict: Verdict = "pass" if not broken else "hold" if broken == {"open_reviews"} else "refuse"
    return found, verdict


def _at_most(name: str, value: float | None, threshold: float, *, public: bool) -> Gate:
    holds = None if value is None else value <= threshold * (1 + 1e-9)
    return Gate(name=name, value=value, threshold=threshold, holds=holds, public=public)
