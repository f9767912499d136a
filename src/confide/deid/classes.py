"""The classes of identifiers, shared by spans, policies and `[[source]] identifiers`.

Names only: what is done with a class stands in a policy, how it is found in the layers.
"""

from collections.abc import Mapping
from typing import Final

from confide.errors import InvalidInput

NAME_CLASSES: Final = ("name", "staff", "kin")
DATE_CLASSES: Final = ("date", "birth-date")
PLACE_CLASSES: Final = ("address", "place", "organisation")
NUMBER_CLASSES: Final = (
    "resident-id",
    "passport",
    "permit",
    "ssn",
    "insurance-id",
    "record-number",
    "phone",
    "email",
    "url",
    "ip",
    "account-number",
    "plate",
    "device-id",
    "social",
    "other-id",
)
TRAIT_CLASSES: Final = ("ethnicity", "occupation")  # kept by a policy that does not speak of them
CLASSES: Final = (*NAME_CLASSES, *NUMBER_CLASSES, *PLACE_CLASSES, *DATE_CLASSES, "age", *TRAIT_CLASSES)
SOLE_CLASSES: Final = tuple(kind for kind in NUMBER_CLASSES if kind not in ("url", "ip"))  # one person's each


def domain(kind: str) -> str:
    """Return the family in which surrogates agree: a person keeps one name in every role.

    >>> domain("kin"), domain("phone")
    ('name', 'phone')
    """
    if kind in NAME_CLASSES:
        return "name"
    return "date" if kind in DATE_CLASSES else kind


def check_classes(identifiers: Mapping[str, str]) -> None:
    """Refuse a class of identifier that does not exist."""
    for column, kind in identifiers.items():
        if kind not in CLASSES:
            raise InvalidInput("deid.unknown-class", found=kind, column=column, known=", ".join(CLASSES))
