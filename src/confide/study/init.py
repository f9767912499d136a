"""`confide init FOLDER`: look at the records of a folder and write a study file, with guesses marked.

Guarantee: an existing study file is never overwritten, no record is changed, and what is written holds no
value of an identifying column. On the first call it makes the institution's vault; the recovery key is
written once, to a file that only its owner may read.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.records.guess import Guess, guess
from confide.study.config import FILE
from confide.study.keys import keys_without_passphrase, make_vault, vault_folder
from confide.study.keys_section import RECOVERY_KEY
from confide.types import Json
from confide.vault.custody import read_secret
from confide.vault.durable import placing
from confide.words import language as language_in_force
from confide.words import say, speaking

_OURS = ("sealed", "outgoing", "dossier", "truth", "institution", RECOVERY_KEY)  # no records of the hospital


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What `init` wrote."""

    study_file: Path
    sources: int
    guesses: int
    mark: str
    recovery_file: Path | None
    account_command: str | None

    def to_json(self) -> Json:
        """Return what `--json` prints."""
        return {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}


def init_study(
    folder: Path,
    *,
    name: str | None,
    language: str | None,
    passphrase_file: Path | None,
    ask: Callable[[], str],
    recovery_file: Path | None,
) -> Made:
    """Write `study.toml` in `folder` and, on first use, make the vault.

    Raises:
        InvalidInput: the file exists, no record is there, or the passphrase will not do.
    """
    target = folder / FILE
    if target.exists():
        raise InvalidInput("study.study-exists", file=target)
    if not folder.is_dir():
        raise InvalidInput("study.no-folder", folder=folder)
    secret = passphrase_file.resolve() if passphrase_file is not None else None
    guesses = [one for one in guess(folder, besides=_OURS) if (folder / one.path).resolve() != secret]
    found = [one for one in guesses if one.kind != "unread"]
    unread = [one for one in guesses if one.kind == "unread"]
    if not any(one.kind in ("notes", "table") for one in found):
        if unread:
            raise InvalidInput("study.only-unread", file=unread[0].path, reason=unread[0].reason)
        raise InvalidInput("study.no-records", folder=folder)
    keys, recovery = keys_without_passphrase(), recovery_file or folder / RECOVERY_KEY
    first = False
    if not keys:
        passphrase = read_secret(passphrase_file) if passphrase_file is not None else ask()
        first = _vault_with_recovery_key(passphrase, recovery)
    with speaking(language or language_in_force()):
        shown = None if secret is None else os.path.relpath(secret, folder.resolve())
        keys = keys or {"custody": "passphrase", **({} if shown is None else {"passphrase_file": shown})}
        text = study_text(found, unread, name=name or folder.resolve().name, keys=keys)
        account, mark = say("study.file.account-name"), say("study.file.guess")
    with placing(target, replace=False) as file:
        file.write(text.encode())
    with open_ledger(home()) as ledger:
        missing = account not in ledger.accounts()
    command = f"confide ledger account {account} --epsilon 8 --delta 1e-7 --patients 20000"
    return Made(
        study_file=target,
        sources=sum(one.kind in ("notes", "table") for one in found),
        guesses=text.count(f"# {mark}: "),
        mark=mark,
        recovery_file=recovery if first else None,
        account_command=command if missing else None,
    )


def _vault_with_recovery_key(passphrase: str, recovery: Path) -> bool:
    """Open the institution's vault, or make it and write its recovery key; say whether it was made.

    Guarantee: no vault is made whose recovery key has no place to go.
    """
    if (vault_folder() / "vault.sqlite").exists():
        make_vault(passphrase)
        return False
    if recovery.exists():
        raise InvalidInput("study.recovery-exists", file=recovery)
    with placing(recovery, replace=False) as file:
        file.write(f"{make_vault(passphrase)}\n".encode())
    return True


