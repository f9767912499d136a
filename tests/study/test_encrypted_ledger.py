"""Answers of an encrypted model about patients stand in the ledger before they are opened."""

import sys
from pathlib import Path

import numpy as np
import pytest
from people import Clock, open_with

sys.path.append(str(Path(__file__).parents[1] / "encrypted"))
from models_of import no_quota, tiny

from confide.encrypted.server import Server
from confide.study.encrypted import ask_model


def test_decryptions_are_counted_and_answers_named_as_not_private():
    compiled, ledger = tiny(), open_with(Clock())
    server = Server(compiled, spend=no_quota)
    said = ask_model(
        ledger,
        compiled.form,
        np.zeros((3, 3)),
        lambda client, rows: client.read(server.answer("ward", client.ask(rows))),
        study="study",
        account="inpatients",
        enroll=lambda client: server.enroll("ward", client.public_key()),
    )
    assert said[:, 0] == pytest.approx(0.25, abs=compiled.form.error)
    assert [each["what"] for each in ledger.not_private("inpatients")] == ["answers of encrypted model tiny"]
    counted = ledger.store.all(kind="record")
    assert [entry.body["details"]["ciphertexts"] for entry in counted] == [1]


def test_answers_that_never_came_are_named_but_no_decryption_is_counted():
    compiled, ledger = tiny(), open_with(Clock())

    def broken(client, rows):
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        ask_model(
            ledger,
            compiled.form,
            np.zeros((1, 3)),
            broken,
            study="study",
            account="inpatients",
            enroll=lambda c: None,
        )
    assert len([*ledger.not_private("inpatients")]) == 1
    assert [*ledger.store.all(kind="record")] == []
