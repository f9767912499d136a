"""A box opens for one private key and one purpose, by either algorithm; a fingerprint is of one key."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from confide.crypto.sign import new_key, verify
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault.boxes import (
    LARGEST_KEY,
    close_box,
    fingerprint,
    new_box_key,
    open_box,
    signing_key,
    verify_box_key,
    verify_fingerprint,
)

ALGORITHMS = ("hpke-x25519", "rsa-oaep-3072")


@pytest.fixture(scope="module")
def pairs():
    """Two key pairs of each algorithm."""
    return {name: (new_box_key(name), new_box_key(name)) for name in ALGORITHMS}


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("plain", [b"", b"x" * 100_000])
def test_a_box_opens_for_its_key_and_purpose(pairs, name, plain):
    private, public = pairs[name][0]
    assert open_box(name, private, close_box(name, public, plain, b"purpose"), b"purpose") == plain


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_box_opens_for_no_other_key_purpose_or_algorithm_and_not_altered(pairs, name):
    (private, public), (other, _) = pairs[name]
    box = close_box(name, public, b"data keys", b"purpose")
    assert close_box(name, public, b"data keys", b"purpose") != box, "each is closed anew"
    wrong = [(other, box, b"purpose"), (private, box, b"another"), (private, [*box, box[0]], b"purpose"),
             (private, [], b"purpose"), (private, ["!", *box[1:]], b"purpose"), (private, ["é"] * len(box), b"purpose")]  # fmt: skip
    for at, part in enumerate(box):
        altered = (part[:4] + ("B" if part[4] != "B" else "C") + part[5:], part[:-8], part[8:], "")
        wrong += [(private, [*box[:at], each, *box[at + 1 :]], b"purpose") for each in altered]
    for key, content, purpose in wrong:
        with pytest.raises(IntegrityError):
            open_box(name, key, content, purpose)


def test_a_private_key_of_another_kind_opens_nothing(pairs):
    box = close_box("rsa-oaep-3072", pairs["rsa-oaep-3072"][0][1], b"x", b"p")
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    with pytest.raises(IntegrityError):
        open_box("rsa-oaep-3072", other, box, b"p")


def test_a_public_key_that_will_not_do_is_refused(pairs):
    short = rsa.generate_private_key(65537, 2048).public_key()
    pem = short.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    (_, curve), (_, modulus) = pairs["hpke-x25519"][0], pairs["rsa-oaep-3072"][0]
    for name, public in (("rsa-oaep-3072", pem), ("rsa-oaep-3072", curve), ("hpke-x25519", modulus), ("des", curve),
                         ("hpke-x25519", curve[:-1]), ("rsa-oaep-3072", modulus + "\n" * LARGEST_KEY)):  # fmt: skip
        with pytest.raises(InvalidInput):
            verify_box_key(name, public)
        with pytest.raises(InvalidInput):
            close_box(name, public, b"x", b"p")


def test_the_signing_key_of_a_vault_is_the_same_for_ever_and_of_no_other_vault(vault):
    key = signing_key(vault)
    assert key.public == signing_key(vault).public
    verify({"kind": "x"}, key.sign({"kind": "x"}))


def test_a_fingerprint_is_heard_in_any_spelling_and_of_one_key_only():
    key, other = new_key().public, new_key().public
    heard = fingerprint(key)
    for spelling in (heard, heard.upper(), heard.replace(" ", ""), f" {heard} "):
        verify_fingerprint(key, spelling)
    for wrong in (fingerprint(other), heard[:-1], heard[:-1] + "g", "", key):
        with pytest.raises(AccessDenied):
            verify_fingerprint(key, wrong)
