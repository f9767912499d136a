"""A vault whose passphrase costs little to try: Argon2 takes its time by design, and tests open it often."""

from small import PASSPHRASE

from confide.study.keys import vault_folder
from confide.vault.custody import Cost
from confide.vault.vault import open_vault


def make_quick(passphrase: str = PASSPHRASE) -> None:
    """Let `passphrase` open the vault of the small study, at the least cost that Argon2 allows."""
    cheap = Cost(memory_kib=64, passes=1, lanes=1)
    open_vault(vault_folder(), passphrase=PASSPHRASE).change_passphrase(passphrase, cost=cheap)
