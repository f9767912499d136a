"""Say from which data a release of a plan stands: those of now, or those of before a patient was erased.

Guarantee: a release made before an erasure is shown again, byte for byte and for nothing, as long as nothing but
recorded erasures of the same study lies between its data and those of now. Any other change is other data.
"""

from confide.errors import InvalidInput
from confide.ledger.charge import Plan
from confide.ledger.ledger import Ledger
from confide.study.cohort import with_members
from confide.study.config import Study

ERASURE = "vault-erasure"


def commitment_for(study: Study, ledger: Ledger, plan: Plan, source: str, commitment: str) -> str:
    """Return the commitment under which the release of `plan` stands, or is to be made.

    Args:
        study: whose plan it is.
        ledger: of the institution.
        plan: a step of the study.
        source: what it reads.
        commitment: of the source's data as they are now.

    Raises:
        InvalidInput: the release of this plan was made from other data.
    """
    other_data = None
    found = (commitment, *before_erasures(study, ledger, source, commitment))
    now, *before = (with_members(study, ledger, each) for each in found)
    for each in (now, *before):
        try:
            release = ledger.released(
                plan,
                study=study.study.name,
                account=study.account.name,
                commitment=each,
                cohort=study.account.cohort,
            )
        except InvalidInput as error:
            other_data = other_data or error
        else:
            return now if release is None else each
    raise other_data or AssertionError


def before_erasures(study: Study, ledger: Ledger, source: str, commitment: str) -> list[str]:
    """Return the commitments of a source that recorded erasures turned into `commitment`, latest first."""
    steps: dict[str, list[str]] = {}
    for entry in ledger.store.all(kind="record", study=study.study.name):
        details = entry.body["details"]
        if entry.body["what"] == ERASURE and details["state"] == "begun":
            before, after = details["commitments"].get(source, ("", ""))
            steps.setdefault(after, []).append(before)
    found = [commitment]
    for each in found:
        found += [before for before in reversed(steps.get(each, [])) if before not in found]
    return found[1:]
