"""Custody by a real OpenBao server and a real SoftHSM: they open the vault, and nobody opens it past them."""

import json
import socket
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from passphrase import PASSPHRASE

from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault import custody
from confide.vault.pkcs11 import Hsm, Pkcs11Settings
from confide.vault.transit import Transit, TransitSettings
from confide.vault.vault import create_vault, open_vault
from services import bao, softhsm

ROOT, VAULT = bytes(range(32)), bytes(16)
MAY = tuple(
    f'path "transit/{what}/confide" {{ capabilities = ["update"] }}'
    for what in ("encrypt", "decrypt", "rewrap")
)


def refused(call, kind, code):
    """Check that `call` is refused with this class and code, in a sentence and a hint."""
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code
    assert str(caught.value)
    assert caught.value.hint
    assert type(caught.value) is kind


# The key service


@pytest.fixture(scope="module")
def service():
    with bao() as running:
        yield running


@pytest.fixture
def named(service):
    return TransitSettings(url=service.url, token_file=service.token("app", *MAY))


@pytest.fixture
def kept(vault, named, tmp_path):
    """A vault with one sealed file that opens by passphrase, recovery key and key service."""
    vault.seal_bytes(b"plain", tmp_path / "a")
    vault.add_custody(Transit(named))
    return vault


def test_the_key_service_opens_the_vault_and_the_passphrase_may_go(kept, named, tmp_path):
    assert open_vault(kept.folder, guard=Transit(named)).read(tmp_path / "a") == b"plain"
    assert set(kept.custodies()) == {"passphrase", "recovery", "transit"}
    assert json.loads(kept.custodies()["transit"]) == {"key": "confide", "mount": "transit", "url": named.url}
    kept.remove_custody("passphrase")
    refused(lambda: open_vault(kept.folder, passphrase=PASSPHRASE), AccessDenied, "vault.custody-none")
    assert open_vault(kept.folder, guard=Transit(named)).read(tmp_path / "a") == b"plain"
    open_vault(kept.folder, guard=Transit(named)).change_passphrase(PASSPHRASE)
    assert open_vault(kept.folder, passphrase=PASSPHRASE).read(tmp_path / "a") == b"plain"


def test_the_service_is_never_given_the_root_key_and_the_store_holds_no_token(kept, named):
    record = kept._store.custodies()["transit"]
    secret = Transit(named).decrypt(record.guarded)
    assert record.guarded.startswith(b"vault:v1:")
    assert secret != kept._keys.root()
    assert len(secret) == 32
    stored = (kept.folder / "vault.sqlite").read_bytes()
    assert named.token_file.read_bytes().strip() not in stored + repr(named).encode()
    assert secret not in stored


def test_after_a_rotation_at_the_service_rewrap_moves_the_vault_and_the_old_version_may_be_retired(
    kept, named, service, tmp_path
):
    before = (kept.folder / "vault.sqlite").read_bytes()
    service.ask("POST", "transit/keys/confide/rotate")
    assert open_vault(kept.folder, guard=Transit(named)).read(tmp_path / "a") == b"plain"
    kept.rewrap(Transit(named))
    versions = service.ask("GET", "transit/keys/confide")["data"]
    assert kept._store.custodies()["transit"].guarded.startswith(b"vault:v%d:" % versions["latest_version"])
    newest = versions["latest_version"]
    service.ask("POST", "transit/keys/confide/config", min_decryption_version=newest)
    try:
        assert open_vault(kept.folder, guard=Transit(named)).read(tmp_path / "a") == b"plain"
        (tmp_path / "old").mkdir()
        (tmp_path / "old/vault.sqlite").write_bytes(before)
        refused(
            lambda: open_vault(tmp_path / "old", guard=Transit(named)), AccessDenied, "vault.transit-retired"
        )
    finally:
        service.ask("POST", "transit/keys/confide/config", min_decryption_version=1)


def test_a_token_without_permission_an_expired_one_and_a_wrong_one_are_denied(kept, service, named):
    only_encrypt = service.token("sealer", MAY[0])
    no_rewrap = service.token("reader", *MAY[:2])
    for token in (only_encrypt, service.secret("none", "hvs.nonsense")):
        guard = Transit(replace(named, token_file=token))
        refused(
            lambda guard=guard: open_vault(kept.folder, guard=guard), AccessDenied, "vault.transit-denied"
        )
    reader = Transit(replace(named, token_file=no_rewrap))
    before = kept._store.custodies()["transit"]
    refused(lambda: kept.rewrap(reader), AccessDenied, "vault.transit-denied")
    assert kept._store.custodies()["transit"] == before
    service.ask("POST", "auth/token/revoke", token=no_rewrap.read_text().strip())
    refused(lambda: open_vault(kept.folder, guard=reader), AccessDenied, "vault.transit-denied")


