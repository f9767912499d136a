"""A passphrase or the recovery key opens the vault; nothing else does, and damage is told from a wrong key."""

import os
import time
import unicodedata
from dataclasses import replace

import pytest
from argon2.low_level import Type, hash_secret_raw
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault.custody import (
    Cost,
    open_with_passphrase,
    open_with_recovery,
    read_secret,
    with_guarded,
    wrap_with_passphrase,
    wrap_with_recovery,
)
from confide.vault.recovery import key_of, text_of

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
ROOT, VAULT = bytes(range(32)), bytes(16)
passphrases = st.text(min_size=12, max_size=40).filter(
    lambda text: len(unicodedata.normalize("NFC", text)) >= 12
)
recovery_keys = st.binary(min_size=20, max_size=20)


@settings(max_examples=30, deadline=None)
@given(passphrase=passphrases)
@example(passphrase="Übergrößenträger für Ärzte")
def test_the_passphrase_opens_what_it_closed_however_the_keyboard_composes_it(passphrase):
    forms = [unicodedata.normalize(form, passphrase) for form in ("NFC", "NFD")]
    for closing in forms:
        record = wrap_with_passphrase(ROOT, closing, VAULT, CHEAP)
        for opening in forms:
            assert open_with_passphrase(record, opening, VAULT) == ROOT


@settings(max_examples=30, deadline=None)
@given(one=passphrases, other=st.text(max_size=40))
def test_another_passphrase_is_denied(one, other):
    if unicodedata.normalize("NFC", one) != unicodedata.normalize("NFC", other):
        with pytest.raises(AccessDenied):
            open_with_passphrase(wrap_with_passphrase(ROOT, one, VAULT, CHEAP), other, VAULT)


@settings(deadline=None)
@given(data=st.data())
def test_a_damaged_record_is_an_integrity_error_and_not_a_wrong_passphrase(data):
    record = wrap_with_passphrase(ROOT, "eleven green bicycles", VAULT, CHEAP)
    name = data.draw(st.sampled_from(["salt", "wrapped", "check", "settings", "guarded", "kind"]))
    if name == "settings":
        changed = replace(record, settings="[64, 2, 1]")
    elif name == "guarded":
        changed = replace(record, guarded=b"anything")
    elif name == "kind":
        changed = replace(record, kind="recovery")
    else:
        value = bytearray(getattr(record, name))
        value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
        changed = replace(record, **{name: bytes(value)})
    with pytest.raises(IntegrityError):
        open_with_passphrase(changed, "eleven green bicycles", VAULT)


@pytest.mark.parametrize("settings_", ["", "nonsense", "7", "[64, 1]", "[64, 1, 1, 1]", "[64.0, 1, 1]", '["64", 1, 1]', "[0, 1, 1]",
                                       "[64, 0, 1]", "[64, 1, 65]", "[7, 1, 1]", "[4194305, 1, 1]", "[" * 100_000])  # fmt: skip
def test_a_cost_that_argon2_or_the_machine_could_not_bear_is_damage_also_with_a_right_check(settings_):
    """Who can write the store can make the check fit; no passphrase is stretched for such a record."""
    record = replace(wrap_with_passphrase(ROOT, "eleven green bicycles", VAULT, CHEAP), settings=settings_)
    made = with_guarded(record, b"", VAULT)
    with pytest.raises(IntegrityError) as caught:
        open_with_passphrase(made, "eleven green bicycles", VAULT)
    assert caught.value.code == "vault.store-damaged"


@pytest.mark.parametrize("size", [0, 12, 28, 44, 59, 61, 76, 60_000])
def test_a_wrapped_root_key_of_another_size_is_damage_so_that_it_cannot_open_under_many_passphrases(size):
    """AES-GCM does not commit to its key: a long blob can be made to open under as many keys as it has blocks."""
    record = replace(wrap_with_passphrase(ROOT, "eleven green bicycles", VAULT, CHEAP), wrapped=bytes(size))
    made = with_guarded(record, b"", VAULT)
    with pytest.raises(IntegrityError) as caught:
        open_with_passphrase(made, "eleven green bicycles", VAULT)
    assert caught.value.code == "vault.store-damaged"


