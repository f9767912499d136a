"""A sealer can seal and not open: only the vault whose public key was used takes the file in."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from passphrase import PASSPHRASE

from confide.crypto.suites import SM4
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault.intake import key_file, seal_for
from confide.vault.seal import header_of
from confide.vault.vault import create_vault, open_vault


@pytest.fixture
def brought(vault, tmp_path, original):
    """A file that another machine sealed for `vault`."""
    seal_for(vault.intake_key(), original, tmp_path / "n.sealed")
    return tmp_path / "n.sealed"


def test_the_vault_adopts_what_was_sealed_for_it_and_the_key_file_goes(vault, brought, original):
    with pytest.raises(AccessDenied):
        vault.read(brought)
    sealed = vault.adopt_intake(brought)
    assert vault.read(brought) == original.read_bytes()
    assert (sealed.size, sealed.kind) == (original.stat().st_size, "original")
    assert not key_file(brought).exists()
    vault.verify(brought, original)
    assert open_vault(vault.folder, passphrase=PASSPHRASE).intake_key() == vault.intake_key()


def test_the_material_of_a_sealer_opens_nothing(vault, tmp_path, brought, original, cheap):
    """All that the sealer has: the public key, both files, and a vault of its own."""
    own, _ = create_vault(tmp_path / "own", PASSPHRASE, cost=cheap)
    assert own.intake_key() != vault.intake_key()
    with pytest.raises(AccessDenied) as caught:
        own.adopt_intake(brought)
    assert caught.value.code == "vault.intake-other"
    for guess in (vault.intake_key().encode()[:32], key_file(brought).read_bytes()[-32:], bytes(32)):
        with pytest.raises(IntegrityError):
            own.adopt(brought, guess)
    with pytest.raises(AccessDenied):
        own.read(brought)
    canary = original.read_bytes()[:100]
    assert [path for path in (brought, key_file(brought)) if canary in path.read_bytes()] == []


def test_a_sealer_process_needs_no_vault_and_makes_nothing_but_the_two_files(vault, tmp_path, original):
    (tmp_path / "out").mkdir()
    seal_for(vault.intake_key(), original, tmp_path / "out/n", suite="sm4")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["n", "n.key"]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}
    assert header_of(tmp_path / "out/n").suite is SM4


def test_key_files_of_two_sealed_files_that_were_exchanged_open_neither(vault, tmp_path, brought, original):
    seal_for(vault.intake_key(), original, tmp_path / "m")
    one, two = key_file(brought), key_file(tmp_path / "m")
    one_key, two_key = one.read_bytes(), two.read_bytes()
    one.write_bytes(two_key)
    two.write_bytes(one_key)
    for path in (brought, tmp_path / "m"):
        with pytest.raises(AccessDenied):
            vault.adopt_intake(path)
    assert one.exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_to_a_key_file_is_refused_and_nothing_is_adopted(vault, tmp_path, brought, data):
    beside = key_file(brought)
    whole = beside.read_bytes()
    if data.draw(st.booleans()):
        broken = bytearray(whole)
        broken[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    else:
        broken = data.draw(st.binary(max_size=300))
    beside.write_bytes(broken)
    with pytest.raises((AccessDenied, InvalidInput)):
        vault.adopt_intake(brought)
    beside.write_bytes(whole)
    assert vault.files() == []


def test_what_was_erased_is_not_adopted_again_from_a_copy(vault, tmp_path, brought):
    copies = {path: path.read_bytes() for path in (brought, key_file(brought))}
    vault.adopt_intake(brought)
    vault.reseal(brought, b"without")
    for path, content in copies.items():
        path.write_bytes(content)
    with pytest.raises(AccessDenied, match="destroyed"):
        vault.adopt_intake(brought)


def test_a_key_file_left_by_a_sealing_that_was_stopped_is_replaced(vault, tmp_path, original):
    key_file(tmp_path / "n").write_bytes(b"left over")
    seal_for(vault.intake_key(), original, tmp_path / "n")
    assert vault.adopt_intake(tmp_path / "n").written


def test_what_cannot_be_sealed_or_adopted_is_refused(vault, tmp_path, brought, original):
    public = vault.intake_key()
    mistyped = public[:-1] + ("a" if public[-1] != "a" else "b")

    def grow(done, total):
        with original.open("ab") as file:
            file.write(b"more")

    (tmp_path / "plain").write_bytes(b"plain")
    for code, call in (
        ("vault.taken", lambda: seal_for(public, original, brought)),
        ("vault.no-file", lambda: seal_for(public, tmp_path / "none", tmp_path / "x")),
        ("vault.cannot-write", lambda: seal_for(public, original, tmp_path / "no/such")),
        ("vault.suite", lambda: seal_for(public, original, tmp_path / "x", suite="des")),
        ("crypto.public-key", lambda: seal_for(mistyped, original, tmp_path / "x")),
        ("vault.changed", lambda: seal_for(public, original, tmp_path / "x", progress=grow)),
        ("vault.no-file", lambda: vault.adopt_intake(tmp_path / "plain")),
    ):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.code == code
    assert not (tmp_path / "x").exists()
    assert not key_file(tmp_path / "x").exists()
    key_file(tmp_path / "plain").write_bytes(key_file(brought).read_bytes())
    with pytest.raises(InvalidInput) as caught:
        vault.adopt_intake(tmp_path / "plain")
    assert caught.value.code == "vault.not-sealed"


def test_a_sealed_file_that_was_cut_on_the_way_is_not_adopted_and_its_key_waits(vault, brought):
    os.truncate(brought, brought.stat().st_size - 1)
    with pytest.raises(IntegrityError):
        vault.adopt_intake(brought)
    assert key_file(brought).exists()
