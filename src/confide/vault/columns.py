"""Replace a column of identifiers for one recipient: by tokens, by codes of the same form, or by keyed digests.

Guarantee: without the key of this study, column and recipient a value cannot be tried out, and two recipients cannot
join what they were given. A column is taken only when it is declared to hold identifiers of single people with at least
a million possible values: what is declared decides, never the values themselves, so that a refusal says
nothing of a patient. Methods: AES-SIV (`confide.crypto.siv`), FF1 (`confide.crypto.ff1`), HMAC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn, get_args

from confide.calls import parse_call
from confide.crypto import ff1, siv
from confide.crypto.aead import bind
from confide.crypto.keyed import Keyed
from confide.errors import InvalidInput
from confide.vault.pseudonyms import Subkeys

Method = Literal["token", "same-form", "digest"]

SINGLE = (
    "record-number", "resident-id", "ssn", "passport", "permit", "insurance-id", "phone", "email",
    "account-number", "device-id", "plate", "other-id",
)  # fmt: skip
ALPHABETS = {
    "digits": ff1.DIGITS,
    "letters": "abcdefghijklmnopqrstuvwxyz",
    "capitals": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "hex": "0123456789abcdef",
    "code": ff1.LETTERS,  # digits and small letters
    "capital-code": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}
SMALLEST = ff1.SMALLEST
_LONGEST = 64
_DIGEST = 26  # letters of five bits: 130


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenColumn:
    """A column that shall be replaced, as declared. Every field is public: it may be printed, logged and signed.

    Args:
        study: whose data it is.
        column: its name.
        recipient: who gets it; another recipient gets other tokens.
        kind: class of identifier, one of `SINGLE`: two people never share a value of it.
        form: how its values are written, such as "digits(10)" or "capital-code(6, 12)": an alphabet of `ALPHABETS`
            and the length, or the smallest and the largest length.
        method: "token" and "same-form" can be undone with the vault, "digest" cannot.

    Raises:
        InvalidInput: the class is not of single people, or there are fewer than a million values of the form.

    >>> TokenColumn(study="s", column="mrn", recipient="b", kind="record-number", form="digits(10)").lengths
    (10, 10)
    """

    study: str
    column: str
    recipient: str
    kind: str
    form: str
    method: Method = "token"

    def __post_init__(self) -> None:
        """Refuse a column whose values could be told from their frequency, or tried out one by one."""
        if not all(value.strip() for value in (self.study, self.column, self.recipient)):
            raise InvalidInput("handover.column-empty")
        if self.kind not in SINGLE:
            raise InvalidInput(
                "handover.column-kind", column=self.column, kind=self.kind, known=", ".join(SINGLE)
            )
        if self.method not in get_args(Method):
            raise InvalidInput("handover.column-method", found=self.method, known=", ".join(get_args(Method)))
        shortest, _ = self.lengths
        if (values := len(self.alphabet) ** shortest) < SMALLEST:
            raise InvalidInput("handover.column-small", column=self.column, values=values, wanted=SMALLEST)

    @property
    def alphabet(self) -> str:
        """The characters of a value."""
        return ALPHABETS[self._form()[0]]

    @property
    def lengths(self) -> tuple[int, int]:
        """The smallest and the largest number of characters of a value."""
        return self._form()[1:]

    def _form(self) -> tuple[str, int, int]:
        call = parse_call(self.form)
        numbers = [
            int(each) for each in call.arguments if each.isascii() and each.isdigit() and len(each) < 4
        ]
        fits = call.name in ALPHABETS and 1 <= len(numbers) == len(call.arguments) <= 2
        if not fits or not 1 <= numbers[0] <= numbers[-1] <= _LONGEST:
            raise InvalidInput("handover.column-form", found=self.form, known=", ".join(ALPHABETS))
        return call.name, numbers[0], numbers[-1]

    def context(self) -> bytes:
        """Return what its keys and tokens are bound to."""
        return bind(*(part.encode() for part in (self.study, self.column, self.recipient)))


class Tokens:
    """Replaces values of one column. Holds keys: `repr` and `pickle` give nothing of them away.

    >>> class Vault:
    ...     def subkey(self, label: str, length: int = 32) -> bytes:
    ...         return bytes(length)
    >>> declared = TokenColumn(study="s", column="mrn", recipient="b", kind="record-number",
    ...                        form="digits(8)", method="same-form")
    >>> len(Tokens(Vault(), declared).replace(["00012345"])[0])
    8
    """

    __slots__ = ("_key", "column")

    def __init__(self, vault: Subkeys, column: TokenColumn) -> None:
        self.column = column
        self._key = vault.subkey(f"column {column.method}: {column.context().hex()}", siv.KEY)

    def __repr__(self) -> str:
        return f"Tokens({self.column!r}, key hidden)"

    def __reduce__(self) -> NoReturn:
        raise InvalidInput("crypto.pickled-key")

    def replace(self, values: Sequence[str | None], *, rows: Sequence[int] | None = None) -> list[str | None]:
        """Return what stands in place of each value; None, an empty cell, stays None.

        Args:
            values: of the column.
            rows: the numbers of their rows, for the refusal; counted from 1 if left out.

        Raises:
            InvalidInput: a value has not the declared form; says in which row, never the value.
        """
        filled = [(row, value) for row, value in enumerate(values) if value is not None]
        shortest, longest = self.column.lengths
        letters = frozenset(self.column.alphabet)
        for row, value in filled:
            if not shortest <= len(value) <= longest or not letters.issuperset(value):
                raise InvalidInput(
                    "handover.column-value",
                    column=self.column.column, row=rows[row] if rows else row + 1, form=self.column.form,
                )  # fmt: skip
        new = iter(self._replaced([value for _, value in filled]))
        return [None if value is None else next(new) for value in values]

    @property
    def _part(self) -> bytes:
        return self.column.context()

    def _replaced(self, values: list[str]) -> list[str]:
        if self.column.method == "token":
            return [siv.token(self._key, value, self._part) for value in values]
        if self.column.method == "same-form":
            return ff1.encrypt_column(self._key[:32], values, self._part, alphabet=self.column.alphabet)
        keyed = Keyed(self._key)
        return [keyed.token(_DIGEST, "column", value) for value in values]
