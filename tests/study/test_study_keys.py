"""A study names who opens the vault; commands change it; every change and opening stands in the ledger."""

import json
import os
import subprocess
import sys

import pytest
from small import PASSPHRASE, STUDY, make_small

from confide.cli.main import run as command
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.config import load_study
from confide.study.init import init_study
from confide.study.keys import (
    Opener,
    add_guard,
    guard_of,
    make_vault,
    open_vault_of,
    opened_by,
    recording,
    remove_custody,
    renew_recovery_key,
    rewrap,
    vault_folder,
)
from confide.study.keys_section import KeysSection
from confide.study.opening import list_sealed, open_sealed
from confide.study.sources import seal_sources
from confide.study.workplace import open_workplace
from confide.types import no_progress
from confide.vault.custody import Cost
from confide.vault.seal import header_of
from confide.vault.vault import describe_vault, open_vault
from services import bao, softhsm

KEYS = 'custody = "passphrase"\npassphrase_file = "passphrase.txt"'
MAY = tuple(
    f'path "transit/{what}/confide" {{ capabilities = ["update"] }}'
    for what in ("encrypt", "decrypt", "rewrap")
)


def nobody():
    raise InvalidInput("study.no-passphrase")


@pytest.fixture(scope="module")
def service():
    with bao() as running:
        yield running


@pytest.fixture(scope="module")
def hsm():
    with softhsm() as made:
        yield made


@pytest.fixture
def small(tmp_path):
    made = make_small(tmp_path / "study", patients=40)
    cheap = Cost(memory_kib=64, passes=1, lanes=1)
    open_vault(vault_folder(), passphrase=PASSPHRASE).change_passphrase(PASSPHRASE, cost=cheap)
    return made


@pytest.fixture
def opener(small):
    return Opener(passphrase_file=small.folder / "passphrase.txt")


def change_keys(small, text):
    path = small.folder / "study.toml"
    before = path.read_text()
    assert KEYS in before
    path.write_text(before.replace(KEYS, text))


def transit_keys(small, service):
    token = small.folder / "token.txt"
    token.write_bytes(service.token("app", *MAY).read_bytes())
    token.chmod(0o600)
    return f'custody = "transit"\nurl = "{service.url}"\ntoken_file = "token.txt"'


def records(what):
    with open_ledger(home()) as ledger:
        bodies = [entry.body for entry in ledger.store.all()]
    return [body for body in bodies if body.get("what") == what]


def confide(*arguments, capsys):
    """Run one command; return its exit code and what it printed."""
    with pytest.raises(SystemExit) as left:
        command([str(each) for each in arguments])
    told = capsys.readouterr()
    return left.value.code, told.out, told.err


# What a study names


def test_a_study_under_the_key_service_is_sealed_and_read_without_a_passphrase(small, service, opener):
    text = transit_keys(small, service)
    change_keys(small, text)
    study = load_study(small.folder)
    add_guard(opener, guard_of(study.keys, study.folder), nobody)
    remove_custody(opener, "passphrase", nobody)
    (small.folder / "passphrase.txt").unlink()
    with open_workplace(small.folder) as place:
        assert seal_sources(place.study, place.vault, progress=no_progress).files > 0
    assert [(one["details"]["act"], one["details"]["kind"]) for one in records("vault-custody")] == [
        ("add", "transit"),
        ("remove", "passphrase"),
    ]


def test_a_study_under_an_hsm_is_opened_by_it(small, hsm, opener):
    pin = hsm.new_token("study")
    (small.folder / "pin.txt").write_bytes(pin.read_bytes())
    (small.folder / "pin.txt").chmod(0o600)
    change_keys(
        small,
        f'custody = "pkcs11"\nmodule = "{hsm.module}"\ntoken_label = "study"\npin_file = "pin.txt"\nkey = "k"',
    )
    study = load_study(small.folder)
    add_guard(opener, guard_of(study.keys, study.folder), nobody, make_key=True)
    assert open_vault_of(study, nobody).id == describe_vault(vault_folder())["vault"]
    with opened_by(Opener(study=small.folder), nobody) as (vault, _):
        assert set(vault.custodies()) == {"passphrase", "recovery", "pkcs11"}


