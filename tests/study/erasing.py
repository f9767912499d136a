"""What the tests of erasing share: a small study that is sealed already, and people who approve."""

import json
from contextlib import contextmanager

from small import PASSPHRASE, STUDY, make_small

from confide.crypto.sign import new_key
from confide.ledger.home import home
from confide.ledger.requests import new_request, sign_request
from confide.study.index import read_index
from confide.study.keys import vault_folder
from confide.study.run import run_study
from confide.study.sources import remove_originals, seal_sources, sealed_folder
from confide.study.workplace import open_workplace
from confide.types import no_progress
from confide.vault.custody import Cost
from confide.vault.vault import create_vault

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)

TEXTS = STUDY.replace('path = "raw/notes.jsonl"\ntext = "note"\nid = "note_id"', 'path = "raw/notes/*.txt"')


@contextmanager
def quietly(_):
    yield no_progress


def make_sealed(folder, *, text=STUDY, patients=40, before=lambda folder: None, keep=False):
    """Make a study and seal it; `before` may change its files first. Unless `keep`, no original is left."""
    if not vault_folder().exists():
        home().mkdir(parents=True, exist_ok=True)
        create_vault(vault_folder(), PASSPHRASE, cost=CHEAP)
    small = make_small(folder, text=text, patients=patients)
    before(folder)
    with open_workplace(folder) as place:
        seal_sources(place.study, place.vault)
        if not keep:
            remove_originals(place.study, place.vault)
    return small


def run(folder):
    return run_study(folder, step=quietly)


def opened(place):
    """Return (source, name) -> plain bytes of what the index names."""
    folder = sealed_folder(place.study)
    index = read_index(folder, place.vault)
    return {
        (source, name): place.vault.read(folder / sealed)
        for source, files in index.files.items()
        for name, sealed in files.items()
    }


def found_roles(ledger, roles=("approve", "re-identify")):
    """Found roles in a ledger with two people who hold them; return their keys."""
    first, second = new_key(), new_key()
    for key, label in ((first, "data protection officer"), (second, "deputy")):
        fields = {"key": key.public, "label": label, "roles": sorted(roles)}
        ledger.carry_out(sign_request(new_request("appoint", fields, ledger), first))
    return first, second


def signed_by(request, *keys):
    for key in keys:
        request = sign_request(request, key)
    return request


def as_texts(folder):
    (folder / "raw" / "notes").mkdir()
    for line in (folder / "raw" / "notes.jsonl").read_text().splitlines():
        note = json.loads(line)
        (folder / "raw" / "notes" / f"{note['patient_id']}_day1.txt").write_text(note["note"])
    (folder / "raw" / "notes.jsonl").unlink()
