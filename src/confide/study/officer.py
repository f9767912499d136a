"""The officer's word on a dossier: approve it or revoke that, signed by a key of the roster, recorded in the ledger.

Guarantee: what is signed names the study, the verdict and the digests of the very two editions; the signature
stands in the ledger before this returns, and counts for no other dossier. Of the inside edition only a keyed
digest is signed, as its figures are about patients. A key and its passphrase are used for one signature and kept nowhere.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from confide.crypto.sign import from_pem
from confide.errors import InvalidInput
from confide.ledger.requests import new_request, sign_request
from confide.study.dossier import digest
from confide.study.publish import FOLDER
from confide.study.workplace import Workplace
from confide.types import Json

KINDS = {"approve": "approve-dossier", "revoke": "revoke-dossier"}
Act = Literal["approve", "revoke"]
LARGEST_KEY = 16 * 1024


@dataclass(frozen=True, slots=True)
class Dossier:
    """Both editions as they lie in the study's folder, and the names under which they are signed."""

    inside: Json = field(repr=False)
    outside: Json = field(repr=False)
    inside_digest: str = field(repr=False)  # keyed
    outside_digest: str


@dataclass(frozen=True, slots=True)
class Word:
    """What an officer said of a dossier, and when."""

    act: Act
    label: str
    time: str
    sequence: int


def read_dossier(place: Workplace) -> Dossier | None:
    """Return the dossier of the last run; None before the first.

    Raises:
        InvalidInput: its files cannot be read.
    """
    folder = place.study.folder / FOLDER
    if not (folder / "inside.json").exists():
        return None
    inside, data = _read(folder / "inside.json")
    outside, _ = _read(folder / "outside.json")
    if inside.get("outside_digest") != digest(outside):
        raise InvalidInput("review.two-dossiers")
    keyed = place.vault.keyed_digest(data, "dossier")
    return Dossier(inside, outside, keyed, digest(outside))


def words_on(place: Workplace, dossier: Dossier) -> list[Word]:
    """Return what officers said of exactly this dossier, oldest first."""
    wanted, roster = _fields(place, dossier), place.ledger.roster()
    found = []
    for entry in place.ledger.store.all(kind="approval"):
        request = entry.body["request"]
        act = next((act for act, kind in KINDS.items() if kind == request["kind"]), None)
        if act is not None and request["fields"] == wanted:
            signers = [roster[one["key"]].label for one in entry.body["signatures"] if one["key"] in roster]
            found.append(Word(act, ", ".join(signers), entry.body["time"], entry.sequence))  # type: ignore[arg-type]  # a key of KINDS
    return found


def is_approved(words: list[Word]) -> bool:
    """Say whether the last word on a dossier is an approval."""
    return bool(words) and words[-1].act == "approve"


def give_word(place: Workplace, act: str, seen: str, *, pem: bytes, passphrase: str) -> Word:
    """Sign an approval of the dossier, or its revocation, and write it into the ledger.

    Args:
        place: the opened study.
        act: "approve" or "revoke".
        seen: digest of the inside edition that the officer had before the eyes.
        pem: the officer's key, encrypted.
        passphrase: of the key.

    Raises:
        InvalidInput: there is no dossier, or another one by now; it is approved already, or there is nothing to revoke.
        AccessDenied: another passphrase, or the key does not hold the role `approve`.
    """
    dossier = read_dossier(place)
    if dossier is None or dossier.inside_digest != seen:
        raise InvalidInput("review.dossier-changed")
    if act not in KINDS or is_approved(words_on(place, dossier)) == (act == "approve"):
        raise InvalidInput("review.said-already")
    key = from_pem(pem[:LARGEST_KEY], passphrase)
    request = new_request(KINDS[act], _fields(place, dossier), place.ledger, days=1)
    place.ledger.approved(sign_request(request, key))
    return words_on(place, dossier)[-1]


def _fields(place: Workplace, dossier: Dossier) -> Json:
    return {
        "study": place.study.study.name,
        "verdict": str(dossier.outside["verdict"]),
        "outside": dossier.outside_digest,
        "inside": dossier.inside_digest,
    }


def _read(file: Path) -> tuple[Json, bytes]:
    try:
        data = file.read_bytes()
        found = json.loads(data)
    except (OSError, ValueError):
        raise InvalidInput("review.two-dossiers") from None
    if not isinstance(found, dict):
        raise InvalidInput("review.two-dossiers")
    return found, data