def test_a_study_may_name_the_second_suite(small):
    change_keys(small, KEYS + '\nsuite = "sm4"')
    with open_workplace(small.folder) as place:
        seal_sources(place.study, place.vault, progress=no_progress)
        files = place.vault.files()
    assert {header_of(file.path).suite.name for file in files if file.kind == "original"} == {
        "SM4-GCM-HKDF-SM3-1MB"
    }


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ({"custody": "transit", "url": "https://a"}, "study.keys-missing"),
        ({"custody": "transit", "token_file": "t"}, "study.keys-missing"),
        ({"custody": "pkcs11", "module": "m", "token_label": "l"}, "study.keys-missing"),
        ({"custody": "transit", "url": "https://a", "token_file": "t", "pin_file": "p"}, "study.keys-foreign"),
        ({"url": "https://a"}, "study.keys-foreign"),
        ({"custody": "pkcs11", "module": "m", "token_label": "l", "pin_file": "p", "mount": "x"}, "study.keys-foreign"),
    ],
)  # fmt: skip
def test_keys_of_another_custody_and_missing_ones_are_refused(section, code):
    with pytest.raises(InvalidInput) as caught:
        KeysSection(**section)
    assert caught.value.code == code


def test_a_wrong_address_in_a_study_is_refused_before_anything_is_called(small):
    change_keys(small, 'custody = "transit"\nurl = "http://bao.example.org"\ntoken_file = "token.txt"')
    with pytest.raises(InvalidInput) as caught, open_workplace(small.folder):
        pytest.fail("the vault was opened")
    assert caught.value.code == "vault.transit-url"


@pytest.mark.parametrize(
    ("keys", "secret"),
    [
        ('custody = "transit"\nurl = "https://a"\ntoken_file = "raw/token.jsonl"', "raw/token.jsonl"),
        (
            'custody = "pkcs11"\nmodule = "m"\ntoken_label = "l"\npin_file = "raw/token.jsonl"',
            "raw/token.jsonl",
        ),
    ],
)
def test_a_token_or_pin_that_a_pattern_matches_is_never_taken_for_a_record(small, keys, secret):
    from confide.study.sources import _is_original

    change_keys(small, keys)
    (small.folder / secret).write_text("hvs.secret")
    with pytest.raises(InvalidInput):
        _is_original(load_study(small.folder), small.folder / secret)


def test_a_passphrase_file_that_is_too_short_is_a_wrong_passphrase_when_opening(small):
    (small.folder / "passphrase.txt").write_text("short\n")
    with pytest.raises(AccessDenied) as caught, open_workplace(small.folder):
        pytest.fail("it opened")
    assert (caught.value.code, caught.value.exit_code) == ("vault.passphrase", 6)


def test_a_new_study_says_how_a_vault_without_a_passphrase_opens(small, service, hsm, opener, tmp_path):
    transit_keys(small, service)
    change_keys(small, transit_keys(small, service))
    study = load_study(small.folder)
    add_guard(opener, guard_of(study.keys, study.folder), nobody)
    remove_custody(opener, "passphrase", nobody)
    for name in ("second", "third"):
        (tmp_path / name / "raw").mkdir(parents=True)
        (tmp_path / name / "raw/visits.csv").write_bytes((small.folder / "raw/visits.csv").read_bytes())
    init_study(
        tmp_path / "second", name=None, language=None, passphrase_file=None, ask=nobody, recovery_file=None
    )
    (tmp_path / "second/token.txt").write_bytes((small.folder / "token.txt").read_bytes())
    (tmp_path / "second/token.txt").chmod(0o600)
    again = load_study(tmp_path / "second")
    assert again.keys.url == service.url
    vault = open_vault_of(again, nobody)
    from confide.vault.pkcs11 import Hsm, Pkcs11Settings

    named = Pkcs11Settings(module=hsm.module, token_label="third", pin_file=hsm.new_token("third"))
    Hsm(named).make_key()
    vault.add_custody(Hsm(named))
    vault.remove_custody("transit")
    init_study(
        tmp_path / "third", name=None, language=None, passphrase_file=None, ask=nobody, recovery_file=None
    )
    assert load_study(tmp_path / "third").keys.token_label == "third"