def test_custody_is_added_only_after_it_opened_what_it_closed(vault, service, named):
    only_encrypt = Transit(replace(named, token_file=service.token("sealer", MAY[0])))
    refused(lambda: vault.add_custody(only_encrypt), AccessDenied, "vault.transit-denied")
    assert set(vault.custodies()) == {"passphrase", "recovery"}


def test_a_key_that_is_missing_or_another_one_is_denied(kept, service, named):
    all_keys = service.token("wide", 'path "transit/*" { capabilities = ["create", "update", "read"] }')
    absent = Transit(replace(named, token_file=all_keys, mount="nowhere"))
    refused(lambda: absent.encrypt(bytes(32)), AccessDenied, "vault.transit-denied")
    root = service.secret("root", "root")
    absent = Transit(replace(named, token_file=root, mount="nowhere"))
    refused(lambda: absent.encrypt(bytes(32)), AccessDenied, "vault.transit-no-key")
    gone = Transit(replace(named, token_file=root, key="gone"))
    refused(lambda: gone.decrypt(b"vault:v1:aaaa"), AccessDenied, "vault.transit-no-key")
    service.ask("POST", "transit/keys/other", type="aes256-gcm96")
    other = Transit(replace(named, token_file=root, key="other"))
    refused(lambda: other.decrypt(Transit(named).encrypt(bytes(32))), AccessDenied, "vault.transit-other-key")
    refused(lambda: Transit(named).decrypt(b"no ciphertext \xff"), AccessDenied, "vault.transit-other-key")
    refused(lambda: open_vault(kept.folder, guard=other), InvalidInput, "vault.transit-settings")
    moved = Transit(replace(named, token_file=root, mount="elsewhere"))
    refused(lambda: open_vault(kept.folder, guard=moved), InvalidInput, "vault.transit-settings")


def test_a_wrapping_key_of_another_vault_opens_nothing(named):
    guard = Transit(named)
    record = custody.wrap_with_guard(ROOT, guard, VAULT)
    assert custody.open_with_guard(record, guard, VAULT) == ROOT
    foreign = custody.wrap_with_guard(ROOT, guard, VAULT)
    exchanged = custody.with_guarded(record, foreign.guarded, VAULT)
    refused(lambda: custody.open_with_guard(exchanged, guard, VAULT), AccessDenied, "vault.transit-other-key")
    with pytest.raises(IntegrityError):
        custody.open_with_guard(replace(record, guarded=foreign.guarded), guard, VAULT)


def test_a_server_that_is_gone_is_one_sentence_and_the_recovery_key_still_opens(tmp_path, cheap):
    vault, recovery = create_vault(tmp_path / "vault", PASSPHRASE, cost=cheap)
    vault.seal_bytes(b"plain", tmp_path / "a")
    with bao() as dying:
        named = TransitSettings(url=dying.url, token_file=dying.token("app", *MAY))
        kept_token = tmp_path / "token"
        kept_token.write_bytes(named.token_file.read_bytes())
        kept_token.chmod(0o600)
        guard = Transit(replace(named, token_file=kept_token))
        vault.add_custody(guard)
        dying.ask("PUT", "sys/seal")
        refused(lambda: open_vault(vault.folder, guard=guard), InvalidInput, "vault.transit-sealed")
        dying.stop()
        refused(lambda: open_vault(vault.folder, guard=guard), InvalidInput, "vault.transit-gone")
        refused(lambda: vault.rewrap(guard), InvalidInput, "vault.transit-gone")
    assert open_vault(vault.folder, recovery_key=recovery).read(tmp_path / "a") == b"plain"


