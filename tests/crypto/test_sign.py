"""A signature holds for the statement that was signed and for nothing else; a key shows nothing of itself."""

import copy
import pickle
import subprocess
import warnings

import pytest
from cryptography.hazmat.primitives.asymmetric import dh, ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto.canonical import canonical
from confide.crypto.sign import PersonKey, Signature, digest, from_pem, new_key, verify, verify_public_key
from confide.errors import AccessDenied, IntegrityError, InvalidInput

PASSPHRASE = "several words apart"
KEY = PersonKey(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
statements = st.fixed_dictionaries({"kind": st.text(max_size=5), "fields": values})


@given(statement=statements, data=st.data())
def test_what_was_signed_verifies_whatever_the_order_of_its_keys(statement, data):
    turned = dict(reversed(statement.items()))
    verify(turned, KEY.sign(statement))
    assert digest(turned) == digest(statement)


@given(signed=statements, other=statements)
def test_no_other_statement_verifies(signed, other):
    if canonical(signed) != canonical(other):
        with pytest.raises(IntegrityError, match="does not belong"):
            verify(other, KEY.sign(signed))
        assert digest(signed) != digest(other)


@given(bit=st.integers(0, 511))
def test_no_changed_bit_of_a_signature_verifies(bit):
    import base64

    signature = KEY.sign({"kind": "x"})
    changed = bytearray(base64.b64decode(signature.signature))
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(IntegrityError):
        verify({"kind": "x"}, Signature(signature.key, base64.b64encode(changed).decode()))


def test_the_signature_of_another_key_does_not_verify():
    signature = KEY.sign({"kind": "x"})
    with pytest.raises(IntegrityError):
        verify({"kind": "x"}, Signature(new_key().public, signature.signature))


def test_the_signed_bytes_are_those_that_the_format_names():
    import base64

    public = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(KEY.public))
    signature = base64.b64decode(KEY.sign({"kind": "x", "a": [1, None]}).signature)
    public.verify(signature, b'confide statement 1\0{"a":[1,null],"kind":"x"}')


def test_bytes_signed_for_another_purpose_are_no_statement():
    import base64

    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    bare = Signature(KEY.public, base64.b64encode(private.sign(b'{"kind":"x"}')).decode())
    with pytest.raises(IntegrityError):
        verify({"kind": "x"}, bare)


