"""De-identify a Spark data frame with the key of the institution's vault, and write down that it leaves.

Guarantee: the ledger holds an entry before the frame is returned; executors open the vault by themselves, with the files
that `Opener` names, and get no key from here. What is done: `confide.deid.spark`.
"""

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from confide.deid.deidentify import Deidentifier
from confide.deid.spark import deidentify_frame
from confide.study.files import Release, account_of, deidentifier_of
from confide.study.keys import Opener, nobody_types, opened_by, vault_folder, vault_of
from confide.types import Json
from confide.vault.pseudonyms import study_key

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

RECORD = "deid-spark"


def deidentify_with_spark(
    frame: "DataFrame", release: Release, opener: Opener, **columns: Any
) -> "DataFrame":
    """Return the frame de-identified, as `confide deid` would its rows.

    Guarantee: the vault opened here without anybody typing, as it must on the executors; the ledger holds what
    leaves, under which policy, and an entry of kind *not private* where it has an account.

    Args:
        frame: see `confide.deid.spark.deidentify_frame`.
        release: its policy, name, account, language and review count; "block" ends the job at the first doubt.
        opener: names files that are there on every executor, under the same paths.
        columns: `text`, `patient` and `identifiers` of `deidentify_frame`.

    Raises:
        InvalidInput, AccessDenied, IntegrityError: as `deidentify_frame` and `opened_by`.
    """
    opener = Opener(
        study=_absolute(opener.study), keys=_absolute(opener.keys), vault=_absolute(opener.vault or vault_folder()),
        passphrase_file=_absolute(opener.passphrase_file), recovery_file=_absolute(opener.recovery_file),
    )  # fmt: skip
    with opened_by(opener, nobody_types) as (vault, ledger):
        account = account_of(ledger, release.account)
        make = partial(_on_executor, opener, release, date.today())
        policy = make().policy
        cleaned = deidentify_frame(frame, make, **columns)
        details: Json = {
            "vault": vault.id, "account": account or "", "policy": policy.name, "status": policy.status,
            "review": release.review, "columns": len(frame.columns),
        }  # fmt: skip
        if account is not None:
            what = " · ".join(["rows by Spark", policy.status, policy.name])
            ledger.note_not_private(what, study=release.name, account=account)
        ledger.record(RECORD, study=release.name, details=details)
    return cleaned


def _on_executor(opener: Opener, release: Release, today: date) -> Deidentifier:
    """Open the vault where this runs; nothing but names of files came along."""
    return deidentifier_of(release, study_key(vault_of(opener, nobody_types), release.name), today=today)


def _absolute(path: Any) -> Any:
    return None if path is None else path.absolute()
