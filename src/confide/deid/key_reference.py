"""Where a key is to be had, without the key: what a pickled `Deidentifier` carries to another process.

Guarantee: nothing in it is secret; it opens the vault without asking anybody, or not at all.
"""

from dataclasses import dataclass
from pathlib import Path

from confide.errors import InvalidInput
from confide.vault.custody import read_secret
from confide.vault.pkcs11 import Hsm, Pkcs11Settings
from confide.vault.transit import Transit, TransitSettings
from confide.vault.vault import Vault, describe_vault, open_vault


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyReference:
    """Which vault, and how it opens where nobody types. Public: it may be printed, logged and pickled.

    Args:
        vault: folder of the vault.
        passphrase_file: holds its passphrase; give exactly one of this and the two that follow.
        transit: settings of a key service.
        pkcs11: settings of an HSM.
        vault_id: refuse another vault than this; taken from the folder if left out.

    Raises:
        InvalidInput: not exactly one way to open it, or there is no vault.
    """

    vault: Path
    passphrase_file: Path | None = None
    transit: TransitSettings | None = None
    pkcs11: Pkcs11Settings | None = None
    vault_id: str = ""

    def __post_init__(self) -> None:
        """Refuse what could never open, and note which vault it is."""
        if sum(way is not None for way in (self.passphrase_file, self.transit, self.pkcs11)) != 1:
            raise InvalidInput("vault.one-key")
        found = describe_vault(self.vault)["vault"]
        if self.vault_id not in ("", found):
            raise InvalidInput("deid.other-vault")
        object.__setattr__(self, "vault_id", found)

    def open(self) -> Vault:
        """Open the vault.

        Raises:
            InvalidInput: another vault lies there now, or a file is missing.
            AccessDenied, IntegrityError: as `open_vault`.
        """
        if self.transit is not None:
            vault = open_vault(self.vault, guard=Transit(self.transit))
        elif self.pkcs11 is not None:
            vault = open_vault(self.vault, guard=Hsm(self.pkcs11))
        else:
            vault = open_vault(self.vault, passphrase=read_secret(self.passphrase_file or Path()))
        if vault.id != self.vault_id:
            raise InvalidInput("deid.other-vault")
        return vault
