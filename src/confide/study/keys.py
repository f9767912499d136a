"""Make and open the institution's vault as a study or a command says, and change who can open it.

Guarantee: a passphrase, token or PIN comes from a file or the terminal, never from an argument; only the
host that the study or the command names is called; each change of custody is an entry of the ledger.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.ledger.ledger import Ledger
from confide.study.keys_section import KeysSection, load_keys
from confide.types import Json
from confide.vault.custody import Guard, RewrapGuard, read_secret
from confide.vault.durable import placing
from confide.vault.locks import Rotation
from confide.vault.openings import OnRecord
from confide.vault.pkcs11 import Hsm, Pkcs11Settings
from confide.vault.transit import Transit, TransitSettings
from confide.vault.vault import Vault, create_vault, describe_vault, open_vault

if TYPE_CHECKING:
    from confide.study.config import Study

Ask = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Which key a command opens the vault with: a study's, a passphrase, or the recovery key."""

    study: Path | None = None
    keys: Path | None = None  # a TOML file with a [keys] table, as a study file has it
    passphrase_file: Path | None = None
    recovery_file: Path | None = None
    vault: Path | None = None  # folder of a vault that is not the institution's

    def __post_init__(self) -> None:
        """Refuse two keys at once."""
        ways = (self.study, self.keys, self.passphrase_file, self.recovery_file)
        if sum(path is not None for path in ways) > 1:
            raise InvalidInput("vault.one-key")


def nobody_types() -> str:
    """Refuse to ask: the answer where there is no terminal."""
    raise InvalidInput("study.no-passphrase")


def vault_folder() -> Path:
    """Return where the institution's vault lies; its key is elsewhere."""
    return home() / "vault"


def make_vault(passphrase: str) -> str | None:
    """Make the institution's vault where there is none; return its recovery key, once."""
    if (vault_folder() / "vault.sqlite").exists():
        open_vault(vault_folder(), passphrase=passphrase)
        return None
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    _, recovery_key = create_vault(vault_folder(), passphrase)
    return recovery_key


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVault:
    """A vault that was made; public."""

    vault: str
    folder: Path
    custody: str
    recovery_file: Path


def new_vault(
    folder: Path | None, recovery: Path, *, passphrase_file: Path | None, keys: Path | None, ask: Ask
) -> NewVault:
    """Make a vault, write its recovery key to `recovery`, and the fact into the ledger.

    Guarantee: no vault is left whose recovery key has no place to go, or that its key service or HSM does not open.

    Args:
        folder: where it shall lie; None for the institution's own.
        recovery: a file that does not exist yet.
        passphrase_file: holds the passphrase; `ask` gives it where nothing is named.
        keys: a file with a `[keys]` table, such as of a key service or HSM; then no passphrase opens the vault.
        ask: asks for a new passphrase.

    Raises:
        InvalidInput: there is a vault, `recovery` exists, or a key will not do.
        AccessDenied: the key service or HSM refuses.
    """
    folder = folder or vault_folder()
    if (folder / "vault.sqlite").exists():
        raise InvalidInput("vault.exists", folder=folder)
    if recovery.exists():
        raise InvalidInput("study.recovery-exists", file=recovery)
    Opener(keys=keys, passphrase_file=passphrase_file)
    section = KeysSection() if keys is None else load_keys(keys)
    guard = None if keys is None or section.custody == "passphrase" else guard_of(section, keys.parent)
    if guard is not None:
        guard.decrypt(guard.encrypt(bytes(32)))  # before anything is made
        passphrase = secrets.token_urlsafe(32)  # of nobody, and gone in a moment
    elif keys is not None and section.passphrase_file is not None:
        passphrase = read_secret(keys.parent / section.passphrase_file)
    else:
        passphrase = ask() if passphrase_file is None else read_secret(passphrase_file)
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    with placing(recovery, replace=False) as file:
        vault, recovery_key = create_vault(folder, passphrase)
        try:
            if guard is not None:
                vault.add_custody(guard)
                vault.remove_custody("passphrase")
            file.write(f"{recovery_key}\n".encode())
        except BaseException:
            (folder / "vault.sqlite").unlink()
            raise
    with open_ledger(home()) as ledger:
        _record(ledger, vault, "new", section.custody)
    return NewVault(vault=vault.id, folder=folder, custody=section.custody, recovery_file=recovery)


def keys_without_passphrase() -> dict[str, str]:
    """Return what `[keys]` of a new study says if the vault opens by a key service or HSM only; else nothing."""
    if not (vault_folder() / "vault.sqlite").exists():
        return {}
    ways = describe_vault(vault_folder())["opened_by"]
    if "passphrase" in ways:
        return {}
    if "transit" in ways:
        return {"custody": "transit", **ways["transit"], "token_file": "token.txt"}
    key, label = ways["pkcs11"]["key"], ways["pkcs11"]["token"]
    module = "/usr/lib/softhsm/libsofthsm2.so"
    return {"custody": "pkcs11", "module": module, "token_label": label, "key": key, "pin_file": "pin.txt"}


def guard_of(keys: KeysSection, folder: Path) -> Guard:
    """Return the key service or HSM that a study names; its paths are relative to the study's folder.

    Raises:
        InvalidInput: the address or a name will not do.
    """
    key = keys.key or "confide"
    if keys.custody == "pkcs11":
        module, pin_file = folder / str(keys.module), folder / str(keys.pin_file)
        label = str(keys.token_label)
        return Hsm(Pkcs11Settings(module=module, token_label=label, pin_file=pin_file, key=key))
    return Transit(
        TransitSettings(
            url=str(keys.url),
            token_file=folder / str(keys.token_file),
            key=key,
            mount=keys.mount or "transit",
            ca_file=None if keys.ca_file is None else folder / keys.ca_file,
        )
    )


