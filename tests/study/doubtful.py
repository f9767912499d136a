"""A small study with doubtful spans in its notes, run once: what the tests of the review share. All invented."""

import json
import shutil
from contextlib import contextmanager

import pytest
from erasing import CHEAP, run
from small import PASSPHRASE, STUDY, make_small

from confide.ledger.home import home, open_ledger
from confide.ledger.ledger import Ledger
from confide.study.keys import vault_folder
from confide.study.review import Person
from confide.study.reviewing import desk_of, opened
from confide.vault.vault import create_vault

DAY, NUMBER = "2023-02-30", "110105194912310021"  # no such day; a resident id whose checksum fails
DOUBT = {
    "en": f" Follow-up on {DAY}; the envelope says {NUMBER}, to be verified. Lungs clear, no oedema. Continue metoprolol 25 mg twice daily; call if chest pain returns.",
    "zh": f"复查 {DAY} 心电图，信封上写着 {NUMBER}，待核。既往高血压病史十年，规律服药，血压控制可，无头晕头痛，否认糖尿病、冠心病史。",
}
_HEAD, _REST = STUDY.split("[[stats]]")
NOTES = _HEAD + "[gates]\nidentifier_risk = 0.05\nopen_reviews = 0\n"  # no statistics and no model: quick


def make_doubtful(folder, *, language="en", review="hold", doubtful=3, started=True, text=NOTES):
    """Make a study of which the first `doubtful` notes hold two doubtful spans each, and run it."""
    if not vault_folder().exists():
        home().mkdir(parents=True, exist_ok=True)
        create_vault(vault_folder(), PASSPHRASE, cost=CHEAP)
    text = text.replace('research"', f'research"\nreview = "{review}"')
    small = make_small(folder, language=language, text=text, patients=40)
    plant(folder, DOUBT[language], range(doubtful))
    if started:
        run(folder)
    return small


def copied(made, folder, monkeypatch):
    """Copy an institution with its study, as a test may change both; return the study's folder."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    monkeypatch.setenv("CONFIDE_HOME", str(folder / "home"))
    return folder / "s"


def made_once(factory, **settings):
    """Make an institution with a study that was run once, for many tests to copy."""
    folder = factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIDE_HOME", str(folder / "home"))
        make_doubtful(folder / "s", **settings)
    return folder


def plant(folder, addition, places):
    """Add a text to some notes."""
    file = folder / "raw/notes.jsonl"
    notes = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for at in places:
        notes[at]["note"] += addition
    file.write_text("".join(json.dumps(note, ensure_ascii=False) + "\n" for note in notes), encoding="utf-8")


@contextmanager
def at_desk(folder, who="reviewer", purpose="a test"):
    with opened(folder) as there, desk_of(there, Person(who), purpose) as desk:
        yield desk


def decide_all(folder, answer, who="reviewer"):
    with at_desk(folder, who) as desk:
        for at in range(len(desk.items)):
            desk.decide(at, answer)


def places(desk, text):
    return [at for at, item in enumerate(desk.items) if item.text == text]


def outgoing(folder):
    file = folder / "outgoing/notes/notes.jsonl"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def records(what):
    with open_ledger(home()) as ledger:
        return details_of(ledger, what)


def details_of(ledger: Ledger, what):
    return [each.body["details"] for each in ledger.store.all(kind="record") if each.body["what"] == what]
