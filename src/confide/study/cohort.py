"""Keep a study to the patients of its cohort, where it names one.

Guarantee: nothing is looked at of a patient outside the cohort after a source was parsed, and a release says from
which members it was made. Which patients are in a cohort the ledger knows: `confide.ledger.cohorts`.
"""

from collections.abc import Callable
from hashlib import sha256

import polars as pl

from confide.ledger.ledger import Ledger
from confide.records.notes import Note
from confide.study.config import Study

Members = Callable[[str], bool]


def members_of(study: Study, ledger: Ledger) -> Members | None:
    """Return what says of a patient whether the study may read about them; None where all are meant.

    Raises:
        InvalidInput: the account has no such cohort.
        AccessDenied: the key that the cohorts were declared with is not here.
    """
    account = study.account
    return None if account.cohort is None else ledger.members(account.name, account.cohort)


def keep_members(loaded: pl.DataFrame | list[Note], members: Members | None) -> pl.DataFrame | list[Note]:
    """Return the rows or notes of members alone."""
    if members is None:
        return loaded
    if isinstance(loaded, pl.DataFrame):
        kept = [patient for patient in loaded["_patient"].unique() if members(patient)]
        return loaded.filter(pl.col("_patient").is_in(kept))
    return [note for note in loaded if members(note.patient)]


def with_members(study: Study, ledger: Ledger, commitment: str) -> str:
    """Return a commitment to data that are also decided by who is in the study's cohort now."""
    account = study.account
    if account.cohort is None:
        return commitment
    return sha256(
        f"{commitment}\n{ledger.cohort_commitment(account.name, account.cohort)}".encode()
    ).hexdigest()