def study_text(found: list[Guess], unread: list[Guess], *, name: str, keys: dict[str, str]) -> str:
    """Return the text of a study file; every guess is marked, with its reason.

    The comments are in the language in force, the keys are those of `study.toml`.
    """
    sources = [one for one in found if one.kind in ("notes", "table")]
    tables = [one for one in sources if one.kind == "table"]
    lists = {one.kind: one.path for one in found if one.kind in ("crosswalk", "optout", "consented")}
    patient = next((column for one in sources if (column := one.column_of("patient"))), None)
    reason = say("records.guess.no-patient" if patient is None else "study.file.patient")
    patient = patient or "patient_id"
    blocks = [
        [
            f"# {say('study.file.head')}",
            "[study]",
            f"name = {_text(name)}",
            f"purpose = {_text(say('study.file.purpose'))}  # {say('study.file.write')}",
            f"requester = {_text(say('study.file.requester'))}  # {say('study.file.write')}",
            f"language = {_text(language_in_force())}",
        ],
        [
            f"# {say('study.file.account')}",
            "[account]",
            f"name = {_text(say('study.file.account-name'))}",
            "epsilon = 2.0",
            "delta = 1e-8",
        ],
        [
            "[patient]",
            f"id = {_text(patient)}{_mark(reason)}",
            *_optional("crosswalk", lists.get("crosswalk")),
        ],
        [f"# {say('study.file.consent')}", "[consent]", *_optional("optout", lists.get("optout")),
         *_optional("consented", lists.get("consented"))],
        ["[keys]", *(f"{key} = {_text(value)}" for key, value in keys.items())],
        *([f"# {say('study.file.unread', file=one.path, reason=one.reason)}"] for one in unread),
        *(_source(one, patient) for one in sources),
    ]  # fmt: skip
    if any(one.kind == "notes" for one in sources):
        blocks.append(
            [
                f"# {say('study.file.deid')}",
                "[deid]",
                f"policy = {_text(say('study.file.policy'))}",
                'review = "mask"',
            ]
        )
    if tables:
        blocks.append(_stats(tables[0]))
    blocks.append(
        [
            f"# {say('study.file.gates')}",
            "[gates]",
            "identifier_risk = 0.05",
            "epsilon = 2.0",
            "open_reviews = 0",
        ]
    )
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _source(one: Guess, patient: str) -> list[str]:
    section = one.section()
    lines = [
        "[[source]]",
        f"name = {_text(section.name)}",
        f"kind = {_text(section.kind)}{_mark(one.reason)}",
        f"path = {_text(section.path)}",
        *_optional("text", section.text),
        *_optional("id", section.id),
    ]
    if section.patient is not None and section.patient != patient:
        lines.append(f"patient = {_text(section.patient)}{_mark(say('study.file.patient'))}")
    if section.identifiers:
        pairs = ", ".join(f"{_text(column)} = {_text(kind)}" for column, kind in section.identifiers.items())
        lines.append(f"identifiers = {{{pairs}}}{_mark(say('study.file.identifiers'))}")
    return lines


def _stats(table: Guess) -> list[str]:
    """Return a first table of statistics, commented out: its keys are public only once a person says so."""
    categories = next(((each.column, each.categories) for each in table.columns if each.categories), None)
    by = (
        f"{{{_text(categories[0])} = {json.dumps(categories[1], ensure_ascii=False)}}}"
        if categories
        else "{}"
    )
    return [
        f"# {say('study.file.stats')}",
        "# [[stats]]",
        f"# source = {_text(table.name)}",
        f"# by = {by}{_mark(say('study.file.public'))}",
        '# measures = ["count"]',
        '# max_rows = "private"',
        "# epsilon = 0.5",
    ]


def _optional(key: str, value: str | None) -> list[str]:
    return [] if value is None else [f"{key} = {_text(value)}{_mark(say('study.file.look'))}"]


def _mark(reason: str) -> str:
    return f"  # {say('study.file.guess')}: {reason}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
