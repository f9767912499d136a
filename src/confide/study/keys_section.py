"""`[keys]` of a study file, or of a file of its own: who holds the key of the vault.

Apart from the other sections, so that a command that only opens the vault loads none of the rooms.
`confide.study.keys` opens what is described here.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from confide.errors import InvalidInput
from confide.study.toml import Lines, parse, read_section, read_text

RECOVERY_KEY = "recovery-key.txt"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeysSection:
    """Who holds the key of the vault."""

    custody: Literal["passphrase", "transit", "pkcs11"] = field(
        default="passphrase",
        metadata={"doc": "How the vault is opened: a passphrase, a key service (OpenBao, Vault), or an HSM."},
    )
    passphrase_file: str | None = field(
        default=None, metadata={"doc": "File with the passphrase; without it the terminal asks."}
    )
    url: str | None = field(
        default=None,
        metadata={"doc": "transit: address of the key service, the only host that is called; https."},
    )
    mount: str | None = field(
        default=None, metadata={"doc": "transit: where its Transit engine is; `transit` if left out."}
    )
    token_file: str | None = field(
        default=None, metadata={"doc": "transit: file with the token, readable by you alone."}
    )
    ca_file: str | None = field(
        default=None, metadata={"doc": "transit: certificates to trust, in the place of the usual ones."}
    )
    module: str | None = field(default=None, metadata={"doc": "pkcs11: the library of the HSM's maker."})
    token_label: str | None = field(default=None, metadata={"doc": "pkcs11: label of the token."})
    pin_file: str | None = field(
        default=None, metadata={"doc": "pkcs11: file with the PIN, readable by you alone."}
    )
    key: str | None = field(
        default=None, metadata={"doc": "transit, pkcs11: name of the key; `confide` if left out."}
    )
    suite: Literal["aes", "sm4"] = field(
        default="aes",
        metadata={"doc": "Cipher of the files that are sealed: AES-256-GCM, or SM4-GCM with SM3."},
    )

    def __post_init__(self) -> None:
        """Refuse a key that belongs to another custody, and one that is missing."""
        for name in _KEYS_OF[self.custody][0]:
            if getattr(self, name) is None:
                raise InvalidInput("study.keys-missing", key=name, custody=self.custody)
        known = {"custody", "suite", *(name for names in _KEYS_OF[self.custody] for name in names)}
        for each in fields(self):
            if each.name not in known and getattr(self, each.name) is not None:
                raise InvalidInput("study.keys-foreign", key=each.name, custody=self.custody)

    @property
    def secret_files(self) -> tuple[str, ...]:
        """Paths of files that hold a secret, which are no records of the hospital."""
        named = (self.passphrase_file, self.token_file, self.pin_file)
        return tuple(path for path in named if path is not None)


_KEYS_OF: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # what each custody wants, and may have
    "passphrase": ((), ("passphrase_file",)),
    "transit": (("url", "token_file"), ("mount", "key", "ca_file")),
    "pkcs11": (("module", "token_label", "pin_file"), ("key",)),
}


def load_keys(path: Path) -> KeysSection:
    """Read the `[keys]` table of a file that holds nothing else, for work outside a study.

    Raises:
        InvalidInput: as `load_study`.
    """
    text = read_text(path)
    tables, lines = parse(text, path.name), Lines(text)
    for name in tables:
        if name != "keys":
            known = {
                "file": path.name,
                "line": lines.of(name),
                "key": name,
                "section": path.name,
                "known": "keys",
            }
            raise InvalidInput("study.unknown-key", **known)
    return read_section(KeysSection, tables.get("keys", {}), "keys", lines, path.name)