# Openings


def test_an_opening_stands_in_the_ledger_before_a_plain_byte_and_without_its_purpose(small, tmp_path):
    with open_workplace(small.folder) as place:
        seal_sources(place.study, place.vault, progress=no_progress)
        name = list_sealed(place.study, place.vault)[0]
        with pytest.raises(InvalidInput):  # the place cannot be written, and the opening stands
            open_sealed(place, name, tmp_path / "no/such/folder", purpose="for Zhang San")
        (entry,) = [one.body for one in place.ledger.store.all() if one.body.get("what") == "vault-opening"]
        (opening,) = place.vault.openings()
    assert entry["commitment"] == opening.commitment()
    assert entry["study"] == place.study.study.name
    assert entry["details"] == {"vault": place.vault.id, "file": opening.file_id, "opening": 1}
    assert "Zhang" not in json.dumps(entry)


def test_nothing_is_opened_when_the_ledger_cannot_be_written(small, tmp_path):
    with open_workplace(small.folder) as place:
        seal_sources(place.study, place.vault, progress=no_progress)
        file = place.vault.files()[0].path
        with open_ledger(home()) as gone:
            pass
        with pytest.raises(IntegrityError):
            place.vault.open_to(file, tmp_path / "plain", purpose="p", who="w", on_record=recording(gone))
    assert not (tmp_path / "plain").exists()


# Commands


def test_the_commands_add_a_key_service_rotate_rewrap_and_take_the_passphrase_away(
    small, service, opener, tmp_path, capsys
):
    transit_keys(small, service)
    by = ("--passphrase-file", opener.passphrase_file)
    named = ("--url", service.url, "--token-file", small.folder / "token.txt")
    code, out, _ = confide("vault", "custody", "add", "transit", *named, *by, capsys=capsys)
    assert (code, "transit" in out) == (0, True)
    code, out, _ = confide("vault", "show", capsys=capsys)
    assert (code, service.url in out, "recovery key" in out) == (0, True, True)
    code, out, _ = confide("vault", "rotate", *by, "--json", capsys=capsys)
    assert (code, json.loads(out)["epoch"]) == (0, 2)
    service.ask("POST", "transit/keys/confide/rotate")
    assert confide("vault", "rewrap", *named, *by, capsys=capsys)[0] == 0
    change_keys(small, transit_keys(small, service))
    assert confide("vault", "rewrap", "--study", small.folder, capsys=capsys)[0] == 0
    assert confide("vault", "custody", "remove", "passphrase", "--study", small.folder, capsys=capsys)[0] == 0
    code, _, err = confide("vault", "rotate", *by, capsys=capsys)
    assert (code, "not opened by passphrase" in err) == (6, True)
    new = tmp_path / "new.txt"
    new.write_text("twelve blue tricycles\n")
    new.chmod(0o600)
    asked = ("--new-passphrase-file", new, "--study", small.folder)
    assert confide("vault", "custody", "add", "passphrase", *asked, capsys=capsys)[0] == 0
    code, out, _ = confide("vault", "show", "--json", capsys=capsys)
    found = json.loads(out)
    assert (found["format"], found["epoch"], set(found["opened_by"])) == (
        2,
        2,
        {"passphrase", "recovery", "transit"},
    )
    acts = [one["details"]["act"] for one in records("vault-custody")]
    assert acts == ["add", "rewrap", "rewrap", "remove", "add"]
    assert [one["details"]["epoch"] for one in records("vault-rotation")] == [2]


