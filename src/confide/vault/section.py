"""The `[[token]]` tables of `study.toml`: a column of identifiers that leaves as tokens for one recipient.

Settings only; `confide.vault.columns` replaces the values.
"""

from dataclasses import dataclass, field

from confide.vault.columns import Method


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSection:
    """A column of identifiers of a table that leaves, replaced for one recipient. Every field is public."""

    source: str = field(metadata={"doc": "Name of a table among the sources that leave."})
    column: str = field(
        metadata={"doc": "One of its `identifiers`, of a class of which two people never share a value."}
    )
    recipient: str = field(metadata={"doc": "Who gets it; another recipient gets other tokens."})
    form: str = field(
        metadata={
            "doc": 'How its values are written: an alphabet and a length, such as "digits(10)" or '
            '"capital-code(6, 12)"; a million values or more.'
        }
    )
    method: Method = field(
        default="token",
        metadata={
            "doc": "`token` (AES-SIV) and `same-form` (FF1) can be undone with the vault, `digest` cannot."
        },
    )
