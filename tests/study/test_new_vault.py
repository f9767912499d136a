"""`confide vault new`: a vault without a study, whatever opens it, and never one that nobody can open."""

import json
import stat

import pytest

from confide.cli.main import run as command
from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.keys import Opener, new_vault, nobody_types, vault_folder, vault_of
from confide.vault.custody import read_secret
from confide.vault.pkcs11 import Hsm, Pkcs11Settings
from confide.vault.vault import describe_vault, open_vault
from services import bao, softhsm

PASSPHRASE = "seven grey herons"
MAY = tuple(
    f'path "transit/{what}/confide" {{ capabilities = ["update"] }}' for what in ("encrypt", "decrypt")
)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "passphrase.txt"
    path.write_text(f"{PASSPHRASE}\n")
    path.chmod(0o600)
    return path


def made(tmp_path, folder=None, **named):
    given = {"passphrase_file": None, "keys": None} | named
    return new_vault(folder, tmp_path / "recovery.txt", ask=nobody_types, **given)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["of the institution", "elsewhere"])
def test_a_new_vault_opens_by_its_passphrase_and_by_its_recovery_key(elsewhere, secret, tmp_path):
    folder = tmp_path / "beside" / "ward" if elsewhere else None
    new = made(tmp_path, folder, passphrase_file=secret)
    assert new.folder == (folder or vault_folder())
    recovery = tmp_path / "recovery.txt"
    for opener in (
        Opener(passphrase_file=secret, vault=folder),
        Opener(recovery_file=recovery, vault=folder),
    ):
        assert vault_of(opener, nobody_types).id == new.vault
    for private in (recovery, new.folder, new.folder / "vault.sqlite", home()):
        assert stat.S_IMODE(private.stat().st_mode) & 0o077 == 0
    with open_ledger(home()) as ledger:
        assert [each.body["details"] for each in ledger.store.all(kind="record")] == [
            {"vault": new.vault, "act": "new", "kind": "passphrase"}
        ]


def test_a_new_vault_of_a_key_service_opens_by_no_passphrase(tmp_path):
    with bao() as service:
        token = service.token("new", *MAY)
        keys = tmp_path / "keys.toml"
        keys.write_text(f'[keys]\ncustody = "transit"\nurl = "{service.url}"\ntoken_file = "{token}"\n')
        new = made(tmp_path, keys=keys)
        assert set(describe_vault(new.folder)["opened_by"]) == {"transit", "recovery"}
        assert vault_of(Opener(keys=keys), nobody_types).id == new.vault
    assert open_vault(new.folder, recovery_key=read_secret(tmp_path / "recovery.txt")).id == new.vault


def test_a_key_service_that_cannot_be_reached_leaves_no_vault_and_no_recovery_key(tmp_path, secret):
    keys = tmp_path / "keys.toml"
    keys.write_text(
        f'[keys]\ncustody = "transit"\nurl = "https://127.0.0.1:9"\ntoken_file = "{secret.name}"\n'
    )
    with pytest.raises(InvalidInput):
        made(tmp_path, keys=keys)
    assert not vault_folder().exists()
    assert not (tmp_path / "recovery.txt").exists()


def test_a_new_vault_of_an_hsm_opens_by_no_passphrase(tmp_path):
    with softhsm() as hsm:
        named = {"module": hsm.module, "token_label": "new", "pin_file": hsm.new_token("new")}
        Hsm(Pkcs11Settings(**named, key="confide-new")).make_key()
        lines = [f'{name} = "{value}"' for name, value in named.items()]
        keys = tmp_path / "keys.toml"
        keys.write_text("\n".join(["[keys]", 'custody = "pkcs11"', 'key = "confide-new"', *lines]))
        new = made(tmp_path, keys=keys)
        assert vault_of(Opener(keys=keys), nobody_types).id == new.vault
        assert set(describe_vault(new.folder)["opened_by"]) == {"pkcs11", "recovery"}


def test_a_vault_that_is_there_and_a_recovery_key_that_is_there_are_never_written_over(tmp_path, secret):
    made(tmp_path, passphrase_file=secret)
    before = (vault_folder() / "vault.sqlite").read_bytes(), (tmp_path / "recovery.txt").read_bytes()
    with pytest.raises(InvalidInput, match="vault in"):
        made(tmp_path, passphrase_file=secret)
    with pytest.raises(InvalidInput, match="recovery key"):
        made(tmp_path, tmp_path / "other", passphrase_file=secret)
    assert not (tmp_path / "other").exists()
    assert before == (
        (vault_folder() / "vault.sqlite").read_bytes(),
        (tmp_path / "recovery.txt").read_bytes(),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [("[study]\n", "study"), ('[keys]\ncustody = "transit"\n', "url"), ("keys", "TOML"), (None, "keys.toml")],
)
def test_a_file_of_keys_that_says_something_else_is_refused(text, found, tmp_path):
    keys = tmp_path / "keys.toml"
    if text is not None:
        keys.write_text(text)
    with pytest.raises(InvalidInput) as refused:
        made(tmp_path, keys=keys)
    assert found in str(refused.value)
    assert not vault_folder().exists()


def test_the_command_says_where_the_vault_and_its_recovery_key_are(tmp_path, secret, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as done:
        command(["vault", "new", "ward", "--passphrase-file", str(secret), "--json"])
    assert done.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["folder"], told["recovery_file"], told["custody"]) == (
        "ward",
        "recovery-key.txt",
        "passphrase",
    )
    assert read_secret(tmp_path / "recovery-key.txt") not in json.dumps(told)
