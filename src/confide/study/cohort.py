"""Keep a study to the patients of its cohort, where it names one; read who is to be declared as one.

Guarantee: nothing is looked at of a patient outside the cohort after a source was parsed, all ids of a person are
in it or none, and a release says from which members it was made. Who is in it: `confide.ledger.cohorts`.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import polars as pl

from confide.errors import InvalidInput
from confide.ledger.ledger import Ledger
from confide.records.images import Images
from confide.records.notes import Note
from confide.records.patients import Crosswalk, read_crosswalk, read_id_list
from confide.study.config import Study
from confide.vault.durable import reading

Members = Callable[[str], bool]


def members_of(study: Study, ledger: Ledger) -> Members | None:
    """Return what says of a patient whether the study may read about them; None where all are meant.

    Raises:
        InvalidInput: the account has no such cohort.
        AccessDenied: the key that the cohorts were declared with is not here.
    """
    account = study.account
    return None if account.cohort is None else ledger.members(account.name, account.cohort)


def read_members(ids: Path, crosswalk: Path | None) -> set[str]:
    """Return all ids of everybody in a list of ids, whichever of them a study will read the person under.

    Raises:
        InvalidInput: a file is not what it should be; names its row, never an id.
    """
    with reading(ids) as file:
        listed = read_id_list(file.read(), ids.name)
    if crosswalk is None:
        return set(listed)
    with reading(crosswalk) as file:
        joined = read_crosswalk(file.read(), crosswalk.name)
    patients, of = {joined.patient_of(each) for each in listed}, joined.ids_of()
    return {each for patient in patients for each in of.get(patient, (patient,))}


def verify_whole(crosswalk: Crosswalk | None, members: Members | None) -> None:
    """Check that nobody whose ids a crosswalk joins is in the cohort under some of them only.

    Under another id, a study without the crosswalk would read the same person in another cohort.

    Raises:
        InvalidInput: somebody is.
    """
    if crosswalk is None or members is None:
        return
    for ids in crosswalk.ids_of().values():
        if len({members(each) for each in ids}) > 1:
            raise InvalidInput("study.cohort-split")


def keep_members(loaded: pl.DataFrame | list[Note], members: Members | None) -> pl.DataFrame | list[Note]:
    """Return the rows or notes of members alone."""
    if members is None:
        return loaded
    if isinstance(loaded, pl.DataFrame):
        kept = [patient for patient in loaded["_patient"].unique() if members(patient)]
        return loaded.filter(pl.col("_patient").is_in(kept))
    return [note for note in loaded if members(note.patient)]


def keep_images(loaded: Images, members: Members | None) -> Images:
    """Return the images of members alone."""
    if members is None:
        return loaded
    kept = [patient for patient in loaded.frame["_patient"].unique() if members(patient)]
    return loaded.of(pl.col("_patient").is_in(kept))


def with_members(study: Study, ledger: Ledger, commitment: str) -> str:
    """Return a commitment to data that are also decided by who is in the study's cohort now."""
    account = study.account
    if account.cohort is None:
        return commitment
    return sha256(
        f"{commitment}\n{ledger.cohort_commitment(account.name, account.cohort)}".encode()
    ).hexdigest()
