"""`confide federate demo`: a hub and three invented hospitals, each an institution of its own, learn one model together.

Everything that a real federation needs is there: keys, accounts, the file, three approvals, charges; only the patients are
invented. The folders can be looked at, and the commands of `docs/federation.md` work on them.
"""

import secrets
from pathlib import Path

from confide.demo.generate import generate
from confide.demo.walk import fresh, institution, keep_secret
from confide.ledger.home import home, open_ledger
from confide.study import assent
from confide.study.config import FILE as STUDY
from confide.study.keys import make_vault, vault_folder
from confide.study.manifest import FILE, Manifest, code_digest, load_manifest
from confide.study.places import HOME, free_port
from confide.types import Language, Progress, no_progress
from confide.vault.boxes import signing_key
from confide.vault.vault import open_vault

HUB, SITES, SOURCE = "hub", ("north", "east", "south"), "visits"
_TEXTS = Path(__file__).parent / "studies"


def make_federation(
    folder: Path, language: Language, *, patients: int = 2000, progress: Progress = no_progress
) -> Manifest:
    """Make hub and hospitals under `folder`, write the federation file and have all approve it.

    Raises:
        InvalidInput: `folder` exists and was not made by a demo.
    """
    fresh(folder)
    keys = {HUB: _institution(folder / HUB, "")}
    for number, name in enumerate(SITES):
        generate(folder / name, language, patients=patients, noted=1, seed=number)
        text = (_TEXTS / f"site-{language}.toml").read_text(encoding="utf-8")
        (folder / name / STUDY).write_text(text, encoding="utf-8")
        account = "住院患者" if language == "zh" else "inpatients"
        keys[name] = _institution(folder / name, account, patients)
        progress(number + 1, len(SITES))
    text = (_TEXTS / f"federation-{language}.toml").read_text(encoding="utf-8")
    told = {f"key of {name}": key for name, key in keys.items()}
    told |= {"code": code_digest(), "patients": str(patients), "port": str(free_port())}
    for mark, value in told.items():
        text = text.replace(f"<{mark}>", value)
    (folder / FILE).write_text(text, encoding="utf-8")
    manifest = load_manifest(folder / FILE)
    for name in SITES:
        with institution(folder / name / HOME), open_ledger(home()) as ledger:
            assent.give(ledger, manifest, heard=manifest.digest())
    return manifest


def _institution(folder: Path, account: str, patients: int = 0) -> str:
    """Make an institution with a vault and, where it has patients, an account; return its public key."""
    folder.mkdir(exist_ok=True)
    passphrase = secrets.token_urlsafe(24)
    keep_secret(folder / "passphrase.txt", passphrase)
    (folder / "keys.toml").write_text('[keys]\npassphrase_file = "passphrase.txt"\n')
    with institution(folder / HOME):
        make_vault(passphrase)
        if account:
            with open_ledger(home()) as ledger:
                ledger.open_account(account, epsilon=8.0, delta=1e-7, patients=patients)
        return signing_key(open_vault(vault_folder(), passphrase=passphrase)).public
