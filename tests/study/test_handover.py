"""Handing over to another institution: asked, approved, packed, taken in, acknowledged; else refused."""

import json
import os
import re
from pathlib import Path

import pytest
from erasing import found_roles, opened, run, signed_by
from handing import BASIS, Place, taken_in
from small import PASSPHRASE

from confide.cli import main
from confide.crypto.sign import new_key
from confide.errors import AccessDenied, ConfideError, IntegrityError, InvalidInput
from confide.study import handover, received
from confide.study.erase import erase_patient
from confide.study.handover import recorded
from confide.study.index import read_index
from confide.study.workplace import open_workplace
from confide.vault.boxes import fingerprint, signing_key


@pytest.fixture
def two(tmp_path, monkeypatch):
    return Place(tmp_path, monkeypatch)


@pytest.mark.parametrize("algorithm", ["hpke-x25519", "rsa-oaep-3072"])
def test_files_come_over_as_they_were_sealed_and_each_step_stands_in_both_ledgers(two, algorithm):
    two.packed(algorithm=algorithm)
    taken = two.receive()
    two.take_receipt()
    with open_workplace(two.study) as place:
        sent = opened(place)
    got = taken_in(two)
    assert got["notes", "raw/notes.jsonl"] == b"".join(
        line for line in sent["notes", "raw/notes.jsonl"].splitlines(keepends=True) if b'"p7"' not in line
    )
    assert got["[lists]", "ids.csv"] == sent["[lists]", "ids.csv"]
    assert set(got) == {("notes", "raw/notes.jsonl"), ("visits", "raw/visits.csv"), ("[lists]", "ids.csv")}
    assert (taken.files, taken.status, taken.sender) == (3, "identified", "Hospital A")
    ours = [each["what"] for each in two.records("a") if each["what"].startswith("handover")]
    theirs = [each["what"] for each in two.records("b") if each["what"].startswith("handover")]
    assert ours == ["handover-request", "handover-package", "handover-receipt"]
    assert theirs == ["handover-request", "handover-received"]
    packages = {
        e["details"]["package"] for e in two.records("a") + two.records("b") if "package" in e["details"]
    }
    assert len(packages) == 1


def test_a_file_without_anybody_who_opted_out_goes_over_as_the_same_ciphertext(tmp_path, monkeypatch):
    def nobody(folder):
        (folder / "optout.csv").write_text("patient_id\np4000\n")

    two = Place(tmp_path, monkeypatch, before=nobody)
    two.packed()
    two.receive()
    sealed = {path.read_bytes() for path in (two.study / "sealed").iterdir()}
    index = read_index(two.into / "sealed", two.b)
    for files in index.files.values():
        for target in files.values():
            assert (two.into / "sealed" / target).read_bytes() in sealed


def test_who_opted_out_or_did_not_agree_is_in_no_file_of_the_package(tmp_path, monkeypatch):
    def agreed(folder):
        (folder / "agreed.csv").write_text("patient_id\np0-old\np1\np7\n")

    two = Place(tmp_path, monkeypatch, text=BASIS, before=agreed)
    file = two.request()
    two.pack(file, two.offer(file, basis=None))
    two.receive()
    visits = taken_in(two)["visits", "raw/visits.csv"]
    assert {line.split(b",")[1] for line in visits.splitlines()[1:]} == {b"p0", b"p1"}
    assert not list((two.study / "sealed").glob(".confide-*")), (
        "what was sealed for the package alone is gone"
    )


def test_a_source_of_which_nobody_agreed_is_left_out_and_alone_refused(tmp_path, monkeypatch):
    def agreed(folder):
        (folder / "agreed.csv").write_text("patient_id\np39\n")
        lines = (folder / "raw" / "notes.jsonl").read_text().splitlines(keepends=True)
        (folder / "raw" / "notes.jsonl").write_text("".join(lines[:30]))

    two = Place(tmp_path, monkeypatch, text=BASIS, before=agreed)
    file = two.request()
    with pytest.raises(InvalidInput, match="nothing is left to hand over"):
        two.pack(file, two.offer(file, sources=("notes",), basis=None))
    assert two.pack(file, two.offer(file, basis=None)).files == 2, "the visits, and a crosswalk"
    two.receive()
    assert taken_in(two)["[lists]", "ids.csv"] == b"id,patient\n", "nobody of the crosswalk is in the visits"


