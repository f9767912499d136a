"""Divide a table by patient: nobody stands on both sides.

Whether a patient is held out depends on a keyed hash of that patient's id alone: it does not change
when other patients come or go, and nobody without the key can tell who is where. Held-out patients
are patients: what is measured on them stays inside or is charged.
"""

import hmac

import polars as pl

from confide.errors import InvalidInput


def split_patients(data: pl.DataFrame, key: bytes, share: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows to train on and the rows held out.

    Guarantee: all rows of a patient are on one side, whatever the other patients; rows without a
    patient are on neither.

    Args:
        data: a table with the column `_patient`.
        key: secret of the study, at least 16 bytes; the same key gives the same sides.
        share: share of the patients to hold out, from 0 to below 1.

    Raises:
        InvalidInput: the share is out of range.
    """
    if not 0 <= share < 1:
        raise InvalidInput("train.test-share", found=share)
    if len(key) < 16:
        raise ValueError("a split key has at least 16 bytes")
    patients = data["_patient"].cast(pl.String).unique().drop_nulls()
    sides = [_place(patient, key) < share for patient in patients]
    held_out = patients.filter(pl.Series(sides, dtype=pl.Boolean))
    ids = pl.col("_patient").cast(pl.String)
    known = data.filter(ids.is_not_null())
    return known.filter(~ids.is_in(held_out.implode())), known.filter(ids.is_in(held_out.implode()))


def _place(patient: str, key: bytes) -> float:
    """Return a number from 0 to 1 that the key and the patient decide."""
    digest = hmac.digest(key, b"confide split\0" + patient.encode(), "sha256")
    return int.from_bytes(digest[:8], "big") / 2**64