def test_a_key_comes_back_from_its_file_and_openssl_reads_it(tmp_path):
    pem = KEY.to_pem(PASSPHRASE)
    again = from_pem(b"\n " + pem, PASSPHRASE)
    assert again.public == KEY.public
    assert again.sign({"kind": "x"}) == KEY.sign({"kind": "x"})
    (tmp_path / "key").write_bytes(pem)
    told = subprocess.run(
        ["openssl", "pkey", "-in", tmp_path / "key", "-passin", f"pass:{PASSPHRASE}", "-noout", "-text_pub"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert KEY.public in "".join(told.split("pub:")[1].split()).replace(":", "")


def test_a_passphrase_is_the_same_on_every_keyboard():
    assert from_pem(KEY.to_pem("é" * 12), "e\u0301" * 12).public == KEY.public
    assert (
        from_pem(KEY.to_pem("\ud800" * 12), "\ud800" * 12).public == KEY.public
    )  # what an odd terminal hands over


def test_another_passphrase_is_refused():
    with pytest.raises(AccessDenied, match="passphrase"):
        from_pem(KEY.to_pem(PASSPHRASE), PASSPHRASE + "!")


def test_a_short_passphrase_is_refused():
    KEY.to_pem("x" * 12)
    with pytest.raises(InvalidInput, match="fewer than 12"):
        KEY.to_pem("x" * 11)


def pem_of(private, lock):
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def test_a_key_that_lies_open_or_is_of_another_kind_is_refused():
    lock = BestAvailableEncryption(PASSPHRASE.encode())
    other = pem_of(ec.generate_private_key(ec.SECP256R1()), lock)
    for pem in (pem_of(ed25519.Ed25519PrivateKey.generate(), NoEncryption()), b"", b"\xff" * 50, other):
        with pytest.raises(InvalidInput, match="not the encrypted key"):
            from_pem(pem, PASSPHRASE)


def test_a_private_key_is_in_no_repr_no_pickle_and_no_copy():
    secret = bytes(range(32)).hex()
    assert secret not in repr(KEY)
    assert KEY.public in repr(KEY)
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"^a private key is kept by `to_pem`, under a passphrase$"):
            take(KEY)


def test_a_signature_comes_back_from_json():
    signature = KEY.sign({"kind": "x"})
    assert Signature.from_json(signature.to_json()) == signature


@pytest.mark.parametrize(
    "change",
    [
        {"key": "AB" * 32},  # a second spelling
        {"key": "ab" * 31},
        {"key": 7},
        {"signature": "AAAA"},
        {"signature": "!" * 88},
        {"signature": "é" * 88},
        {"signature": 7},
        {"more": "x"},
    ],
)
def test_what_has_not_the_form_of_a_signature_is_refused(change):
    with pytest.raises(InvalidInput, match="this is not a"):
        Signature.from_json(KEY.sign({"kind": "x"}).to_json() | change)


def test_a_second_spelling_of_the_same_signature_is_refused():
    text = KEY.sign({"kind": "x"}).signature
    assert text.endswith("==")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    again = text[:-3] + letters[letters.index(text[-3]) + 1] + "=="
    with pytest.raises(InvalidInput, match="not a signature"):
        Signature(KEY.public, again)


def test_a_signature_is_an_object():
    with pytest.raises(InvalidInput, match="not a signature"):
        Signature.from_json("x")


@pytest.mark.parametrize(
    "statement", [{}, {"kind": 1}, {"kind": "x", "n": float("nan")}, {"kind": "x", 1: 2}, {"kind": "x", "s": {1}},
                  {"kind": "x", "s": "\ud800"}]
)  # fmt: skip
def test_what_is_no_statement_is_refused(statement):
    with pytest.raises(InvalidInput, match="not a statement"):
        KEY.sign(statement)


def test_a_public_key_has_one_spelling():
    assert verify_public_key(KEY.public) == KEY.public
    for other in (KEY.public.upper(), KEY.public[:-1], KEY.public + "\n", None):
        with pytest.raises(InvalidInput, match="not a public key"):
            verify_public_key(other)


def test_a_forged_signature_is_refused_by_the_beginning_of_its_key():
    with pytest.raises(IntegrityError) as caught:
        verify({"kind": "y"}, KEY.sign({"kind": "x"}))
    assert (caught.value.code, caught.value.public) == (
        "crypto.not-what-was-signed",
        {"key": KEY.public[:16]},
    )


def test_a_key_that_pyca_or_openssl_locked_opens_too():
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    pem = pem_of(private, BestAvailableEncryption(PASSPHRASE.encode()))
    assert from_pem(pem, PASSPHRASE).public == KEY.public


def test_an_old_kind_of_key_is_refused_without_a_warning_of_the_library():
    """pyca warns of Diffie-Hellman over finite fields where it reads it; the sentence is ours alone."""
    with warnings.catch_warnings(action="ignore"):
        old = dh.generate_parameters(2, 512).generate_private_key()
        pem = pem_of(old, BestAvailableEncryption(PASSPHRASE.encode()))
    with warnings.catch_warnings(action="error"), pytest.raises(InvalidInput) as caught:
        from_pem(pem, PASSPHRASE)
    assert caught.value.code == "crypto.no-person-key"


@pytest.mark.parametrize("top", [0, 1])
@pytest.mark.parametrize("name", ["0", "1", "p-1", "q", "p-q", "p", "p+5", "2^255-1"])
def test_a_key_under_which_anybody_could_sign_or_with_a_second_spelling_is_refused(name, top):
    p, q = 2**255 - 19, 2707385501144840649318225287225658788936804267575313519463743609750303402022
    y = {"0": 0, "1": 1, "p-1": p - 1, "q": q, "p-q": p - q, "p": p, "p+5": p + 5, "2^255-1": 2**255 - 1}[
        name
    ]
    with pytest.raises(InvalidInput) as refused:
        verify_public_key((y | top << 255).to_bytes(32, "little").hex())
    assert refused.value.code == "crypto.public-key-weak"