def test_without_consent_list_or_legal_basis_nothing_is_offered(two):
    file = two.request()
    for basis in (None, " "):
        with pytest.raises(InvalidInput, match="nothing says that these records may be handed over"):
            two.offer(file, basis=basis)
    with pytest.raises(InvalidInput, match="out of notes, visits"):
        two.offer(file, sources=("lab",))
    with pytest.raises(InvalidInput, match="out of notes, visits"):
        two.offer(file, sources=())


@pytest.mark.parametrize(
    "name", ["DES-CBC", "3DES", "AES-ECB", "AES-256-CBC", "RSA PKCS1v1.5", "RSA-1024", "rot13"]
)
def test_an_old_algorithm_is_refused_with_its_reason_before_anything_is_made(two, name):
    with pytest.raises(InvalidInput) as refused:
        two.request(algorithm=name)
    assert refused.value.code.startswith("crypto.")
    assert not (two.folder / "home-b" / "vault" / "handover").exists()


@pytest.mark.parametrize("field", ["institution", "study", "what", "why"])
@pytest.mark.parametrize("text", ["", " ", "x" * 401, "two\nlines"])
def test_a_text_that_no_ledger_should_hold_is_refused(two, field, text):
    with pytest.raises(InvalidInput, match=field):
        two.request(**{field: text})


# approval


def test_where_roles_were_founded_nothing_is_packed_or_taken_in_without_approval(two):
    with two.at("a") as ledger:
        officer, _ = found_roles(ledger)
    with two.at("b") as ledger:
        theirs, _ = found_roles(ledger)
    file = two.request()
    offered = two.offer(file)
    with pytest.raises(AccessDenied):
        two.pack(file, offered)
    assert not list(two.folder.glob("*package*"))
    two.pack(file, signed_by(offered, officer))
    with pytest.raises(AccessDenied):
        two.receive()
    with two.at("b") as ledger:
        asked = received.ask_to_receive(two.b, ledger, two.folder / "package")
    with pytest.raises(AccessDenied):
        two.receive(approved=asked)
    assert not list((two.into).rglob("*.sealed"))
    assert two.receive(approved=signed_by(asked, theirs)).files == 3


def test_an_approval_to_take_in_is_for_one_package(two):
    with two.at("b") as ledger:
        theirs, _ = found_roles(ledger)
    two.packed()
    with two.at("b") as ledger:
        asked = received.ask_to_receive(two.b, ledger, two.folder / "package")
    asked["request"]["fields"]["package"] = "00" * 32
    with pytest.raises(AccessDenied, match="not the approval"):
        two.receive(approved=signed_by(asked, theirs))


def test_an_approval_that_was_used_before_the_machine_went_down_still_counts_for_the_same_package(two):
    with two.at("b") as ledger:
        theirs, _ = found_roles(ledger)
    two.packed()
    with two.at("b") as ledger:
        asked = signed_by(received.ask_to_receive(two.b, ledger, two.folder / "package"), theirs)
        ledger.approved(asked)
    assert two.receive(approved=asked).files == 3


def test_an_offer_is_packed_once_and_for_its_request_and_study_only(two):
    file, other = two.request(), two.request("other.json")
    offered = two.offer(file)
    with pytest.raises(AccessDenied, match="another request"):
        two.pack(other, offered)
    changed = json.loads(json.dumps(offered))
    changed["request"]["fields"]["study"] = "other"
    with pytest.raises(AccessDenied, match="not an offer of this study"):
        two.pack(file, changed)
    two.pack(file, offered)
    with pytest.raises(InvalidInput, match="exists already"):
        two.pack(file, offered)
    with pytest.raises(InvalidInput, match="packed before"):
        two.pack(file, offered, name="again")


