"""Notes and de-identifiers for the tests of this room; the key is fixed so that failures repeat."""

from dataclasses import dataclass, field

import pytest
from hypothesis import settings

from confide.deid.deidentify import Deidentifier


@dataclass(frozen=True)
class PlainNote:
    id: str
    patient: str
    text: str
    fields: dict = field(default_factory=dict)


@pytest.fixture(scope="session")
def note():
    def make(text, *, id="n1", patient="p1", **fields):  # noqa: A002
        return PlainNote(id, patient, text, fields)

    return make


@pytest.fixture(scope="session")
def clean(note):
    """De-identify one or more texts of one patient and return what came out."""

    def run(*texts, policy="gbt37964-research", key=b"k" * 32, known=None, patient="p1", **settings):
        deidentifier = Deidentifier(policy=policy, key=key, **settings)
        notes = [note(text, id=str(i), patient=patient) for i, text in enumerate(texts)]
        return [done.text for done in deidentifier.patient(notes, known or {})]

    return run


settings.register_profile("deid", deadline=None)  # the first example compiles the word lists
settings.load_profile("deid")