def test_the_commands_add_an_hsm_and_make_its_key(small, hsm, opener, capsys):
    pin = hsm.new_token("commands")
    named = ("--module", hsm.module, "--token-label", "commands", "--pin-file", pin)
    by = ("--passphrase-file", opener.passphrase_file)
    code, _, err = confide("vault", "custody", "add", "pkcs11", *named, *by, capsys=capsys)
    assert (code, "no AES key confide" in err) == (6, True)
    assert confide("vault", "custody", "add", "pkcs11", *named, "--make-key", *by, capsys=capsys)[0] == 0
    assert confide("vault", "show", capsys=capsys)[1].count("commands") == 1


def test_a_new_recovery_key_is_written_once_and_opens_and_the_old_one_no_more(
    small, opener, tmp_path, capsys
):
    first, second = tmp_path / "first", tmp_path / "second"
    by = ("--passphrase-file", opener.passphrase_file)
    assert confide("vault", "recovery", "--to", first, *by, capsys=capsys)[0] == 0
    assert first.stat().st_mode & 0o777 == 0o600
    code, _, err = confide("vault", "recovery", "--to", first, *by, capsys=capsys)
    assert (code, "exists already" in err) == (2, True)
    with opened_by(Opener(recovery_file=first), nobody) as (vault, _):
        assert (
            vault.id == describe_vault(vault_folder())["vault"]
        )  # what could not be written changed nothing
    renew_recovery_key(opener, second, nobody)
    with pytest.raises(AccessDenied), opened_by(Opener(recovery_file=first), nobody):
        pytest.fail("the old recovery key opened")
    assert confide("vault", "rotate", "--recovery-file", second, capsys=capsys)[0] == 0


def test_an_intake_machine_without_a_vault_seals_and_the_vault_adopts(small, opener, tmp_path, capsys):
    by = ("--passphrase-file", opener.passphrase_file)
    code, out, _ = confide("vault", "intake", *by, "--json", capsys=capsys)
    assert code == 0
    shown = json.loads(out)
    assert shown["fingerprint"] in confide("vault", "intake", *by, capsys=capsys)[1]
    source, target = small.folder / "raw/visits.csv", tmp_path / "visits.sealed"
    away = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "away"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    child = f"from confide.cli.main import run; run(['vault', 'seal-for', {shown['key']!r}, {str(source)!r}, {str(target)!r}])"
    ran = subprocess.run([sys.executable, "-c", child], env=away, capture_output=True, text=True)
    assert (ran.returncode, str(target) in ran.stdout) == (0, True), ran.stderr
    assert not (tmp_path / "away").exists()
    assert confide("vault", "adopt", target, *by, capsys=capsys)[0] == 0
    with opened_by(opener, nobody) as (vault, _):
        assert vault.read(target) == source.read_bytes()


def test_two_keys_at_once_and_a_rewrap_of_nothing_are_refused(small, opener, tmp_path):
    with pytest.raises(InvalidInput) as caught:
        Opener(study=small.folder, passphrase_file=tmp_path)
    assert caught.value.code == "vault.one-key"
    for each in (opener, Opener(study=small.folder)):
        with pytest.raises(InvalidInput) as caught:
            rewrap(each, None, nobody)
        assert caught.value.code == "vault.rewrap-wants"


def test_half_a_key_service_is_refused(small, opener, capsys):
    by = ("--passphrase-file", opener.passphrase_file)
    code, _, err = confide("vault", "rewrap", "--url", "https://bao.example.org", *by, capsys=capsys)
    assert (code, "--token-file" in err) == (2, True)


def test_a_vault_is_made_once_and_its_passphrase_checked_after(small):
    assert make_vault(PASSPHRASE) is None
    with pytest.raises(AccessDenied):
        make_vault("twelve blue tricycles")
    assert STUDY
