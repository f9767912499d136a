"""Whatever reaches owner or hospital, it is refused in one sentence or is what was meant; nothing is answered in plain."""

from pathlib import Path

import numpy as np
import pytest
import tenseal as ts
from hypothesis import given, settings
from hypothesis import strategies as st
from models_of import asked, no_quota, pair, tiny

from confide.encrypted.client import Client
from confide.encrypted.form import Form
from confide.encrypted.parameters import Parameters
from confide.encrypted.quota import Quota
from confide.encrypted.server import Server
from confide.errors import AccessDenied, ConfideError, InvalidInput

COMPILED = tiny()
CLIENT, SERVER = pair(COMPILED, decryptions=10**6)
ROWS = np.array([[0.5, -0.5, 1.0]])
REQUEST, KEY = CLIENT.ask(ROWS), CLIENT.public_key()
REPLY = SERVER.answer("ward", REQUEST)


def refused_or(act, message):
    """Return what `act` makes of a message; an error that is not ours is a finding."""
    try:
        return act(message)
    except ConfideError as error:
        return None if error.exit_code in (2, 6) else pytest.fail(error.code)


@settings(max_examples=150)
@given(
    which=st.sampled_from(["request", "key", "reply"]),
    at=st.integers(0, 2**17),
    change=st.binary(min_size=1, max_size=40),
    cut=st.integers(0, 2**17),
    keep=st.booleans(),
)
def test_a_damaged_message_is_refused_or_answered_but_never_more(which, at, change, cut, keep):
    act, good = {
        "request": (lambda m: SERVER.answer("ward", m), REQUEST),
        "key": (lambda m: Server(COMPILED, spend=no_quota).enroll("other", m), KEY),
        "reply": (CLIENT.read, REPLY),
    }[which]
    at %= len(good)
    damaged = good[:at] + change + good[at + len(change) :]
    if not keep:
        damaged = damaged[: cut % len(good)]
    found = refused_or(act, damaged)
    if which == "request" and found is not None:
        assert len(found) == len(REPLY)


@settings(max_examples=100)
@given(message=st.binary(max_size=200))
def test_foreign_bytes_are_refused(message):
    for act in (lambda m: SERVER.answer("ward", m), lambda m: SERVER.enroll("ward", m), CLIENT.read):
        with pytest.raises(InvalidInput):
            act(message)


def test_what_other_libraries_write_is_refused_unread_as_it_may_hold_a_secret_key():
    context = ts.context(ts.SCHEME_TYPE.CKKS, 8192, coeff_mod_bit_sizes=[60, 40, 60])
    context.global_scale = 2.0**40
    vector = ts.ckks_vector(context, [1.0, 2.0])
    for foreign in (context.serialize(save_secret_key=True), vector.serialize()):
        for act in (lambda m: SERVER.answer("ward", m), lambda m: SERVER.enroll("ward", m)):
            with pytest.raises(InvalidInput, match=r"another encryption library|no message"):
                act(foreign)


def test_a_truncated_and_a_longer_request_are_refused_by_their_size():
    for message in (REQUEST[:-1], REQUEST + b"\0", REQUEST[:60], REQUEST + REQUEST):
        with pytest.raises(InvalidInput, match="bytes where"):
            SERVER.answer("ward", message)


def test_a_request_that_claims_more_records_than_it_holds_is_refused():
    for records in (0, 2**31, 2**16 + 1, 5000):
        with pytest.raises(InvalidInput, match=r"1 to 65536 records|bytes where"):
            SERVER.answer("ward", REQUEST[:56] + records.to_bytes(4, "little") + REQUEST[60:])


def test_another_version_or_form_is_refused():
    with pytest.raises(InvalidInput, match="format 9"):
        SERVER.answer("ward", REQUEST[:4] + b"\x09" + REQUEST[5:])
    other = tiny(answers="rounded", resolution=0.5)
    with pytest.raises(InvalidInput, match="another form"):
        SERVER.answer("ward", Client(other.form).ask(ROWS))


def test_residues_beyond_their_prime_are_no_ciphertext():
    with pytest.raises(InvalidInput, match="no ciphertext"):
        SERVER.answer("ward", REQUEST[:60] + b"\xff" * 600 + REQUEST[660:])