def open_vault_of(study: "Study", ask: Ask) -> Vault:
    """Open the vault with what the study's `[keys]` name; `ask` gives the passphrase where no file does.

    Raises:
        InvalidInput, AccessDenied, IntegrityError: as `open_vault`.
    """
    return _open_as(study.keys, study.folder, vault_folder(), ask)


def _open_as(keys: KeysSection, beside: Path, folder: Path, ask: Ask) -> Vault:
    """Open the vault in `folder` as a `[keys]` table says that stands in a file of the folder `beside`."""
    if keys.custody != "passphrase":
        return open_vault(folder, guard=guard_of(keys, beside), suite=keys.suite)
    secret = ask() if keys.passphrase_file is None else read_secret(beside / keys.passphrase_file)
    return open_vault(folder, passphrase=secret, suite=keys.suite)


def vault_of(opener: Opener, ask: Ask) -> Vault:
    """Open the vault that a command names, with the key that it names.

    Raises:
        InvalidInput, AccessDenied, IntegrityError: as `open_vault`.
    """
    folder = opener.vault or vault_folder()
    if opener.study is not None:
        from confide.study.config import load_study  # loads every room

        return _open_as(load_study(opener.study).keys, opener.study, folder, ask)
    if opener.keys is not None:
        return _open_as(load_keys(opener.keys), opener.keys.parent, folder, ask)
    if opener.recovery_file is not None:
        return open_vault(folder, recovery_key=read_secret(opener.recovery_file))
    secret = ask() if opener.passphrase_file is None else read_secret(opener.passphrase_file)
    return open_vault(folder, passphrase=secret)


def secret_files(opener: Opener) -> list[Path]:
    """Return the files that a command names as its keys, which are no records."""
    given = (opener.keys, opener.passphrase_file, opener.recovery_file)
    return [path for path in given if path is not None]


@contextmanager
def opened_by(opener: Opener, ask: Ask) -> Iterator[tuple[Vault, Ledger]]:
    """Yield the institution's vault and ledger.

    Raises:
        InvalidInput, AccessDenied, IntegrityError: as `open_vault` and `open_ledger`.
    """
    vault = vault_of(opener, ask)
    with open_ledger(home()) as ledger:
        yield vault, ledger


def recording(ledger: Ledger, study: str | None = None) -> OnRecord:
    """Return what writes a fact about the vault into the ledger, as an entry of kind `record`."""

    def on_record(what: str, details: Json) -> None:
        public = {key: value for key, value in details.items() if key != "commitment"}
        ledger.record(what, study=study, details=public, commitment=details.get("commitment", ""))

    return on_record


def add_guard(opener: Opener, guard: Guard, ask: Ask, *, make_key: bool = False) -> None:
    """Let a key service or HSM open the vault, after its key was made in the HSM if that is asked for."""
    with opened_by(opener, ask) as (vault, ledger):
        if make_key and isinstance(guard, Hsm):
            guard.make_key()
        vault.add_custody(guard)
        _record(ledger, vault, "add", guard.kind)


def add_passphrase(opener: Opener, passphrase: Ask, ask: Ask) -> None:
    """Let the passphrase that `passphrase` gives open the vault, and an earlier one no more."""
    with opened_by(opener, ask) as (vault, ledger):
        vault.change_passphrase(passphrase())
        _record(ledger, vault, "add", "passphrase")


def remove_custody(opener: Opener, kind: str, ask: Ask) -> None:
    """Let the vault be opened in this way no more."""
    with opened_by(opener, ask) as (vault, ledger):
        vault.remove_custody(kind)
        _record(ledger, vault, "remove", kind)


def renew_recovery_key(opener: Opener, target: Path, ask: Ask) -> None:
    """Write a new recovery key to `target`, which must not exist; the old one opens the vault no more.

    Guarantee: no key is replaced by one that has no place to go.
    """

    def keep(text: str) -> None:
        with placing(target, replace=False) as file:
            file.write(f"{text}\n".encode())

    with opened_by(opener, ask) as (vault, ledger):
        vault.new_recovery_key(keep)
        _record(ledger, vault, "add", "recovery")


def rotate(opener: Opener, ask: Ask) -> Rotation:
    """Begin a new epoch of keys."""
    with opened_by(opener, ask) as (vault, ledger):
        return vault.rotate(on_record=recording(ledger))


def rewrap(opener: Opener, guard: RewrapGuard | None, ask: Ask) -> None:
    """Move the vault to the newest version of the key service's key.

    Args:
        opener: what opens the vault.
        guard: the key service; the one that the study of `opener` names if left out.
        ask: gives the passphrase where no file does.

    Raises:
        InvalidInput: no key service was named.
    """
    if guard is None and opener.study is not None:
        from confide.study.config import load_study

        study = load_study(opener.study)
        named = guard_of(study.keys, study.folder) if study.keys.custody == "transit" else None
        guard = named if isinstance(named, Transit) else None
    if guard is None:
        raise InvalidInput("vault.rewrap-wants")
    with opened_by(opener, ask) as (vault, ledger):
        vault.rewrap(guard)
        _record(ledger, vault, "rewrap", guard.kind)


def _record(ledger: Ledger, vault: Vault, act: str, kind: str) -> None:
    ledger.record("vault-custody", details={"vault": vault.id, "act": act, "kind": kind})
