"""What is asked of an encrypted model about patients stands in the ledger before the first answer is opened."""

import csv
import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
from joint_sites import make_hospital
from people import Clock, open_with

sys.path.append(str(Path(__file__).parents[1] / "encrypted"))
from models_of import no_quota, tiny

from confide.encrypted.client import Client
from confide.encrypted.linear import compile_model
from confide.encrypted.models import from_coefficients
from confide.encrypted.quota import Quota
from confide.encrypted.remote import Remote
from confide.encrypted.server import Server
from confide.encrypted.web import make_service, serving, token_digest
from confide.errors import AccessDenied, BudgetExceeded, InvalidInput
from confide.study.encrypted import DECRYPTION, ask_model, ask_source, decrypted_under
from confide.study.plans import grant

TOKEN = "t" * 32
RANGES = {"age": (0.0, 120.0), "stay": (0.0, 60.0)}


class Seen(Server):
    """Remembers what reached the owner."""

    def __init__(self, compiled, spend=no_quota):
        super().__init__(compiled, spend=spend)
        self.keys, self.requests = [], []

    def enroll(self, client, key):
        self.keys.append(key)
        super().enroll(client, key)

    def answer(self, client, request):
        self.requests.append(request)
        return super().answer(client, request)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    return make_hospital(tmp_path_factory.mktemp("asking"))


@pytest.fixture
def asks(hospital, tmp_path):
    """Return what asks a served model about the visits of a hospital, and what reached its owner."""
    here = hospital.copied(tmp_path / "here")

    def ask(compiled, *, target="answers.csv", source="visits", spend=no_quota, change=None):
        server = Seen(compiled, spend)
        with (
            serving(make_service(server, {"ward": token_digest(TOKEN)})) as address,
            here.place("north") as place,
        ):
            if change is not None:
                change(place)
            told = None
            try:
                told = ask_source(place, Remote(address, TOKEN), source, here.folder / target)
            except (InvalidInput, AccessDenied, BudgetExceeded) as error:
                told = error
            entries = [
                each.body for each in place.ledger.store.all(kind="record") if each.body["what"] == DECRYPTION
            ]
            return told, server, entries, place.ledger.not_private("inpatients")

    ask.folder = here.folder
    return ask


def risk(**change):
    scores = from_coefficients({"age": 0.03, "stay": 0.05}, intercept=-2.0, link="logistic", output="risk")
    return compile_model(scores, RANGES | change, name="readmission")


def test_a_study_asks_about_every_record_but_those_who_opted_out_and_its_ledger_says_so(asks):
    compiled = risk()
    told, server, entries, named = asks(compiled)
    with (asks.folder / "answers.csv").open() as file:
        header, *lines = csv.reader(file)
    assert header == ["patient_id", "risk"]
    with (asks.folder / "north" / "visits.csv").open() as file:
        wanted = [row for row in csv.DictReader(file) if row["patient_id"] != "p7"]
    assert [line[0] for line in lines] == [row["patient_id"] for row in wanted]
    scores = np.array([0.03 * float(row["age"]) + 0.05 * float(row["stay"]) - 2 for row in wanted])
    np.testing.assert_allclose(
        [float(line[1]) for line in lines], 1 / (1 + np.exp(-scores)), atol=compiled.form.error
    )
    assert (asks.folder / "answers.csv").stat().st_mode & 0o777 == 0o600
    [name] = [hashlib.sha256(key).hexdigest() for key in server.keys]
    assert (told.records, told.key, told.model) == (len(wanted), name, "readmission")
    assert [(one["details"]["key"], one["study"]) for one in entries] == [(name, "beds")]
    assert entries[0]["details"]["ciphertexts"] == told.decrypted == 1
    [entry] = named
    assert (entry["what"], entry["study"]) == ("answers of encrypted model readmission", "beds")
    assert len(entry["commitment"]) == 64


def test_each_question_has_a_new_key_and_is_counted_under_it(asks):
    first, _, _, _ = asks(risk())
    second, _, entries, named = asks(risk(), target="second.csv")
    assert first.key != second.key
    assert [one["details"]["key"] for one in entries] == [first.key, second.key]
    assert len(named) == 1, "the same answers about the same records are named once"