def test_a_request_for_somebody_else_is_refused(two):
    file = two.request(sender_key=new_key().public)
    with pytest.raises(InvalidInput, match="another institution than this one"):
        two.offer(file)


# interruptions


def test_stopped_after_the_ledger_and_before_the_name_packing_goes_on_with_the_same_package(two):
    file = two.request()
    offered = two.offer(file)
    done = two.pack(file, offered)
    (two.folder / "package").rename(two.folder / ".package.waiting")
    assert two.pack(file, offered) == done
    assert two.receive().files == 3


def test_stopped_before_the_ledger_packing_begins_anew_and_a_failure_leaves_nothing(two):
    file = two.request()
    offered = two.offer(file)
    (two.folder / ".package.waiting").write_bytes(b"half")
    two.at("a")
    (two.study / "sealed" / ".confide-0.part").write_bytes(b"half")
    two.pack(file, offered)
    assert sorted(p.name for p in two.folder.glob("*package*")) == ["package"]
    assert not list((two.study / "sealed").glob(".confide-*"))


def test_stopped_after_the_ledger_taking_in_writes_the_receipt_once_more(two):
    file = two.packed()
    kept = next((two.folder / "home-b" / "vault" / "handover").iterdir())
    content = two.b.read(kept)
    two.receive()
    receipt = (two.folder / "receipt.json").read_bytes()
    for missing in (True, False):
        if missing:
            (two.folder / "receipt.json").unlink()
        two.b.seal_bytes(content, kept)
        assert two.receive().again
        assert (two.folder / "receipt.json").read_bytes() == receipt
        assert not kept.exists()
    assert file.exists()


def test_stopped_in_the_middle_of_adopting_the_same_call_finishes(two):
    two.packed()
    sealed = two.into / "sealed"
    with two.at("b") as ledger:
        head_of = received.read_head
        with (two.folder / "package").open("rb") as source:
            head = head_of(source, (two.folder / "package").stat().st_size, "package")
        request, private = received._verified(two.b, ledger, head, "package")
    handed = received.open_head(head, "hpke-x25519", private, "package")
    received._take_in(two.b, two.folder / "package", two.into, head, handed, lambda: None)
    (sealed / "index.sealed").unlink()
    (sealed / f".confide-{head.digest[:16]}.receiving").mkdir()
    assert two.receive().files == 3
    assert request.digest == head.manifest["request"]
    assert not list(sealed.glob(".confide-*"))


# refusals


def test_a_package_counts_once(two):
    two.packed()
    two.receive()
    with pytest.raises(InvalidInput, match="received before"):
        two.receive(receipt="again.json")


def test_a_second_package_for_an_answered_request_is_refused(two):
    file = two.packed()
    two.pack(file, two.offer(file), name="second")
    two.receive()
    with pytest.raises(InvalidInput, match="answered before"):
        two.receive("second", "second.json")


def test_a_package_that_nobody_here_asked_for_is_refused(two, tmp_path):
    two.packed()
    for kept in (two.folder / "home-b" / "vault" / "handover").iterdir():
        kept.unlink()
    for path in (two.folder / "home-b").glob("ledger*"):
        path.unlink()
    for path in (two.folder / "home-b").glob("check*"):
        path.unlink()
    with pytest.raises(InvalidInput, match="did not ask for this package"):
        two.receive()


