"""A package opens with the recipient's key and purpose alone; the suite is RFC 9180's, and Tink's."""

import io

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given
from hypothesis import strategies as st
from tink import cleartext_keyset_handle, hybrid
from tink.proto import hpke_pb2, tink_pb2

from confide.crypto import hpke
from confide.crypto.aead import bind
from confide.errors import IntegrityError, InvalidInput

KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))


def tink_primitives(key):
    """Return what encrypts to `key` and what decrypts with it, in Tink, without Tink's prefix."""
    hybrid.register()
    public = hpke_pb2.HpkePublicKey(public_key=key.public_key().public_bytes_raw())
    public.params.kem = hpke_pb2.DHKEM_X25519_HKDF_SHA256
    public.params.kdf = hpke_pb2.HKDF_SHA256
    public.params.aead = hpke_pb2.AES_256_GCM
    private = hpke_pb2.HpkePrivateKey(public_key=public, private_key=key.private_bytes_raw())
    keyset = tink_pb2.Keyset(primary_key_id=1)
    entry = keyset.key.add(key_id=1, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.RAW)
    entry.key_data.type_url = "type.googleapis.com/google.crypto.tink.HpkePrivateKey"
    entry.key_data.value = private.SerializeToString()
    entry.key_data.key_material_type = tink_pb2.KeyData.ASYMMETRIC_PRIVATE
    handle = cleartext_keyset_handle.from_keyset(keyset)
    return handle.public_keyset_handle().primitive(hybrid.HybridEncrypt), handle.primitive(
        hybrid.HybridDecrypt
    )


@given(plain=st.binary(max_size=100), purpose=st.binary(max_size=40))
def test_a_package_opens_again_and_tink_agrees_both_ways(plain, purpose):
    encrypting, decrypting = tink_primitives(KEY)
    info = bind(b"confide package 1", purpose)
    sealed = hpke.seal(KEY.public_key(), plain, purpose)
    assert hpke.open_sealed(KEY, sealed, purpose) == plain
    assert decrypting.decrypt(sealed, info) == plain
    assert hpke.open_sealed(KEY, encrypting.encrypt(plain, info), purpose) == plain


def test_the_library_gives_the_first_vector_of_rfc_9180():
    """Appendix A.1.1; AES-128-GCM stands there. pyca's call takes no associated data, so the RFC's key and nonce do."""
    private = X25519PrivateKey.from_private_bytes(
        bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
    )
    enc = bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
    key, nonce = bytes.fromhex("4531685d41d65f03dc48f6b8302c05b0"), bytes.fromhex("56d890e5accaaf011cff4b7d")
    plain = b"Beauty is truth, truth beauty"
    published = bytes.fromhex(
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    )
    assert AESGCM(key).encrypt(nonce, plain, b"Count-0") == published
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    sealed = enc + AESGCM(key).encrypt(nonce, plain, None)
    assert suite.decrypt(sealed, private, info=b"Ode on a Grecian Urn") == plain


def test_two_packages_of_the_same_bytes_share_nothing():
    one, other = (hpke.seal(KEY.public_key(), b"same", b"") for _ in range(2))
    assert one[:32] != other[:32]
    assert one[32:] != other[32:]


@given(plain=st.binary(max_size=40), data=st.data())
def test_another_key_another_purpose_or_one_flipped_bit_does_not_open(plain, data):
    sealed = bytearray(hpke.seal(KEY.public_key(), plain, b"request 7"))
    for key, purpose in ((hpke.new_private_key(), b"request 7"), (KEY, b"request 8"), (KEY, b"")):
        with pytest.raises(IntegrityError, match="not made for this key and purpose"):
            hpke.open_sealed(key, bytes(sealed), purpose)
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    with pytest.raises(IntegrityError, match="not made for this key and purpose"):
        hpke.open_sealed(KEY, bytes(sealed[: bit // 8]), b"request 7")
    sealed[bit // 8] ^= 1 << bit % 8
    if bit != 255:  # the highest bit of an X25519 key is not part of it; still bound, as the bytes are
        with pytest.raises(IntegrityError, match="not made for this key and purpose"):
            hpke.open_sealed(KEY, bytes(sealed), b"request 7")


def test_the_unused_bit_of_the_encapsulated_key_is_bound_too():
    sealed = bytearray(hpke.seal(KEY.public_key(), b"", b""))
    sealed[31] ^= 0x80
    with pytest.raises(IntegrityError, match="not made for this key and purpose"):
        hpke.open_sealed(KEY, bytes(sealed), b"")


def test_a_public_key_for_which_every_secret_is_zero_is_refused():
    with pytest.raises(InvalidInput, match="public key"):
        hpke.seal(X25519PublicKey.from_public_bytes(bytes(32)), b"", b"")
    with pytest.raises(IntegrityError, match="not made for this key and purpose"):
        hpke.open_sealed(KEY, bytes(60), b"")


@given(raw=st.binary(min_size=32, max_size=32))
def test_the_text_of_a_public_key_gives_it_back(raw):
    text = hpke.public_key_text(X25519PublicKey.from_public_bytes(raw))
    assert len(text) == 63
    for typed in (text, text.upper(), f" {text[:30]}\n{text[30:]} "):
        assert hpke.public_key_of(typed).public_bytes_raw() == raw


@given(
    raw=st.binary(min_size=32, max_size=32),
    place=st.integers(7, 62),
    letter=st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"),
)
def test_one_wrong_letter_in_a_public_key_is_found(raw, place, letter):
    text = hpke.public_key_text(X25519PublicKey.from_public_bytes(raw))
    typed = text[:place] + letter + text[place + 1 :]
    if typed == text:
        return
    with pytest.raises(InvalidInput, match="typing mistake"):
        hpke.public_key_of(typed)


TEXT = hpke.public_key_text(KEY.public_key())


@pytest.mark.parametrize(
    "text",
    ["", "x25519_", TEXT[:-1], TEXT[:-8], TEXT + "aaaaaaaa", TEXT[7:], "x25519-" + TEXT[7:], "x25519_公钥", TEXT[:-1] + "1", "x25519_" + "ſ" * 56],
)  # fmt: skip
def test_a_text_that_is_no_public_key_is_refused(text):
    with pytest.raises(InvalidInput, match="typing mistake"):
        hpke.public_key_of(text)


@given(one=st.binary(min_size=32, max_size=32), other=st.binary(min_size=32, max_size=32))
def test_two_keys_have_two_fingerprints_of_eight_groups(one, other):
    marks = [hpke.fingerprint(X25519PublicKey.from_public_bytes(raw)) for raw in (one, other)]
    assert (marks[0] == marks[1]) == (one == other)
    assert [len(group) for group in marks[0].split(" ")] == [4] * 8


def test_the_repr_of_a_private_key_shows_nothing():
    key = hpke.new_private_key()
    out = io.StringIO()
    print(key, repr(key), file=out)
    assert key.private_bytes_raw().hex() not in out.getvalue()
    assert hpke.new_private_key().private_bytes_raw() != key.private_bytes_raw()


def test_a_public_key_and_its_fingerprint_are_written_for_ever_as_they_were_published():
    public = X25519PublicKey.from_public_bytes(bytes(31) + b"1")
    assert hpke.public_key_text(public) == "x25519_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaayqk5ml"
    assert hpke.fingerprint(public) == "0575 8bd0 4ded 7dd3 fd2c e4d3 95e6 a378"
