"""Three small hospitals, a hub and a registry, each an institution of its own, for the tests of joint tables."""

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from confide.demo.walk import institution
from confide.ledger.home import home, open_ledger
from confide.study.config import load_study
from confide.study.joint_file import Joint, load_joint
from confide.study.keys import make_vault, vault_folder
from confide.study.workplace import Workplace
from confide.vault.boxes import signing_key
from confide.vault.vault import Vault, open_vault

SITES, PASSPHRASE = ("north", "east", "south"), "correct horse battery staple"
STUDY = """
[study]
name = "beds"
purpose = "Plan beds over three hospitals"
requester = "Ward 3"

[account]
name = "inpatients"
epsilon = 30000.0
delta = 1e-8

[patient]
id = "patient_id"

[consent]
optout = "optout.csv"

[keys]
passphrase_file = "passphrase.txt"

[[source]]
name = "visits"
kind = "table"
path = "visits.csv"
"""
TABLE = """
[study]
name = "stay"
purpose = "How long patients stay"
requester = "Working group"

[table]
measured = ["number(age, 0, 120)", "number(stay, 0, 60)"]
histograms = {{age = [0, 40, 80, 121]}}
pairs = [["age", "stay"]]
grouped = ["category(sex, F, M)"]
patients = 1000
epsilon = {epsilon}
delta = 1e-9
honest = {honest}
expires = "{expires}"
"""


@dataclass(frozen=True)
class Made:
    """Where everybody is, and everybody's public key."""

    folder: Path
    vaults: dict[str, Vault]

    @property
    def keys(self) -> dict[str, str]:
        return {name: signing_key(vault).public for name, vault in self.vaults.items()}

    def at(self, name: str):
        """Be the institution of this name while the block runs."""
        return institution(self.folder / name / "institution")

    @contextmanager
    def place(self, name: str):
        """Open a hospital's study as a command does, but for the vault, which was opened once for all tests."""
        with self.at(name), open_ledger(home()) as ledger:
            yield Workplace(load_study(self.folder / name), self.vaults[name], ledger)

    def text(self, **change: str) -> str:
        told = {"epsilon": "20000.0", "honest": "1", "expires": "2099-12-31"} | change
        parties = {"hub": self.keys["hub"], "custodian": self.keys["registry"]}
        text = TABLE.format(**told)
        for name, key in parties.items():
            text += f'\n[{name}]\nname = "{name}"\nkey = "{key}"\n'
        return text + "".join(f'\n[[site]]\nname = "{name}"\nkey = "{self.keys[name]}"\n' for name in SITES)

    def joint(self, file: str = "joint.toml", **change: str) -> Joint:
        (self.folder / file).write_text(self.text(**change))
        return load_joint(self.folder / file)

    def copied(self, folder: Path) -> "Made":
        """Return the same institutions in another folder, to be worn out there."""
        shutil.copytree(self.folder, folder)
        return Made(folder, self.vaults)


def make_hospital(folder: Path) -> Made:
    """Make one hospital."""
    return make_parties(folder, SITES[:1])


def make_parties(folder: Path, names: tuple[str, ...] = (*SITES, "hub", "registry")) -> Made:
    """Make institutions; each hospital has 60 patients of one or two visits, of whom one opted out."""
    vaults = {}
    for number, name in enumerate(names):
        here = folder / name
        here.mkdir()
        (here / "passphrase.txt").write_text(PASSPHRASE + "\n")
        (here / "passphrase.txt").chmod(0o600)
        if name in SITES:
            (here / "study.toml").write_text(STUDY)
            (here / "optout.csv").write_text("patient_id\np7\n")
            (here / "visits.csv").write_text(visits(number))
        with institution(here / "institution"):
            make_vault(PASSPHRASE)
            if name in SITES:
                with open_ledger(home()) as ledger:
                    ledger.open_account("inpatients", epsilon=50000.0, delta=1e-7, patients=1000)
            vaults[name] = open_vault(vault_folder(), passphrase=PASSPHRASE)
    return Made(folder, vaults)


def visits(seed: int) -> str:
    draw = np.random.default_rng(seed)
    rows = ["patient_id,sex,age,stay"]
    for patient in range(60):
        age = draw.integers(1, 95)
        rows += [
            f"p{patient},{'FM'[patient % 2]},{age},{draw.integers(1, 30)}" for _ in range(1 + patient % 2)
        ]
    return "\n".join(rows) + "\n"