def test_a_package_of_another_sender_is_refused(two):
    """Somebody else answers the request of B, with a package that is whole in itself."""
    file = two.request()
    asked = json.loads(file.read_bytes())["statement"]
    stranger = new_key()
    from confide.vault.package import Handed, line_of, write_package

    sealed = two.a.seal_bytes(b"x", two.folder / "x.sealed")
    line = line_of(sealed.path)
    manifest = {
        "kind": "handover-package", "format": 1, "id": os.urandom(16).hex(),
        "request": recorded(two.at("b"), "handover-request")[0]["request"], "sender": "A", "recipient": "B",
        "study": "s", "status": "identified", "consent": {"form": "basis", "basis": "x", "optout": False},
        "approval": "00" * 32, "files": [line], "made": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    handed = [(Handed("visits", "raw/a.csv", bytes(32), line), sealed.path)]
    write_package(two.folder / "package", manifest, handed, asked, stranger)
    with pytest.raises(IntegrityError, match="another key"):
        two.receive()


def test_no_altered_package_is_taken_in_and_only_our_errors_come_out(two):
    two.packed()
    good = (two.folder / "package").read_bytes()
    head = 13 + int.from_bytes(good[9:13], "big")
    places = [*range(0, 13), *range(13, head, 37), *range(head, len(good), 2011)]
    altered = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in places]
    altered += [good[:at] for at in (0, 5, 12, 100, head, len(good) - 1)] + [good + b"x"]
    for data in altered:
        (two.folder / "package").write_bytes(data)
        with pytest.raises(ConfideError) as refused:
            two.receive()
        assert refused.value.exit_code in (2, 5)
        assert not [p for p in two.into.rglob("*") if p.suffix == ".sealed"], "nothing of it was taken in"
    (two.folder / "package").write_bytes(good)
    assert two.receive().files == 3


def test_files_that_were_exchanged_are_found(two):
    two.packed()
    good = (two.folder / "package").read_bytes()
    start = 13 + int.from_bytes(good[9:13], "big")
    sizes = [each["size"] for each in json.loads(good[13:start])["manifest"]["files"]]
    first, second = good[start : start + sizes[0]], good[start + sizes[0] : start + sizes[0] + sizes[1]]
    (two.folder / "package").write_bytes(good[:start] + second + first + good[start + sizes[0] + sizes[1] :])
    with pytest.raises(IntegrityError, match="not the one that the sender listed"):
        two.receive()


def test_a_copy_of_a_package_stays_closed_once_it_was_taken_in(two):
    two.packed()
    two.receive()
    assert not list((two.folder / "home-b" / "vault" / "handover").iterdir())


def test_a_file_that_lies_there_already_is_not_replaced(two):
    two.packed()
    two.receive()
    file = two.request("second.json")
    two.at("a")
    with open_workplace(two.study) as place:
        erase_patient(place, ["p5"])
    two.pack(file, two.offer(file), name="second")
    with pytest.raises(InvalidInput, match="another file stands where"):
        two.receive("second", "second-receipt.json")


def test_a_receipt_file_that_exists_is_not_replaced(two):
    two.packed()
    (two.folder / "receipt.json").write_text("mine")
    with pytest.raises(InvalidInput, match="exists already"):
        two.receive()


# receipts


def test_a_receipt_counts_once_and_from_the_recipient_only(two):
    two.packed()
    two.receive()
    document = json.loads((two.folder / "receipt.json").read_text())
    stranger = new_key()
    forged = document | {"signature": stranger.sign(document["statement"]).to_json()}
    (two.folder / "forged.json").write_text(json.dumps(forged))
    with pytest.raises(AccessDenied, match="not signed by the recipient"):
        two.take_receipt("forged.json")
    document["statement"]["files"] = 4
    (two.folder / "changed.json").write_text(json.dumps(document))
    with pytest.raises(IntegrityError, match="changed after it was signed"):
        two.take_receipt("changed.json")
    two.take_receipt()
    with pytest.raises(InvalidInput, match="recorded before"):
        two.take_receipt()


def test_a_receipt_of_a_package_of_others_is_refused(two):
    two.packed()
    two.receive()
    with two.at("b") as ledger, pytest.raises(InvalidInput, match="did not send"):
        handover.take_receipt(two.b, ledger, two.folder / "receipt.json")


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b"\xff", b"[" * 70_000, b'{"statement": {}, "signature": {}}', b"x" * 70_000]
)
def test_a_document_that_is_none_is_refused(two, data):
    (two.folder / "receipt.json").write_bytes(data)
    with pytest.raises(InvalidInput, match="not a document of a hand-over"):
        two.take_receipt()


# after it