def test_a_question_longer_than_a_request_is_asked_in_several_and_all_are_counted(asks, monkeypatch):
    monkeypatch.setattr("confide.encrypted.messages.MOST_TOGETHER", 32)
    told, server, entries, _ = asks(risk())
    assert len(server.requests) == len(entries) == -(-told.records // 32)
    assert len({one["details"]["key"] for one in entries}) == 1


def test_who_refuses_after_the_first_answers_leaves_them_counted_and_no_file(asks, monkeypatch, tmp_path):
    monkeypatch.setattr("confide.encrypted.messages.MOST_TOGETHER", 32)
    compiled = risk()
    told, _, entries, named = asks(compiled, spend=Quota(tmp_path / "n", compiled.form, 40).spend)
    assert isinstance(told, AccessDenied)
    assert (len(entries), len(named)) == (1, 1)
    assert not (asks.folder / "answers.csv").exists()


@pytest.mark.parametrize(
    ("settings", "change", "code"),
    [
        ({"source": "letters"}, {}, "encrypted.no-source"),
        ({"target": "north/study.toml"}, {}, "encrypted.exists"),
        ({}, {"age": (0.0, 5.0)}, "encrypted.outside"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent_or_written_down(
    asks, settings, change, code
):
    told, server, entries, named = asks(risk(**change), **settings)
    assert told.code == code
    assert (server.keys, server.requests, entries, named) == ([], [], [], [])


def test_a_table_that_is_read_in_pieces_is_none_to_ask_about(asks):
    def cut(place):
        for section in place.study.source:
            object.__setattr__(section, "pieces", section.holds == "table")

    told, server, entries, named = asks(risk(), change=cut)
    assert (told.code, told.public["known"]) == ("encrypted.no-source", "-")
    assert (server.keys, entries, named) == ([], [], [])


def test_a_model_of_a_column_that_is_not_there_is_refused_and_the_column_named(asks):
    told, server, _, named = asks(tiny())
    assert (told.code, told.public["feature"]) == ("encrypted.no-column", "a")
    assert (server.keys, named) == ([], [])


@pytest.mark.parametrize("granted", [False, True], ids=["new", "granted-before"])
def test_a_study_whose_last_day_is_over_asks_nothing(asks, granted):
    def expire(place):
        object.__setattr__(place.study.account, "expires", "2099-12-31")
        if granted:
            grant(place.study, place.ledger)
        place.ledger.store._clock = lambda: "2100-01-01T00:00:00Z"

    told, server, entries, named = asks(risk(), change=expire)
    assert isinstance(told, BudgetExceeded)
    assert (server.keys, entries, named) == ([], [], [])


def question(ledger, *, account="inpatients", ask=None):
    compiled, told = tiny(), []
    server = Server(compiled, spend=no_quota)

    def enroll(client):
        told.append(client)
        server.enroll("ward", client.public_key())

    said = ask_model(
        ledger, compiled.form, np.zeros((3, 3)),
        ask or (lambda client, rows: client.read(server.answer("ward", client.ask(rows)))),
        study="study", account=account, enroll=enroll,
    )  # fmt: skip
    return said, told[0], compiled


def test_decryptions_are_counted_under_their_key_and_answers_named_as_not_private():
    ledger = open_with(Clock())
    said, client, compiled = question(ledger)
    assert said[:, 0] == pytest.approx(0.25, abs=compiled.form.error)
    assert [each["what"] for each in ledger.not_private("inpatients")] == ["answers of encrypted model tiny"]
    assert decrypted_under(ledger, client.key_name) == [("", 1)]
    assert decrypted_under(ledger, Client(compiled.form).key_name) == []


def test_answers_that_never_came_are_named_but_no_decryption_is_counted():
    ledger = open_with(Clock())

    def broken(client, rows):
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        question(ledger, ask=broken)
    assert len([*ledger.not_private("inpatients")]) == 1
    assert [*ledger.store.all(kind="record")] == []


def test_an_account_that_does_not_exist_is_asked_about_by_nobody():
    ledger, sent = open_with(Clock()), []
    with pytest.raises(InvalidInput):
        question(ledger, account="strangers", ask=lambda client, rows: sent.append(rows))
    assert sent == []
    assert [*ledger.not_private("strangers")] == []


def test_where_the_ledger_cannot_be_written_nothing_is_decrypted():
    ledger, opened = open_with(Clock()), []

    def refuse(*told, **fields):
        raise InvalidInput("ledger.record-form")

    def watched(client, rows):
        server = Server(tiny(), spend=no_quota)
        server.enroll("ward", client.public_key())
        reply = server.answer("ward", client.ask(rows))
        client._decryptor = None  # whoever decrypts before counting fails otherwise than by the ledger
        opened.append(reply)
        return client.read(reply)

    ledger.record = refuse
    with pytest.raises(InvalidInput, match=r"record"):
        question(ledger, ask=watched)
    assert len(opened) == 1