def test_a_record_that_is_not_encrypted_is_refused():
    half = (len(REQUEST) - 60) // 2
    with pytest.raises(InvalidInput, match="no ciphertext"):
        SERVER.answer("ward", REQUEST[: 60 + half] + bytes(half))


@pytest.mark.parametrize("start", [0, 1])
def test_a_public_key_of_zeros_or_of_one_number_is_refused(start):
    half = (len(KEY) - 60) // 2
    weak = KEY[: 60 + start * half] + bytes(half) + KEY[60 + (start + 1) * half :]
    with pytest.raises(InvalidInput, match="does not look like one"):
        SERVER.enroll("ward", weak)


def test_a_reply_is_read_once_and_only_by_who_asked():
    compiled = tiny()
    client, server = pair(compiled)
    reply = server.answer("ward", client.ask(ROWS))
    with pytest.raises(InvalidInput, match="nothing that this client has asked"):
        Client(compiled.form).read(reply)
    client.read(reply)
    with pytest.raises(InvalidInput, match="was read before"):
        client.read(reply)


def test_two_requests_with_the_same_record_have_nothing_in_common():
    first, second = CLIENT.ask(ROWS), CLIENT.ask(ROWS)
    assert len(first) == len(second)
    assert np.mean(np.frombuffer(first[60:], np.uint8) == np.frombuffer(second[60:], np.uint8)) < 0.03


def test_answers_are_counted_before_they_are_made_and_refused_beyond_the_quota(tmp_path):
    compiled = tiny()
    quota = Quota(tmp_path / "answers", compiled.form, 5)
    client, server = Client(compiled.form), Server(compiled, spend=quota.spend)
    server.enroll("ward", client.public_key())
    asked(client, server, np.zeros((4, 3)))
    with pytest.raises(AccessDenied, match="2 answers are asked for, and 1 of 5 are left") as refused:
        asked(client, server, np.zeros((2, 3)))
    assert "every 4 raw answers" in refused.value.hint
    again = Quota(tmp_path / "answers", compiled.form, 5)  # a restart forgets nothing
    again.spend("ward", 1)
    with pytest.raises(AccessDenied):
        again.spend("ward", 1)
    again.spend("other", 5)


def test_a_refused_request_is_not_counted():
    spent = []
    server = Server(COMPILED, spend=lambda client, answers: spent.append(answers))
    server.enroll("ward", KEY)
    with pytest.raises(InvalidInput):
        server.answer("ward", REQUEST[:-1])
    assert spent == []
    server.answer("ward", REQUEST)
    assert spent == [1]


def test_nothing_secret_shows_in_a_repr_and_no_key_is_pickled():
    import pickle

    assert repr(CLIENT) == "<Client>"
    with pytest.raises(TypeError, match="secret key"):
        pickle.dumps(CLIENT)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(COMPILED.form.to_json())), value=any_json)
def test_a_form_with_any_field_changed_is_refused_or_sound(field, value):
    refused_or(Form.from_json, COMPILED.form.to_json() | {field: value})


@pytest.mark.parametrize("name", ["", " ", "a\x1b[2J", "a\nb", "a\u202eb", "a" * 201])
@pytest.mark.parametrize("field", ["name", "features", "outputs"])
def test_a_form_cannot_write_into_the_terminal_or_the_ledger_of_who_asks(field, name):
    told = COMPILED.form.to_json()
    changed = name if field == "name" else [name, *told[field][1:]]
    with pytest.raises(InvalidInput, match="no form"):
        Form.from_json(told | {field: changed})


@pytest.mark.parametrize(
    "settings",
    [
        {"degree": 4096, "primes": (60, 60, 16), "plain_bits": 20},  # below 128 bits
        {"degree": 1024, "primes": (20, 17), "plain_bits": 20},
        {"degree": 4096, "primes": (47,), "plain_bits": 20},
        {"degree": 4096, "primes": (47, 46, 16), "plain_bits": 60},
    ],
)
def test_parameters_below_128_bits_or_unknown_are_refused(settings):
    with pytest.raises(InvalidInput, match="128 bits"):
        Parameters(**settings)


def test_no_file_is_left_behind_by_what_passes_through_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = len([*Path("/proc/self/fd").iterdir()])
    asked(*pair(tiny()), ROWS)
    assert [*tmp_path.iterdir()] == []
    assert len([*Path("/proc/self/fd").iterdir()]) == before