def test_over_tls_only_a_server_of_the_named_authority_is_trusted(vault, tmp_path):
    with bao(tls=True) as running:
        token = running.token("app", *MAY)
        named = TransitSettings(url=running.url, token_file=token, ca_file=running.ca_file)
        vault.add_custody(Transit(named))
        assert open_vault(vault.folder, guard=Transit(named)).id == vault.id
        for wrong, code in (
            (replace(named, ca_file=None), "vault.transit-certificate"),
            (replace(named, ca_file=tmp_path / "none"), "vault.no-file"),
            (replace(named, ca_file=token), "vault.transit-certificate"),
        ):
            refused(lambda wrong=wrong: Transit(wrong).encrypt(bytes(32)), InvalidInput, code)


@contextmanager
def answering(answer):
    """Yield the address of a server that gives everybody one answer, and what it was asked."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    peer, _ = listening.accept()
                except OSError:
                    return
                with peer:
                    asked.append(peer.recv(65536))
                    peer.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def http(status, body, *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize(
    "answer",
    [
        http("200 OK", b"<html>please log in</html>"),
        http("200 OK", b"{}"),
        http("200 OK", b"[]"),
        http("200 OK", b'{"data": {"ciphertext": 7, "plaintext": "not base64"}}'),
        http("204 No Content", b""),
        http("500 Internal Server Error", b'{"errors": ["confused"]}'),
    ],
)
def test_a_server_that_is_no_key_service_is_one_sentence(service, answer):
    token = service.secret("some", "token")
    with answering(answer) as (url, _):
        guard = Transit(TransitSettings(url=url, token_file=token))
        refused(lambda: guard.encrypt(bytes(32)), InvalidInput, "vault.transit-answer")
        refused(lambda: guard.decrypt(b"vault:v1:x"), InvalidInput, "vault.transit-answer")


def test_no_redirect_is_followed_and_no_proxy_address_or_token_of_the_environment_is_used(
    service, named, monkeypatch
):
    with answering(http("200 OK", b"{}")) as (elsewhere, asked):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "VAULT_ADDR"):
            monkeypatch.setenv(name, elsewhere)
        monkeypatch.setenv("VAULT_TOKEN", "of the environment")
        monkeypatch.setenv("VAULT_NAMESPACE", "foreign")
        guard = Transit(named)
        assert guard.decrypt(guard.encrypt(ROOT)) == ROOT
        with answering(http("307 Temporary Redirect", b"", f"Location: {elsewhere}/v1/x")) as (url, first):
            away = Transit(replace(named, url=url))
            refused(lambda: away.encrypt(ROOT), InvalidInput, "vault.transit-answer")
            assert len(first) == 1
        assert asked == []


@pytest.mark.parametrize(
    "url",
    ["http://bao.example.org:8200", "ftp://127.0.0.1", "bao.example.org", "", "https://", "https://a:b@host",
     "https://host/?x=1", "https://host/#x", "http://127.0.0.1.example.org"],
)  # fmt: skip
def test_an_address_over_which_the_token_would_be_readable_is_refused(url, tmp_path):
    refused(lambda: TransitSettings(url=url, token_file=tmp_path), InvalidInput, "vault.transit-url")


@pytest.mark.parametrize("name", ["", "../sys", "a b", "a//b", "/a", "a?b"])
def test_a_key_or_mount_that_would_lead_elsewhere_is_refused(name, tmp_path):
    for field in ("key", "mount"):
        refused(
            lambda field=field: TransitSettings(url="https://a", token_file=tmp_path, **{field: name}),
            InvalidInput,
            "vault.transit-name",
        )


def test_https_anywhere_and_http_to_this_machine_are_allowed(tmp_path):
    for url in (
        "https://bao.example.org:8200/",
        "http://localhost:1",
        "http://[::1]:1",
        "http://127.0.0.1:1",
    ):
        assert TransitSettings(url=url, token_file=tmp_path, mount="a/b").url == url


def test_a_token_file_that_others_may_read_is_refused(service, named):
    open_to_all = service.secret("open", "token")
    open_to_all.chmod(0o644)
    guard = Transit(replace(named, token_file=open_to_all))
    refused(lambda: guard.encrypt(ROOT), InvalidInput, "vault.secret-open")


# The HSM


@pytest.fixture(scope="module")
def hsm():
    with softhsm() as made:
        yield made


labels = iter(f"token {n}" for n in range(100))


@pytest.fixture
def token(hsm):
    """The settings of a fresh token with our key in it."""
    label = next(labels)
    named = Pkcs11Settings(module=hsm.module, token_label=label, pin_file=hsm.new_token(label))
    Hsm(named).make_key()
    return named


def test_the_hsm_opens_the_vault_and_its_key_cannot_be_read(vault, token, tmp_path):
    import pkcs11

    vault.seal_bytes(b"plain", tmp_path / "a")
    vault.add_custody(Hsm(token))
    vault.remove_custody("passphrase")
    assert open_vault(vault.folder, guard=Hsm(token)).read(tmp_path / "a") == b"plain"
    with Hsm(token)._key() as key:
        assert key[pkcs11.Attribute.NEVER_EXTRACTABLE]
        assert key[pkcs11.Attribute.SENSITIVE]
        assert key[pkcs11.Attribute.VALUE_LEN] == 32
        with pytest.raises(pkcs11.AttributeSensitive):
            _ = key[pkcs11.Attribute.VALUE]
    assert json.loads(vault.custodies()["pkcs11"]) == {
        "key": "confide", "mechanism": "CKM_AES_GCM", "token": token.token_label,
    }  # fmt: skip
    secret = Hsm(token).decrypt(vault._store.custodies()["pkcs11"].guarded)
    stored = (vault.folder / "vault.sqlite").read_bytes()
    assert [each for each in (b"123456", secret, vault._keys.root()) if each in stored] == []


def test_service_and_hsm_and_passphrase_may_all_open_one_vault(kept, token, named):
    kept.add_custody(Hsm(token))
    ways = ({"passphrase": PASSPHRASE}, {"guard": Transit(named)}, {"guard": Hsm(token)})
    assert {open_vault(kept.folder, **way).subkey("x") for way in ways} == {kept.subkey("x")}
    kept.remove_custody("transit")
    kept.remove_custody("passphrase")
    refused(lambda: kept.remove_custody("pkcs11"), InvalidInput, "vault.custody-last")
    refused(lambda: kept.remove_custody("recovery"), InvalidInput, "vault.custody-last")
    refused(lambda: kept.remove_custody("transit"), InvalidInput, "vault.custody-absent")
    refused(lambda: open_vault(kept.folder, guard=Transit(named)), AccessDenied, "vault.custody-none")


def test_a_key_of_the_hsm_is_made_once_and_asked_for_by_threads_at_once(token):
    refused(Hsm(token).make_key, InvalidInput, "vault.pkcs11-key-exists")
    guard, found = Hsm(token), []
    threads = [
        threading.Thread(target=lambda: found.append(guard.decrypt(guard.encrypt(ROOT)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [ROOT] * 4


def test_a_wrong_pin_is_denied_and_said_before_the_token_locks(hsm, token):
    wrong = hsm.folder / "wrong.pin"
    wrong.write_text("654321\n")
    wrong.chmod(0o600)
    refused(lambda: Hsm(replace(token, pin_file=wrong)).encrypt(ROOT), AccessDenied, "vault.pkcs11-pin")
    wrong.write_text("1\n")
    refused(lambda: Hsm(replace(token, pin_file=wrong)).encrypt(ROOT), AccessDenied, "vault.pkcs11-pin")
    assert Hsm(token).decrypt(Hsm(token).encrypt(ROOT)) == ROOT


def test_a_missing_token_key_module_or_pin_file_is_one_sentence(hsm, vault, token, tmp_path):
    vault.add_custody(Hsm(token))
    bare = replace(token, token_label=next(labels))
    refused(lambda: Hsm(bare).encrypt(ROOT), InvalidInput, "vault.pkcs11-no-token")
    hsm.new_token(bare.token_label)
    refused(lambda: Hsm(bare).encrypt(ROOT), AccessDenied, "vault.pkcs11-no-key")
    for path in (tmp_path / "none.so", Path(__file__)):
        refused(
            lambda path=path: Hsm(replace(token, module=path)).encrypt(ROOT),
            InvalidInput,
            "vault.pkcs11-module",
        )
    refused(
        lambda: Hsm(replace(token, pin_file=tmp_path / "none")).encrypt(ROOT), InvalidInput, "vault.no-file"
    )
    refused(
        lambda: open_vault(vault.folder, guard=Hsm(replace(token, key="other"))),
        InvalidInput,
        "vault.pkcs11-settings",
    )


def test_an_hsm_key_that_was_deleted_or_made_anew_does_not_open_and_the_recovery_key_does(
    hsm, token, tmp_path, cheap
):
    vault, recovery = create_vault(tmp_path / "vault", PASSPHRASE, cost=cheap)
    vault.add_custody(Hsm(token))
    with Hsm(token)._session(writing=True) as session:
        for key in session.get_objects():
            key.destroy()
    refused(lambda: open_vault(vault.folder, guard=Hsm(token)), AccessDenied, "vault.pkcs11-no-key")
    Hsm(token).make_key()
    refused(lambda: open_vault(vault.folder, guard=Hsm(token)), AccessDenied, "vault.pkcs11-other-key")
    assert open_vault(vault.folder, recovery_key=recovery).id == vault.id


def test_a_key_that_could_be_taken_out_or_that_is_not_the_only_one_is_refused(hsm, vault, token):
    import pkcs11

    def add(label, **template):
        with Hsm(token)._session(writing=True) as session:
            capabilities = pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT
            named = {getattr(pkcs11.Attribute, name): value for name, value in template.items()}
            session.generate_key(
                pkcs11.KeyType.AES, 256, label=label, store=True, capabilities=capabilities, template=named
            )

    add("loose", EXTRACTABLE=True, SENSITIVE=True)
    add("bare", EXTRACTABLE=False, SENSITIVE=False)
    for label in ("loose", "bare"):
        guard = Hsm(replace(token, key=label))
        refused(lambda guard=guard: vault.add_custody(guard), InvalidInput, "vault.pkcs11-extractable")
    add("confide", EXTRACTABLE=False, SENSITIVE=True)
    refused(lambda: Hsm(token).encrypt(ROOT), InvalidInput, "vault.pkcs11-two")


def test_what_else_the_hsm_refuses_is_one_sentence_with_its_reason(token):
    import pkcs11

    with Hsm(token)._session(writing=True) as session:
        session.generate_key(
            pkcs11.KeyType.AES, 256, label="signs only", store=True, capabilities=pkcs11.MechanismFlag.SIGN,
            template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
        )  # fmt: skip
    refused(lambda: Hsm(replace(token, key="signs only")).encrypt(ROOT), InvalidInput, "vault.pkcs11-failed")


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("PinLocked", AccessDenied, "vault.pkcs11-locked"),
        ("PinExpired", AccessDenied, "vault.pkcs11-locked"),
        ("PinLenRange", AccessDenied, "vault.pkcs11-pin"),
        ("DeviceRemoved", InvalidInput, "vault.pkcs11-failed"),
    ],
)
def test_what_an_hsm_may_say_and_softhsm_never_does_is_one_sentence(token, said, kind, code):
    import pkcs11

    def session():
        with Hsm(token)._session(writing=False):
            raise getattr(pkcs11, said)

    refused(session, kind, code)


@pytest.mark.parametrize(
    "settings", ["", "[]", "{}", '{"key": "confide"}', '{"key": 1, "mount": 2, "mechanism": 3, "token": 4}']
)
def test_a_record_whose_settings_are_broken_is_damage_and_never_a_crash(token, named, settings):
    for guard in (Transit(named), Hsm(token)):
        refused(lambda guard=guard: guard.verify_settings(settings), IntegrityError, "vault.store-damaged")


@pytest.mark.parametrize("secret", [b"", b"short", bytes(16), bytes(31), bytes(33)])
def test_a_wrapping_key_of_another_length_opens_nothing(named, secret):
    """Whatever a key service answers, it is no AES-128 key, and no crash."""
    guard = Transit(named)
    record = custody.wrap_with_guard(ROOT, guard, VAULT)
    assert custody.open_with_guard(record, guard, VAULT) == ROOT
    other = custody.with_guarded(record, guard.encrypt(secret), VAULT)
    refused(lambda: custody.open_with_guard(other, guard, VAULT), AccessDenied, "vault.transit-other-key")


def test_what_is_not_installed_is_named(token, named, monkeypatch):
    for module, guard in (("hvac", Transit(named)), ("pkcs11", Hsm(token))):
        monkeypatch.setitem(sys.modules, module, None)
        refused(lambda guard=guard: guard.encrypt(ROOT), InvalidInput, "vault.no-extra")


def test_no_guard_shows_a_secret_in_its_repr(token, named):
    secrets = named.token_file.read_text().strip(), token.pin_file.read_text().strip()
    shown = repr(named) + repr(Transit(named)) + repr(token) + repr(Hsm(token))
    assert [secret for secret in secrets if secret in shown] == []
