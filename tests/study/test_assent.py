"""Approval by digest: what an officer signs is this manifest and no other, once; a revocation ends it."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from confide.crypto.sign import new_key
from confide.crypto.text import to_base64
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.federated.horizontal import task_of
from confide.federated.learning import Learning
from confide.ledger.home import open_ledger
from confide.ledger.requests import new_request, sign_request
from confide.study import assent
from confide.study.config import StudySection
from confide.study.hosting import read_model
from confide.study.learnt import ModelSection
from confide.study.manifest import FederationSection, HubSection, Manifest, PrivacySection, SiteSection

KEYS = [new_key() for _ in range(5)]


def manifest(**changes) -> Manifest:
    whole = Manifest(
        study=StudySection(name="together", purpose="test", requester="us"),
        federation=FederationSection(threshold=3, expires="2099-12-31", code="0" * 64),
        hub=HubSection(key=KEYS[4].public),
        site=tuple(SiteSection(name=f"site-{at}", key=KEYS[at].public) for at in range(4)),
        model=ModelSection(features=("number(age, 0, 100)",), target="readmitted"),
        learning=Learning(rounds=3, rate=0.5),
    )
    return replace(whole, **changes)


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path / "home") as opened:
        yield opened


def found_role(ledger, key, *roles):
    fields = {"label": "officer", "key": key.public, "roles": sorted({*roles, "approve"})}
    ledger.carry_out(sign_request(new_request("appoint", fields, ledger), key))


@pytest.mark.parametrize(
    "other",
    [
        {"learning": Learning(rounds=4, rate=0.5)},
        {"model": ModelSection(features=("number(age, 0, 101)",), target="readmitted")},
        {"federation": FederationSection(threshold=4, expires="2099-12-31", code="0" * 64)},
        {"federation": FederationSection(threshold=3, expires="2099-12-31", code="1" * 64)},
        {"hub": HubSection(key=new_key().public)},
        {"hub": HubSection(key=KEYS[4].public, address="127.0.0.1:8471")},
        {"study": StudySection(name="together", purpose="another", requester="us")},
    ],
)
def test_an_assent_counts_for_no_other_manifest(ledger, other):
    ours = manifest()
    assent.give(ledger, ours, heard=ours.digest())
    assent.verify_given(ledger, ours)
    theirs = manifest(**other)
    with pytest.raises(AccessDenied):
        assent.give(ledger, theirs, heard=ours.digest())
    assert theirs.digest() != ours.digest()
    assert (
        theirs.settings().digest() != ours.settings().digest()
    )  # nor does a message of one round fit the other
    with pytest.raises(AccessDenied):
        assent.verify_given(ledger, theirs)


def test_the_last_word_counts_and_each_word_is_said_once(ledger):
    ours = manifest()
    with pytest.raises(InvalidInput):
        assent.revoke(ledger, ours)
    for _ in range(2):
        assent.give(ledger, ours, heard=ours.digest())
        with pytest.raises(InvalidInput):
            assent.give(ledger, ours, heard=ours.digest())
        assent.revoke(ledger, ours)
        with pytest.raises(AccessDenied):
            assent.verify_given(ledger, ours)


def test_where_roles_were_founded_an_officer_s_signature_counts_once_and_for_this_alone(ledger):
    officer, ours = new_key(), manifest()
    found_role(ledger, officer)
    with pytest.raises(AccessDenied):
        assent.give(ledger, ours, heard=ours.digest())
    with pytest.raises(AccessDenied):  # nobody signed
        assent.give(ledger, ours, heard=ours.digest(), request=assent.ask_for(ledger, ours, assent.GIVEN))
    other = sign_request(
        assent.ask_for(ledger, manifest(learning=Learning(rounds=9, rate=1)), assent.GIVEN), officer
    )
    wrong = sign_request(assent.ask_for(ledger, ours, assent.REVOKED), officer)
    for request in (other, wrong):
        with pytest.raises(AccessDenied):
            assent.give(ledger, ours, heard=ours.digest(), request=request)
    right = sign_request(assent.ask_for(ledger, ours, assent.GIVEN), officer)
    assent.give(ledger, ours, heard=ours.digest(), request=right)
    assent.verify_given(ledger, ours)
    assent.revoke(ledger, ours, request=wrong)
    with pytest.raises(InvalidInput):  # an approval that was used does not bring back what was revoked
        assent.give(ledger, ours, heard=ours.digest(), request=right)
    assert not assent.is_given(ledger, ours)


def test_after_the_last_day_nothing_is_approved_or_answered(ledger):
    over = manifest(federation=FederationSection(threshold=3, expires="2020-01-01", code="0" * 64))
    with pytest.raises(InvalidInput):
        assent.give(ledger, over, heard=over.digest())
    ledger.record(
        assent.GIVEN, details={"federation": "together", "manifest": over.digest()}
    )  # given in time
    assert assent.is_given(ledger, over)
    with pytest.raises(InvalidInput):
        assent.verify_given(ledger, over)


def test_privacy_is_said_where_somebody_is_protected_and_nowhere_else():
    protected = Learning(rounds=3, rate=0.5, protection="patient", clip=1.0, patients=100)
    with pytest.raises(InvalidInput) as refused:
        manifest(learning=protected)
    assert refused.value.code == "fed.privacy-missing"
    with pytest.raises(InvalidInput) as refused:
        manifest(privacy=PrivacySection(epsilon=1.0, delta=1e-6))
    assert refused.value.code == "fed.privacy-unused"
    both = manifest(learning=protected, privacy=PrivacySection(epsilon=1.0, delta=1e-6))
    told = both.prices()
    assert told is not None
    assert told.coalition <= 1.0
    assert manifest().prices() is None


def written(ours: Manifest, key, **changes) -> bytes:
    """A model as its hub writes it; `changes` are made before it is signed."""
    weights = task_of(np.arange(ours.length, dtype=np.float64))
    statement = {
        "kind": "confide federated model 1", "manifest": ours.digest(), "weights": hashlib.sha256(weights).hexdigest(),
    } | changes  # fmt: skip
    whole = {
        "statement": statement,
        "signature": key.sign(statement).to_json(),
        "weights": to_base64(weights),
    }
    return json.dumps(whole).encode()


def test_a_model_is_read_as_its_hub_signed_it():
    ours = manifest()
    model, signed = read_model(written(ours, KEYS[4]), ours)
    assert model.tolist() == list(range(ours.length))
    assert signed["manifest"] == ours.digest()


def test_a_model_of_somebody_else_or_changed_is_refused_by_name():
    ours = manifest()
    sound = written(ours, KEYS[4])
    other = json.loads(sound) | {"weights": to_base64(task_of(np.zeros(ours.length)))}
    changed = json.loads(sound)
    changed["statement"]["note"] = "added"
    refusals = [
        (written(ours, KEYS[0]), IntegrityError, "fed.model-changed"),  # signed, but by a site
        (json.dumps(other).encode(), IntegrityError, "fed.model-changed"),
        (json.dumps(changed).encode(), IntegrityError, "crypto.not-what-was-signed"),
        (written(ours, KEYS[4], manifest="0" * 64), InvalidInput, "fed.model-of-another"),
        (written(ours, KEYS[4], kind="another"), InvalidInput, "fed.no-model"),
        (b"{}", InvalidInput, "fed.no-model"),
        (b"[1]", InvalidInput, "fed.no-model"),
        (b"\xff", InvalidInput, "fed.no-model"),
    ]
    for document, kind, code in refusals:
        with pytest.raises(kind) as refused:
            read_model(document, ours)
        assert refused.value.code == code