def test_a_study_runs_on_files_that_were_taken_in(two):
    two.packed()
    two.receive()
    with two.at("b") as ledger:
        ledger.open_account("inpatients", epsilon=10.0, delta=3e-7, patients=30_000)
    (two.into / "study.toml").write_text(
        (two.study / "study.toml").read_text().replace('optout = "optout.csv"', "")
    )
    (two.into / "passphrase.txt").write_text(PASSPHRASE)
    (two.into / "passphrase.txt").chmod(0o600)
    assert run(two.into).verdict == "pass"


def test_the_ledgers_and_the_package_name_no_patient_and_no_file(two):
    two.packed()
    text = json.dumps([two.records("a"), two.records("b")])
    good = (two.folder / "package").read_bytes()
    head = json.loads(good[13 : 13 + int.from_bytes(good[9:13], "big")])
    plain = text + json.dumps(head["manifest"])  # the rest is the box and a signature
    assert set(head) == {"manifest", "box", "signature"}
    for secret in ("raw/visits", "raw/notes", "p0-old"):
        assert secret not in plain
    assert not re.search(r"\bp7\b", plain)


# the commands


def command(two, who, *arguments):
    two.at(who)
    with pytest.raises(SystemExit) as done:
        main.run([*map(str, arguments)])
    return done.value.code


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_commands_walk_the_whole_way(two, capsys, language):
    secret = two.study / "passphrase.txt"
    opener = ("--passphrase-file", secret)
    f = two.folder

    def say(who, *arguments):
        assert command(two, who, "--language", language, "handover", *arguments) == 0
        return capsys.readouterr().out

    key = json.loads(say("a", "key", *opener, "--json"))
    assert key["fingerprint"] in say("a", "key", *opener)
    told = say("b", "request", f / "r.json", "--institution", "Hospital B", "--sender-key", key["key"],
               "--fingerprint", key["fingerprint"], "--for-study", "readmission", "--what", "visits", "--why", "trial",
               *opener)  # fmt: skip
    theirs = json.loads(say("b", "key", *opener, "--json"))["fingerprint"]
    assert theirs in told
    said = say("a", "offer", two.study, f / "r.json", f / "o.json", "--institution", "Hospital A", "--fingerprint",
               theirs.upper(), "--source", "visits", "--source", "notes", "--basis", "act")  # fmt: skip
    assert (
        "identified originals of notes, visits" if language == "en" else "notes、visits 的原始文件（可识别）"
    ) in said
    say("a", "pack", two.study, f / "r.json", f / "o.json", f / "p")
    say("b", "receive", f / "p", two.into, f / "e.json", "--request", f / "q.json", *opener)
    say("b", "receive", f / "p", two.into, f / "e.json", *opener)
    assert "Hospital B" in say("a", "receipt", f / "e.json", *opener)


def test_the_commands_speak_json(two, capsys):
    secret, f = ("--passphrase-file", two.study / "passphrase.txt"), two.folder
    key = signing_key(two.a).public

    def say(who, *arguments):
        assert command(two, who, "handover", *arguments, "--json") == 0
        return json.loads(capsys.readouterr().out)

    say("b", "request", f / "r.json", "--institution", "B", "--sender-key", key, "--fingerprint", fingerprint(key),
        "--for-study", "s", "--what", "w", "--why", "w", *secret)  # fmt: skip
    say("a", "offer", two.study, f / "r.json", f / "o.json", "--institution", "A", "--fingerprint",
        fingerprint(signing_key(two.b).public), "--source", "visits", "--basis", "b")  # fmt: skip
    assert say("a", "pack", two.study, f / "r.json", f / "o.json", f / "p")["files"] == 2
    say("b", "receive", f / "p", two.into, f / "e.json", "--request", f / "q.json", *secret)
    taken = say("b", "receive", f / "p", two.into, f / "e.json", "--approved", f / "q.json", *secret)
    assert taken["files"] == 2
    assert say("a", "receipt", f / "e.json", *secret)["files"] == 2
    assert Path(f / "p").exists()
