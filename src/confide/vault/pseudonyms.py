"""The one maker of pseudonyms: of patients, notes, FHIR resources and DICOM objects, keyed by the vault.

Guarantee: without the key no pseudonym can be tried out from ids, not even all ten-digit numbers (rule H4);
under another study's or another recipient's key the same patient gets an unlinked one. The same patient has
the same pseudonym in notes, tables, FHIR and DICOM of one study and recipient. Nothing is stored: whoever
opens the vault can compute them again, which is why what bears them is pseudonymised and never anonymous.
"""

import json
import re
from typing import NoReturn, Protocol, Self

from confide.crypto.keyed import Keyed
from confide.errors import InvalidInput

_BITS = 16  # letters of five bits: 80, so that a million patients meet with chance below 2^-40
PATIENT = re.compile(rf"P-[a-z2-9]{{{_BITS}}}")  # the form of a patient's pseudonym
_VERSION, _VARIANT = 0x8 << 76, 0x2 << 62  # RFC 9562: a UUID whose bits have a meaning of our own


class Subkeys(Protocol):
    """What gives keys by label; `confide.vault.vault.Vault` fits."""

    def subkey(self, label: str, length: int = 32) -> bytes:
        """Derive a key for one purpose; the same at every opening."""
        ...


def study_key(vault: Subkeys, study: str, recipient: str | None = None) -> bytes:
    """Return the key of a study's pseudonyms and surrogates: its own, or that of one recipient.

    Guarantee: the keys of two studies, or of two recipients of one study, tell nothing about each other.
    """
    if recipient is None:
        return vault.subkey(f"pseudonyms/{study}")
    return vault.subkey(f"pseudonyms of a recipient: {json.dumps([study, recipient])}")


class Pseudonyms:
    """Pseudonyms under one key. Holds it: `repr` and `pickle` give nothing of it away.

    Args:
        key: at least 16 secret bytes; see `study_key`.

    Raises:
        InvalidInput: the key is too short.

    >>> pseudonyms = Pseudonyms(bytes(32))
    >>> pseudonyms.patient("1234567890") == pseudonyms.fhir_id("Patient", "1234567890")
    True
    """

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = Keyed(key)

    @classmethod
    def for_study(cls, vault: Subkeys, study: str, recipient: str | None = None) -> Self:
        """Return the pseudonyms of a study, those that `confide run` writes, or those for one recipient."""
        return cls(study_key(vault, study, recipient))

    def __repr__(self) -> str:
        return "Pseudonyms(key hidden)"

    def __reduce__(self) -> NoReturn:
        raise InvalidInput("crypto.pickled-key")

    def patient(self, patient: str) -> str:
        """Return the pseudonym of a patient: `P-` and 16 letters and digits.

        `patient` is the one that the crosswalk names, so that several ids of one person are one pseudonym. The
        result is a valid FHIR id and a valid DICOM patient id.
        """
        return f"P-{self._keyed.token(_BITS, 'patient', patient)}"

    def record(self, patient: str, record: str) -> str:
        """Return the pseudonym of a record, such as a note, of a patient: `N-` and 16 letters and digits."""
        return f"N-{self._keyed.token(_BITS, 'note', patient, record)}"

    def fhir_id(self, resource: str, identifier: str) -> str:
        """Return the id of a FHIR resource; of a Patient, the patient's pseudonym.

        Guarantee: it has the shape that FHIR asks for, `[A-Za-z0-9-.]{1,64}`, whatever `identifier` holds, and
        a reference (`Observation/17`) still meets its resource when both are replaced.

        Args:
            resource: type of the resource, such as "Observation".
            identifier: its id in the source.
        """
        if resource == "Patient":
            return self.patient(identifier)
        return f"R-{self._keyed.token(_BITS, 'fhir', resource, identifier)}"

    def dicom_uid(self, uid: str) -> str:
        """Return the UID that stands for `uid` (of a study, a series, an object) in all objects.

        Guarantee: it has the shape of DICOM PS3.5, B.2: `2.25.` and a UUID as a decimal number without
        leading zeros, at most 44 characters; references between objects still meet.
        """
        number = self._keyed.number("dicom-uid", uid) % 2**128
        return f"2.25.{number & ~(0xF << 76) & ~(0x3 << 62) | _VERSION | _VARIANT}"