def test_a_record_of_another_vault_does_not_open():
    record = wrap_with_passphrase(ROOT, "eleven green bicycles", VAULT, CHEAP)
    with pytest.raises(IntegrityError):
        open_with_passphrase(record, "eleven green bicycles", b"another vault id")


def test_the_normal_cost_is_the_second_recommended_option_of_rfc_9106():
    assert Cost() == Cost(memory_kib=64 * 1024, passes=3, lanes=4)
    record = wrap_with_passphrase(ROOT, "eleven green bicycles", VAULT, Cost())
    start = time.process_time()
    assert open_with_passphrase(record, "eleven green bicycles", VAULT) == ROOT
    assert time.process_time() - start > 0.02  # a guess is not free


def test_argon2id_gives_the_value_of_the_reference_implementations_own_tests():
    tag = hash_secret_raw(b"password", b"somesalt", 2, 65536, 1, 32, Type.ID, version=19)
    assert tag.hex() == "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"


@pytest.mark.parametrize(
    "wrong", [{"memory_kib": 7}, {"memory_kib": 1 << 30}, {"passes": 0}, {"lanes": 0}, {"lanes": 65}]
)
def test_a_cost_out_of_range_is_refused(wrong):
    with pytest.raises(InvalidInput):
        Cost(**wrong)


@given(key=recovery_keys)
def test_the_recovery_key_survives_paper_small_letters_spaces_and_look_alikes(key):
    text = text_of(key)
    assert key_of(text) == key
    assert key_of(text.lower().replace("-", " ")) == key
    assert key_of(text.replace("0", "O").replace("1", "l")) == key
    full_width = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in text)
    assert key_of(full_width) == key
    assert not set(text) & set("ILOU")


@given(key=recovery_keys, data=st.data())
def test_a_typing_mistake_in_the_recovery_key_is_found(key, data):
    text = text_of(key)
    at = data.draw(st.sampled_from([n for n, letter in enumerate(text) if letter != "-"]))
    other = data.draw(st.sampled_from([c for c in "0123456789ABCDEFGHJKMNPQRSTVWXYZU" if c != text[at]]))
    for wrong in (text[:at] + other + text[at + 1 :], text[:at] + text[at + 1 :], text + other):
        with pytest.raises(InvalidInput):
            key_of(wrong)


@given(text=st.text(max_size=60))
def test_any_text_in_the_place_of_a_recovery_key_is_refused_and_never_crashes(text):
    with pytest.raises(InvalidInput):
        key_of(text)


def test_another_recovery_key_is_denied():
    record, text = wrap_with_recovery(ROOT, VAULT)
    assert open_with_recovery(record, text, VAULT) == ROOT
    with pytest.raises(AccessDenied):
        open_with_recovery(record, text_of(os.urandom(20)), VAULT)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_passphrase_file_is_read_without_one_line_end(tmp_path, end):
    path = tmp_path / "passphrase"
    path.write_bytes(("十二个字的口令才算足够长吧\n" + end).encode())
    path.chmod(0o600)
    assert read_secret(path) == "十二个字的口令才算足够长吧" + ("\n" if end else "")


@pytest.mark.parametrize(
    ("content", "mode", "code"),
    [
        (b"eleven green bicycles", 0o640, "vault.secret-open"),
        (b"eleven green bicycles", 0o604, "vault.secret-open"),
        (b"\xff\xfe eleven green bicycles", 0o600, "vault.secret-encoding"),
    ],
)
def test_a_file_with_a_secret_that_is_open_to_others_or_no_text_is_refused(tmp_path, content, mode, code):
    path = tmp_path / "passphrase"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(InvalidInput) as caught:
        read_secret(path)
    assert caught.value.code == code


def test_the_hint_for_an_open_passphrase_file_says_chmod(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text("eleven green bicycles")
    path.chmod(0o644)
    with pytest.raises(InvalidInput) as caught:
        read_secret(path)
    assert "chmod 600 passphrase" in caught.value.hint
