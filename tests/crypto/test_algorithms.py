"""Two ways of handing over a key; DES, ECB, CBC without MAC, PKCS1v1.5 and what is like them: refused with the reason."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.crypto import algorithms
from confide.crypto.algorithms import wrap_algorithm
from confide.errors import InvalidInput
from confide.words import speaking


@pytest.mark.parametrize("name", ["hpke-x25519", "HPKE", "X25519", "hpke x25519", " hpke_x25519 "])
def test_hpke_is_taken(name):
    assert wrap_algorithm(name) == "hpke-x25519"


@pytest.mark.parametrize(
    "name",
    ["rsa-oaep-3072", "RSA-OAEP", "RSA-OAEP-256", "rsa_oaep_sha256", "RSA-OAEP-4096", "RSA/ECB/OAEPWithSHA-256AndMGF1Padding"],
)  # fmt: skip
def test_rsa_oaep_is_taken(name):
    assert wrap_algorithm(name) == "rsa-oaep-3072"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("DES", "des"), ("des-cbc", "des"), ("DES/ECB/PKCS5Padding", "des"), ("DES_64", "des"),
        ("3DES", "3des"), ("DESede", "3des"), ("des-ede3-cbc", "3des"), ("DES3", "3des"), ("TDES", "3des"), ("TDEA", "3des"),
        ("Triple-DES", "3des"), ("tripledes", "3des"), ("DESede/CBC/PKCS5Padding", "3des"),
        ("RC4", "rc4"), ("rc2-40-cbc", "rc4"), ("ARCFOUR", "rc4"), ("bf-cbc blowfish", "rc4"), ("idea", "rc4"),
        ("MD5", "hash"), ("rsa-oaep-sha1", "hash"), ("SHA-1", "hash"), ("RSA/ECB/OAEPWithSHA-1AndMGF1Padding", "hash"),
        ("RSA/ECB/OAEPWithSHA1AndMGF1Padding", "hash"),
        ("RSA-2048", "rsa"), ("rsa-oaep-2048", "rsa"), ("RSA 1024", "rsa"), ("RSA2048", "rsa"),
        ("RSA", "pkcs1"), ("PKCS1", "pkcs1"), ("RSA-PKCS1v1.5", "pkcs1"), ("RSA/ECB/PKCS1Padding", "pkcs1"), ("pkcs#1 v1.5", "pkcs1"),
        ("AES-ECB", "ecb"), ("aes-256-ecb", "ecb"), ("SM4/ECB/PKCS5Padding", "ecb"),
        ("AES-CBC", "cbc"), ("aes256cbc", "cbc"), ("AES/CBC/PKCS7", "cbc"), ("sm4-ctr", "cbc"), ("aes-cfb", "cbc"), ("AES-OFB", "cbc"),
        ("SM2", "sm2"), ("AES-256-GCM", "symmetric"), ("sm4", "symmetric"), ("ChaCha20-Poly1305", "symmetric"),
    ],
)  # fmt: skip
def test_an_old_or_unfit_algorithm_is_refused_with_its_reason(name, reason):
    with pytest.raises(InvalidInput) as told:
        wrap_algorithm(name)
    assert told.value.code == f"crypto.refused-{reason}"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_is_said_in_both_languages_and_names_what_to_write(language):
    with speaking(language):
        told = [InvalidInput(f"crypto.refused-{reason}") for _, reason in algorithms._OLD]
        assert len({str(error) for error in told}) == len(told)
        assert all("x25519" in error.hint or "rsa-oaep" in error.hint for error in told)


@pytest.mark.parametrize(
    "name", ["", "best", "ML-KEM-768", "hpke-p256", "describes", "hpke-x25519,des?", "令牌"]
)
def test_an_unknown_name_is_refused_without_repeating_it(name):
    with pytest.raises(InvalidInput) as told:
        wrap_algorithm(name)
    assert told.value.public == {}


@settings(max_examples=40)
@given(name=st.text(max_size=40))
def test_every_other_text_is_refused_in_a_sentence(name):
    with pytest.raises(InvalidInput) as told:
        wrap_algorithm(f"{name}, please")
    assert str(told.value)
    assert told.value.hint
