"""A proof of one entry: checked by somebody who holds a key and nothing else."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from logs import ORIGIN, MemoryLog

from confide.crypto.note import cosigned, new_signer
from confide.errors import ConfideError, IntegrityError
from confide.transparency.kept import Cosigned
from confide.transparency.proof import LONGEST_PROOF, Proved, check_proof, prove

LOG = MemoryLog(23)
KEY = LOG.signer.verifier
NORTH, SOUTH = (new_signer(f"{name}.example/witness") for name in ("north", "south"))
NOTE = cosigned(LOG.checkpoint(), NORTH, 77)


def proof_of(index, note=NOTE):
    return prove(LOG, index, entry=LOG.entries[index], salt=LOG.salts[index], note=note)


def data_of(proof, **changes):
    return json.dumps(proof | changes).encode()


GOOD = proof_of(5)


@given(index=st.integers(0, 22))
def test_every_entry_is_proved_to_whoever_holds_the_keys(index):
    found = check_proof(data_of(proof_of(index)), KEY, [NORTH.cosigner])
    assert found == Proved(ORIGIN, index, 23, LOG.entries[index], (Cosigned(NORTH.name, 23, 77),))
    assert check_proof(data_of(proof_of(index)), KEY).cosigned == ()


def test_a_proof_shows_no_other_entry():
    text = json.dumps(GOOD)
    assert all(entry not in text for entry in LOG.entries if entry != LOG.entries[5])
    assert all(salt.hex() not in text for salt in LOG.salts if salt != LOG.salts[5])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"entry": LOG.entries[6]}, "crypto.inclusion"),
        ({"sequence": 6}, "crypto.inclusion"),
        ({"sequence": -1}, "crypto.inclusion"),
        ({"sequence": 10**400}, "crypto.inclusion"),
        ({"salt": LOG.salts[6].hex()}, "crypto.inclusion"),
        ({"inclusion": GOOD["inclusion"][1:]}, "crypto.inclusion"),
        ({"inclusion": [*GOOD["inclusion"], GOOD["inclusion"][0]]}, "crypto.inclusion"),
        ({"checkpoint": LOG.checkpoint_of(22)}, "crypto.not-signed"),  # not cosigned
        ({"checkpoint": cosigned(LOG.checkpoint_of(6), NORTH, 1)}, "crypto.inclusion"),
        ({"checkpoint": "x"}, "crypto.checkpoint"),
        ({"format": "confide-proof/2"}, "transparency.proof"),
        ({"sequence": True}, "transparency.proof"),
        ({"sequence": "5"}, "transparency.proof"),
        ({"sequence": 5.0}, "transparency.proof"),
        ({"entry": None}, "transparency.proof"),
        ({"entry": "\ud800"}, "transparency.proof"),
        ({"salt": "zz"}, "transparency.proof"),
        ({"salt": ""}, "transparency.proof"),
        ({"salt": GOOD["salt"].upper() + "0"}, "transparency.proof"),
        ({"salt": " " + GOOD["salt"]}, "transparency.proof"),
        ({"inclusion": "x"}, "transparency.proof"),
        ({"inclusion": [5]}, "transparency.proof"),
        ({"inclusion": GOOD["inclusion"][:1] * 63}, "crypto.inclusion"),
        ({"inclusion": GOOD["inclusion"][:1] * 64}, "transparency.proof"),
        ({"inclusion": ["AAAA"]}, "transparency.proof"),
        ({"inclusion": [GOOD["inclusion"][0].rstrip("=")]}, "transparency.proof"),
        ({"more": 1}, "transparency.proof"),
    ],
)
def test_a_changed_proof_proves_nothing(changes, code):
    with pytest.raises(IntegrityError) as refused:
        check_proof(data_of(GOOD, **changes), KEY, [NORTH.cosigner])
    assert refused.value.code == code


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"[" * 100_000,
        b"\xff",
        b'{"format":"confide-proof/1"}',
        b" " * (LONGEST_PROOF + 1),
    ],
)
def test_what_is_no_proof_is_refused(data):
    with pytest.raises(IntegrityError):
        check_proof(data, KEY)


def test_every_asked_witness_must_have_cosigned():
    with pytest.raises(IntegrityError) as refused:
        check_proof(data_of(GOOD), KEY, [NORTH.cosigner, SOUTH.cosigner])
    assert refused.value.code == "crypto.not-signed"
    assert refused.value.public == {"name": SOUTH.name}


def test_the_proof_of_another_log_or_under_another_key_is_refused():
    for key, code in (
        (new_signer(ORIGIN).verifier, "crypto.not-signed"),
        (new_signer("other.example").verifier, "transparency.other-log"),
    ):
        with pytest.raises(IntegrityError) as refused:
            check_proof(data_of(GOOD), key)
        assert refused.value.code == code


@given(data=st.binary(max_size=400), at=st.integers(0, 3000), cut=st.integers(0, 30))
def test_whatever_is_read_as_a_proof_is_one_or_is_refused(data, at, cut):
    whole = data_of(GOOD)
    changed = whole[:at] + data + whole[at + cut :]
    assume(changed != whole)
    try:
        found = check_proof(changed, KEY, [NORTH.cosigner])
    except ConfideError as refused:
        assert isinstance(refused, IntegrityError)  # noqa: PT017
        return
    assert (found.sequence, found.entry) == (5, LOG.entries[5])


@pytest.mark.parametrize("sequence", [-1, 23, 10**9])
def test_an_entry_beyond_the_checkpoint_is_not_proved(sequence):
    with pytest.raises(IntegrityError) as refused:
        prove(LOG, sequence, entry="", salt=bytes(16), note=NOTE)
    assert refused.value.code == "transparency.no-entry"
    assert refused.value.public == {"sequence": sequence, "size": 23}
