"""Replace the columns that `[[token]]` names in a table that leaves, in the place of invented values.

Guarantee: a column is taken only if the study calls it identifying, of a class and a form that
`confide.vault.columns` takes; a table with a column that can be undone is called pseudonymised, whatever the policy.
"""

from typing import TYPE_CHECKING

import polars as pl

from confide.errors import InvalidInput
from confide.study.toml import Lines
from confide.types import Status
from confide.vault.columns import TokenColumn, Tokens
from confide.vault.pseudonyms import Subkeys
from confide.vault.section import TokenSection

if TYPE_CHECKING:
    from confide.study.config import Study


def column_of(study: "Study", section: TokenSection) -> TokenColumn:
    """Return what a section declares; raises InvalidInput as `TokenColumn` does."""
    return TokenColumn(
        study=study.study.name,
        column=f"{section.source}/{section.column}",
        recipient=section.recipient,
        kind=study.source_named(section.source).identifiers[section.column],
        form=section.form,
        method=section.method,
    )


def check_tokens(study: "Study", lines: Lines, file: str) -> None:
    """Refuse a section that names no identifying column of a table that leaves, or one that could be tried out.

    Raises:
        InvalidInput: names the line and what to write instead.
    """
    tables = [each.name for each in study.source if each.holds == "table" and each.name in study.leaving]
    seen: set[tuple[str, str]] = set()
    for at, section in enumerate(study.token):
        place = f"token.{at}"
        if section.source not in tables:
            raise InvalidInput(
                "handover.token-source", file=file, line=lines.of(place, "source"), name=section.source,
                known=", ".join(tables) or "-",
            )  # fmt: skip
        known = study.source_named(section.source).identifiers
        if section.column not in known or (section.source, section.column) in seen:
            raise InvalidInput(
                "handover.token-column", file=file, line=lines.of(place, "column"), column=section.column,
                known=", ".join(known) or "-",
            )  # fmt: skip
        seen.add((section.source, section.column))
        try:
            column_of(study, section)
        except InvalidInput as error:
            raise InvalidInput(
                "study.refused", file=file, line=lines.of(place, "form"), section="[[token]]", problem=str(error),
                advice=error.hint,
            ) from error  # fmt: skip


def with_tokens(
    study: "Study", vault: Subkeys, source: str, frame: pl.DataFrame, clean: pl.DataFrame
) -> pl.DataFrame:
    """Return a de-identified table with the tokens of its columns.

    Args:
        study: its sections.
        vault: gives the keys.
        source: name of the table.
        frame: as it was opened, in the order of `clean`.
        clean: after de-identification.

    Raises:
        InvalidInput: a value has not the declared form; says in which row, never the value.
    """
    for section in (each for each in study.token if each.source == source):
        values = frame[section.column].cast(pl.String).to_list()
        made = Tokens(vault, column_of(study, section)).replace(values, rows=frame["_row"].to_list())
        clean = clean.with_columns(pl.Series(section.column, made, dtype=pl.String))
    return clean


def status_of(study: "Study", source: str, status: Status) -> Status:
    """Return the status of what leaves of a source: with a column that can be undone, not more than pseudonymised."""
    undone = any(each.source == source and each.method != "digest" for each in study.token)
    return "pseudonymised" if undone else status
