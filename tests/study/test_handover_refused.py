"""What a hand-over refuses: other keys than were compared, other things than were approved, replays and mix-ups."""

import dataclasses
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from erasing import CHEAP, TEXTS, as_texts, found_roles, signed_by
from handing import BASIS, Place, taken_in
from small import PASSPHRASE, STUDY

from confide.cli import main
from confide.crypto.algorithms import wrap_algorithm
from confide.crypto.sign import new_key
from confide.errors import AccessDenied, ConfideError, IntegrityError, InvalidInput
from confide.ledger.home import open_ledger
from confide.ledger.requests import new_request
from confide.ledger.verify import verify_ledger
from confide.study import handover, received
from confide.study.handover import recorded
from confide.study.sources import seal_sources
from confide.study.workplace import open_workplace
from confide.vault import package
from confide.vault.boxes import fingerprint, signing_key
from confide.vault.handover import read_request, sign_statement
from confide.vault.vault import create_vault


@pytest.fixture
def two(tmp_path, monkeypatch):
    return Place(tmp_path, monkeypatch)


def packages(two):
    return [path for path in two.folder.iterdir() if "package" in path.name]


def edited(file, change, key=None):
    """Change the statement of a signed document, and sign it again if a key is given."""
    document = json.loads(file.read_bytes())
    change(document["statement"])
    if key is None:
        file.write_text(json.dumps(document))
    else:
        file.write_bytes(sign_statement(document["statement"], key).to_bytes())
    return file


# keys that were compared by telephone


def test_nothing_is_offered_to_a_key_whose_fingerprint_was_not_heard(two):
    file = two.request()
    for heard in ("", "21f3", fingerprint(new_key().public)):
        with pytest.raises(AccessDenied, match="fingerprint that was heard"):
            two.offer(file, heard=heard)
    assert not recorded(two.at("a"), "handover-request")


def test_nothing_is_asked_of_a_key_whose_fingerprint_was_not_heard(two):
    with pytest.raises(AccessDenied, match="fingerprint that was heard"):
        two.request(heard=fingerprint(new_key().public))
    assert not recorded(two.at("b"), "handover-request")


def test_whoever_exchanges_a_request_on_its_way_is_found_by_the_fingerprint_or_the_signature(two):
    """The man in the middle has a key of his own, and wants the package closed for it."""
    his = new_key()
    file = two.request()
    box = json.loads(two.request("other.json").read_bytes())["statement"]["key"]
    sound = file.read_bytes()
    with pytest.raises(IntegrityError, match="changed after it was signed"):
        two.offer(edited(file, lambda asked: asked.update(key=box)))
    file.write_bytes(sound)
    with pytest.raises(IntegrityError, match="changed after it was signed"):
        two.offer(edited(file, lambda asked: asked.update(key=box), his))
    file.write_bytes(sound)
    with pytest.raises(AccessDenied, match="fingerprint that was heard"):
        two.offer(edited(file, lambda asked: asked.update(key=box, recipient_key=his.public), his))


def test_a_request_that_names_an_old_algorithm_is_refused_with_the_reason(two):
    key = signing_key(two.b)
    for name, code in (("rsa-pkcs1v15", "crypto.refused-pkcs1"), ("des-cbc", "crypto.refused-des"),
                       ("rsa-oaep", "handover.no-document"), ("rot13", "crypto.unknown-algorithm")):  # fmt: skip
        file = edited(two.request(f"{name}.json"), lambda asked, name=name: asked.update(algorithm=name), key)
        with pytest.raises(InvalidInput) as refused:
            two.offer(file)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("made", "code"),
    [(timedelta(days=-91), "request-age"), (timedelta(minutes=11), "request-age"), (timedelta(days=-89), None),
     ("2026-02-31T09:30:00Z", "no-document"), ("٢٠٢٦-٠١-٣١T٠٩:٣٠:٠٠Z", "no-document")],
)  # fmt: skip
def test_a_request_stands_for_90_days(two, made, code):
    if isinstance(made, timedelta):
        made = (datetime.now(UTC) + made).strftime("%Y-%m-%dT%H:%M:%SZ")
    file = edited(two.request(), lambda asked: asked.update(made=made), signing_key(two.b))
    if code is None:
        assert handover.read_request(file, two.a).statement["made"] == made
    else:
        with pytest.raises(InvalidInput) as refused:
            two.offer(file)
        assert refused.value.code == f"handover.{code}"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [("rsa-pkcs1v15", "Bleichenbacher"), ("DES", "56"), ("aes-ecb", "ECB"), ("AES-CBC", "CBC")],
)
def test_the_command_refuses_an_old_algorithm_and_says_why(two, capsys, language, name, reason):
    two.at("b")
    key = signing_key(two.a).public
    with pytest.raises(SystemExit) as done:
        main.run(["--language", language, "handover", "request", str(two.folder / "r.json"), "--institution", "B",
                  "--sender-key", key, "--fingerprint", fingerprint(key), "--for-study", "s", "--what", "w",
                  "--why", "w", "--algorithm", name, "--passphrase-file", str(two.study / "passphrase.txt")])  # fmt: skip
    assert done.value.code == 2
    assert reason in capsys.readouterr().err
    assert not (two.folder / "r.json").exists()
    with pytest.raises(InvalidInput):
        wrap_algorithm(name)


# what was approved is what leaves


def changed_offer(offered, **fields):
    changed = json.loads(json.dumps(offered))
    changed["request"]["fields"] |= fields
    return changed


@pytest.mark.parametrize(
    "fields",
    [{"recipient_key": "00" * 32}, {"recipient": "Hospital C"}, {"algorithm": "rsa-oaep-3072"}, {"status": "x"},
     {"fingerprint": "0"}, {"sources": 7}, {"sources": [7]}, {"consent": {}}, {"more": 1}, {"sender": "x\n"}],
)  # fmt: skip
def test_an_offer_that_was_edited_by_hand_is_not_packed(two, fields):
    file = two.request()
    offered = two.offer(file, sources=("visits",))
    with pytest.raises(AccessDenied, match="not an offer of this study"):
        two.pack(file, changed_offer(offered, **fields))
    assert not packages(two)


def test_an_offer_of_more_sources_or_under_another_consent_than_was_said_is_not_packed(two):
    file = two.request()
    offered = two.offer(file, sources=("visits",))
    for fields in (
        {"sources": ["notes", "visits"]},
        {"consent": {"form": "list", "basis": "", "optout": True}},
    ):
        with pytest.raises(AccessDenied, match="the files or the lists of the study changed"):
            two.pack(file, changed_offer(offered, **fields))


def test_what_was_never_offered_here_is_not_packed_even_if_it_was_approved(two):
    """`confide request other` writes any request of this kind; nobody compared a fingerprint for it."""
    with two.at("a") as ledger:
        officer, _ = found_roles(ledger)
    file, other = two.request(), two.request("other.json")
    fields = two.offer(other)["request"]["fields"]
    fields |= {"request": request_digest(file)}
    with two.at("a") as ledger:
        forged = signed_by(new_request("hand-over", fields, ledger), officer)
        erase = signed_by(new_request("erase", {}, ledger), officer)
    for offered in (forged, erase):
        with pytest.raises(AccessDenied, match="not an offer of this study"):
            two.pack(file, offered)


def request_digest(file):
    return read_request(file.read_bytes(), file.name).digest


def rewrite_study(two, old, new):
    path = two.study / "study.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("old", ['consented = "agreed.csv"', 'optout = "optout.csv"'])
def test_a_list_that_is_taken_out_of_the_study_after_the_approval_stops_the_packing(
    tmp_path, monkeypatch, old
):
    two = Place(tmp_path, monkeypatch, text=BASIS, before=agreed)
    file = two.request()
    offered = two.offer(file, basis=None)
    rewrite_study(two, old, "")
    with pytest.raises(AccessDenied, match="the files or the lists of the study changed"):
        two.pack(file, offered)


def agreed(folder):
    (folder / "agreed.csv").write_text("patient_id\np0-old\np1\np7\n")


def test_files_that_were_sealed_after_the_approval_are_not_packed_under_it(two):
    file = two.request()
    offered = two.offer(file)
    (two.study / "raw").mkdir(exist_ok=True)
    (two.study / "raw" / "visits.csv").write_text("visit_id,patient_id\nv,p1\n")
    two.at("a")
    with open_workplace(two.study) as place:
        seal_sources(place.study, place.vault)
    with pytest.raises(AccessDenied, match="the files or the lists of the study changed"):
        two.pack(file, offered)


def expired(request):
    made = datetime.now(UTC) - timedelta(days=40)
    for name, days in (("created", 0), ("expires", 30)):
        request["request"][name] = (made + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return request


def dismiss(ledger, who, *approvers):
    request = new_request("dismiss", {"key": who.public, "reason": "left"}, ledger)
    ledger.carry_out(signed_by(request, *approvers))


def test_an_expired_approval_and_one_of_a_dismissed_approver_pack_nothing_and_take_nothing_in(two):
    people = {}
    for who in "ab":
        with two.at(who) as ledger:
            first, second = found_roles(ledger)
            third = new_key()
            fields = {"key": third.public, "label": "ethics board", "roles": ["approve"]}
            ledger.carry_out(signed_by(new_request("appoint", fields, ledger), first, second))
            dismiss(ledger, second, first, third)
            people[who] = (first, second)
    file = two.request()
    cases = [(lambda request, people: signed_by(expired(request), people[0]), "ledger.request-expired"),
             (lambda request, people: signed_by(request, people[1]), "ledger.role-revoked"),
             (lambda request, people: signed_by(request, new_key()), "ledger.role-not-held")]  # fmt: skip
    for sign, code in cases:
        with pytest.raises(ConfideError) as refused:
            two.pack(file, sign(two.offer(file), people["a"]))
        assert refused.value.code == code
    assert not packages(two)
    two.pack(file, signed_by(two.offer(file), people["a"][0]))
    for sign, code in cases:
        with two.at("b") as ledger:
            asked = received.ask_to_receive(two.b, ledger, two.folder / "package")
        with pytest.raises(ConfideError) as refused:
            two.receive(approved=sign(asked, people["b"]))
        assert refused.value.code == code
    assert not list(two.into.rglob("*.sealed"))


# who is in it


def test_who_opted_out_since_the_files_were_sealed_is_not_in_the_package(two):
    file = two.request()
    offered = two.offer(file)
    (two.study / "optout.csv").write_text("patient_id\np7\np3\n")
    two.pack(file, offered)
    two.receive()
    whose = {line.split(b",")[1] for line in taken_in(two)["visits", "raw/visits.csv"].splitlines()}
    assert b"p4" in whose
    assert not whose & {b"p3", b"p7"}


def test_a_list_that_is_nowhere_stops_the_packing(two):
    rewrite_study(two, 'optout = "optout.csv"', 'optout = "other.csv"')
    file = two.request()
    with pytest.raises(InvalidInput, match=r"other\.csv"):
        two.pack(file, two.offer(file))


def test_of_a_study_of_a_cohort_only_members_are_handed_over(two):
    two.at("a")
    with open_workplace(two.study) as place:
        place.ledger.declare_cohort("inpatients", "2024", ["p1", "p2", "p7"])
    rewrite_study(two, "delta = 1e-7", 'delta = 1e-7\ncohort = "2024"')
    file = two.request()
    two.pack(file, two.offer(file))
    two.receive()
    whose = {line.split(b",")[1] for line in taken_in(two)["visits", "raw/visits.csv"].splitlines()[1:]}
    assert whose == {b"p1", b"p2"}


@pytest.mark.parametrize("nobody", ["", " ", "\u3000"])
def test_a_row_that_names_nobody_is_refused_and_not_handed_over(tmp_path, monkeypatch, nobody):
    def lost(folder):
        path = folder / "raw" / "visits.csv"
        path.write_bytes(path.read_bytes() + f"v-x,{nobody},a,b,R1,2000-01-01,F,20,3,0\n".encode())

    two = Place(tmp_path, monkeypatch, before=lost)
    file = two.request()
    with pytest.raises(InvalidInput, match=r"visits\.csv: the patient id in column patient_id is missing"):
        two.pack(file, two.offer(file))
    assert not packages(two)
    assert not list((two.study / "sealed").glob(".confide-*"))


def test_of_the_crosswalk_only_the_ids_of_patients_in_the_package_go_along(tmp_path, monkeypatch):
    def more(folder):
        (folder / "ids.csv").write_text("id,patient\np0-old,p0\nq1,p39\nq2,elsewhere\nq7,p7\n")

    two = Place(tmp_path, monkeypatch, before=more)
    file = two.request()
    two.pack(file, two.offer(file, sources=("visits",)))
    two.receive()
    assert taken_in(two)["[lists]", "ids.csv"] == b"id,patient\np0-old,p0\nq1,p39\n"


def test_what_leaves_is_not_private_in_the_ledger_and_each_opening_is_recorded_with_its_purpose(two):
    file = two.request()
    two.pack(file, two.offer(file))
    two.at("a")
    with open_workplace(two.study) as place:
        left = place.ledger.not_private("inpatients")
        openings = place.vault.openings()
        verify_ledger(place.ledger)
        records = [e.body for e in place.ledger.store.all(kind="record") if e.body["what"] == "vault-opening"]
    assert [each["what"] for each in left] == ["hand-over · notes, visits · identified · Hospital B"]
    purpose = f"hand-over {request_digest(file)[:16]}"
    assert {each.purpose for each in openings} == {purpose}
    assert len(records) == len(openings)
    assert all(each["commitment"] for each in records)
    named = {each.path.name for each in openings}
    originals = {p.name for p in (two.study / "sealed").glob("*.sealed") if p.name != "index.sealed"}
    assert len(named & originals) == 3, "the originals themselves, not their copies alone"


@pytest.mark.parametrize("basis", ["x" * 401, "two\nlines"])
def test_a_text_that_the_recipient_would_refuse_is_not_offered(two, basis):
    with pytest.raises(InvalidInput, match="basis"):
        two.offer(two.request(), basis=basis)


def test_a_name_that_the_recipient_would_refuse_is_not_packed(tmp_path, monkeypatch):
    def strange(folder):
        path = folder / "raw" / "visits.csv"
        path.rename(folder / "raw" / "vi\u202esits.csv")

    text = STUDY.replace("raw/visits.csv", "raw/*.csv")
    two = Place(tmp_path, monkeypatch, text=text, before=strange)
    file = two.request()
    with pytest.raises(InvalidInput, match="a package cannot hold"):
        two.pack(file, two.offer(file))
    assert not packages(two)


def test_notes_in_files_of_their_own_go_over_without_who_opted_out(tmp_path, monkeypatch):
    two = Place(tmp_path, monkeypatch, text=TEXTS, before=as_texts)
    file = two.request()
    assert two.pack(file, two.offer(file, sources=("notes",))).files == 40, "39 notes and a crosswalk"
    two.receive()
    names = {name for source, name in taken_in(two) if source == "notes"}
    assert "raw/notes/p5_day1.txt" in names
    assert "raw/notes/p7_day1.txt" not in names
    head = (two.folder / "package").read_bytes()
    assert b"day1" not in head


def test_a_sealed_file_that_is_gone_and_a_source_without_files_are_not_offered(two):
    file = two.request()
    rewrite_study(two, "[deid]", '[[source]]\nname = "lab"\nkind = "table"\npath = "lab.csv"\n\n[deid]')
    with pytest.raises(InvalidInput, match="nothing is left to hand over"):
        two.offer(file, sources=("lab",))
    for path in (two.study / "sealed").glob("*.sealed"):
        if path.name != "index.sealed":
            path.unlink()
    with pytest.raises(IntegrityError, match="is gone"):
        two.offer(file)


def test_an_approval_that_was_used_up_without_a_package_packs_nothing(two):
    """Stopped between the approval and the package: nobody knows whether it left, so a new offer is needed."""
    with two.at("a") as ledger:
        officer, _ = found_roles(ledger)
    file = two.request()
    offered = signed_by(two.offer(file), officer)
    with two.at("a") as ledger:
        ledger.approved(offered)
    with pytest.raises(InvalidInput, match="carried out before"):
        two.pack(file, offered)
    assert not packages(two)


# replays and mix-ups


def test_a_request_that_was_answered_is_not_answered_again(two):
    file = two.request()
    late = two.offer(file)
    two.pack(file, two.offer(file))
    two.receive()
    two.take_receipt()
    for act in (lambda: two.offer(file), lambda: two.pack(file, late, name="package-2")):
        with pytest.raises(InvalidInput, match="the package for this request has arrived"):
            act()
    assert len(packages(two)) == 1


def test_an_institution_that_the_package_is_not_for_opens_nothing_of_it(two):
    two.packed()
    vault, _ = create_vault(two.folder / "home-c" / "vault", PASSPHRASE, cost=CHEAP)
    with open_ledger(two.folder / "home-c") as ledger:
        with pytest.raises(InvalidInput, match="did not ask for this package"):
            received.receive(vault, ledger, two.folder / "package", two.folder / "c", two.folder / "r")
        with pytest.raises(InvalidInput, match="did not ask for this package"):
            received.ask_to_receive(vault, ledger, two.folder / "package")
    assert not (two.folder / "c").exists()


def test_a_package_that_names_one_request_and_is_closed_for_another_is_refused(two):
    one, other = two.request(), two.request("other.json")
    offered = two.offer(one)
    two.at("a")
    wrong = handover.read_request(other, two.a).statement
    sealed = two.a.seal_bytes(b"x", two.folder / "x.sealed").path
    line = package.line_of(sealed)
    fields = offered["request"]["fields"]
    made = package.new_manifest(fields, [line], approval="0" * 64, made="2026-01-01T00:00:00Z")
    handed = [(package.Handed("visits", "raw/a.csv", bytes(32), line), sealed)]
    package.write_package(two.folder / "package", made, handed, wrong, signing_key(two.a))
    with pytest.raises(IntegrityError, match="not for this request"):
        two.receive()


def test_keys_of_two_requests_that_were_exchanged_on_the_disk_open_nothing(two):
    file, other = two.request(), two.request("other.json")
    two.pack(file, two.offer(file))
    kept = [
        two.folder / "home-b" / "vault" / "handover" / f"{request_digest(each)}.sealed"
        for each in (file, other)
    ]
    kept[1].replace(kept[0])
    with pytest.raises(IntegrityError, match="not for this request"):
        two.receive()
    with two.at("b") as ledger, pytest.raises(IntegrityError, match="not for this request"):
        received.ask_to_receive(two.b, ledger, two.folder / "package")
    assert not list(two.into.rglob("*.sealed"))


@pytest.mark.parametrize(
    "change",
    [{"status": "anonymous"}, {"status": "a{b}"}, {"made": "now"}, {"approval": ""}, {"files": []}, {"files": [1]},
     {"consent": {"form": "none", "basis": "", "optout": True}}, {"kind": "other"}, {"format": 2},
     {"sender": "two\nlines"}, {"sender": "x" * 401}, {"id": "0"}, {"request": "0" * 63}],
)  # fmt: skip
def test_a_manifest_of_another_form_is_refused_even_if_the_sender_signed_it(tmp_path, vault_and_line, change):
    vault, sealed, made, line, request = vault_and_line
    handed = [(package.Handed("visits", "raw/a.csv", bytes(32), line), sealed)]
    package.write_package(tmp_path / "p", made | change, handed, request, signing_key(vault))
    with (
        (tmp_path / "p").open("rb") as source,
        pytest.raises(IntegrityError, match="cut, lengthened or damaged"),
    ):
        package.read_head(source, (tmp_path / "p").stat().st_size, "p")


def test_the_same_file_twice_in_a_manifest_is_refused(tmp_path, vault_and_line):
    vault, sealed, made, line, request = vault_and_line
    handed = [(package.Handed("visits", name, bytes(32), line), sealed) for name in ("a", "b")]
    package.write_package(tmp_path / "p", made | {"files": [line, line]}, handed, request, signing_key(vault))
    with (tmp_path / "p").open("rb") as source, pytest.raises(IntegrityError):
        package.read_head(source, (tmp_path / "p").stat().st_size, "p")


@pytest.mark.parametrize(
    ("source", "name"),
    [("visits", "../a.csv"), ("visits", "/etc/passwd"), ("visits", "a/../../b"), ("visits", "a\\b"), ("visits", "."),
     ("visits", ""), ("visits", "a//b"), ("visits", "x" * 401), ("", "a.csv"), ("x" * 81, "a.csv"), ("v\n", "a.csv"),
     ("visits", "a\x1b[2J")],
)  # fmt: skip
def test_no_name_in_a_box_leads_out_of_its_folder_or_turns_a_line(
    tmp_path, monkeypatch, vault_and_line, source, name
):
    vault, sealed, made, line, request = vault_and_line
    handed = [(package.Handed(source, name, bytes(32), line), sealed)]
    with pytest.raises(InvalidInput, match="a package cannot hold"):
        package.write_package(tmp_path / "p", made, handed, request, signing_key(vault))
    monkeypatch.setattr(package, "_verify_name", lambda source, name: None)  # a sender that is not ours
    head = package.write_package(tmp_path / "p", made, handed, request, signing_key(vault))
    monkeypatch.undo()
    with pytest.raises(IntegrityError, match="not for this request, or were changed"):
        package.open_head(head, "hpke-x25519", vault_and_line.private, "p")


class Made(tuple):
    private: bytes


@pytest.fixture(scope="module")
def vault_and_line(tmp_path_factory):
    from confide.vault.boxes import new_box_key

    folder = tmp_path_factory.mktemp("package")
    vault, _ = create_vault(folder / "vault", PASSPHRASE, cost=CHEAP)
    sealed = vault.seal_bytes(b"x", folder / "x.sealed").path
    line = package.line_of(sealed)
    private, public = new_box_key("hpke-x25519")
    fields = {"request": "0" * 64, "sender": "A", "recipient": "B", "study": "s", "status": "identified",
              "consent": {"form": "basis", "basis": "act", "optout": False}}  # fmt: skip
    manifest = package.new_manifest(fields, [line], approval="0" * 64, made="2026-01-01T00:00:00Z")
    made = Made((vault, sealed, manifest, line, {"algorithm": "hpke-x25519", "key": public}))
    made.private = private
    return made


@pytest.mark.parametrize("box", [[], ["a", "b", "c"], [1], ["\ud800"]])
def test_a_box_of_another_form_is_refused(tmp_path, monkeypatch, vault_and_line, box):
    vault, _, made, _, request = vault_and_line
    monkeypatch.setattr(package, "close_box", lambda *_: ["x"])
    start, _ = package.sealed_head(made, [], request, signing_key(vault))
    head = json.loads(start[13:])
    text = json.dumps(head | {"box": box}).encode()
    data = start[:9] + len(text).to_bytes(4, "big") + text + bytes(made["files"][0]["size"])
    with pytest.raises(IntegrityError, match="cut, lengthened or damaged"):
        package.read_head(io.BytesIO(data), len(data), "p")


def test_a_box_with_keys_of_more_or_fewer_files_is_refused(vault_and_line):
    vault, _, made, line, request = vault_and_line
    for names in ([], ["a", "b"], ["a", "a"]):
        handed = [package.Handed("visits", name, bytes(32), line) for name in names]
        _, head = package.sealed_head(made, handed, request, signing_key(vault))
        with pytest.raises(IntegrityError, match="not for this request"):
            package.open_head(head, "hpke-x25519", vault_and_line.private, "p")


def test_a_box_opens_with_its_own_manifest_only(vault_and_line):
    vault, _, made, line, request = vault_and_line
    handed = [package.Handed("visits", "a.csv", bytes(32), line)]
    _, head = package.sealed_head(made, handed, request, signing_key(vault))
    assert package.open_head(head, "hpke-x25519", vault_and_line.private, "p") == handed
    other = dataclasses.replace(head, manifest=made | {"id": "0" * 32})
    with pytest.raises(IntegrityError, match="not for this request"):
        package.open_head(other, "hpke-x25519", vault_and_line.private, "p")


def test_more_files_than_a_package_holds_are_refused(tmp_path, monkeypatch, vault_and_line):
    vault, sealed, made, line, request = vault_and_line
    handed = [(package.Handed("visits", "a.csv", bytes(32), line), sealed)]
    for limit in ("MOST_FILES", "LARGEST_HEAD"):
        with monkeypatch.context() as patch:
            patch.setattr(package, limit, 0)
            with pytest.raises(InvalidInput, match="a package holds at most"):
                package.write_package(tmp_path / "p", made, handed, request, signing_key(vault))
    assert not (tmp_path / "p").exists()


def test_a_file_that_changed_since_the_manifest_was_made_stops_the_packing(tmp_path, vault_and_line):
    vault, sealed, made, line, request = vault_and_line
    handed = [(package.Handed("visits", "a.csv", bytes(32), line), tmp_path / "changed")]
    for content in (sealed.read_bytes()[:-1], sealed.read_bytes()[:-1] + b"?"):
        (tmp_path / "changed").write_bytes(content)
        with pytest.raises(IntegrityError, match="not the one that the sender listed"):
            package.write_package(tmp_path / "p", made, handed, request, signing_key(vault))
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("wrong", ["key", "file id", "no sealed file"])
def test_a_file_that_its_key_does_not_open_to_the_end_is_not_adopted(two, wrong):
    """The sender signed it all, and yet the file is not what the manifest says."""
    file = two.request()
    asked = handover.read_request(file, two.a)
    sealed = two.a.seal_bytes(b"x", two.folder / "x.sealed").path
    line = package.line_of(sealed)
    if wrong == "no sealed file":
        sealed.write_bytes(b"x" * line["size"])
        line["sha256"] = hashlib.sha256(b"x" * line["size"]).hexdigest()
    if wrong == "file id":
        line["file_id"] = "0" * 32
    fields = {"request": asked.digest, "sender": "A", "recipient": "B", "study": "s", "status": "identified",
              "consent": {"form": "basis", "basis": "act", "optout": False}}  # fmt: skip
    made = package.new_manifest(fields, [line], approval="0" * 64, made="2026-01-01T00:00:00Z")
    handed = [(package.Handed("visits", "raw/a.csv", bytes(32), line), sealed)]
    package.write_package(two.folder / "package", made, handed, asked.statement, signing_key(two.a))
    with pytest.raises(IntegrityError, match="not the one that the sender listed"):
        two.receive()
    assert not list(two.into.rglob("*.sealed"))
    assert not recorded(two.at("b"), "handover-received")


# receipts


def test_a_receipt_that_says_what_is_not_so_is_refused_even_if_the_recipient_signed_it(two):
    two.packed()
    two.receive()
    for name, value in (("files", 2), ("request", "0" * 64), ("recipient", "Hospital C")):
        (two.folder / "wrong.json").write_bytes((two.folder / "receipt.json").read_bytes())
        edited(
            two.folder / "wrong.json", lambda said, n=name, v=value: said.update({n: v}), signing_key(two.b)
        )
        with pytest.raises(IntegrityError, match="what is not so"):
            two.take_receipt("wrong.json")
    two.take_receipt()


def test_a_receipt_of_one_package_does_not_count_for_another(two):
    file = two.packed()
    second = two.pack(file, two.offer(file), name="second")
    two.receive()
    edited(two.folder / "receipt.json", lambda said: said.update(package=second.package))
    with pytest.raises(IntegrityError, match="changed after it was signed"):
        two.take_receipt()


# stopped on the way


class Stopped(Exception):
    pass


def test_the_ledger_holds_a_package_before_a_file_of_it_is_adopted(two, monkeypatch):
    two.packed()

    def stop(*_):
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(received, "_record", stop)
        with pytest.raises(Stopped):
            two.receive()
    assert not list(two.into.rglob("*.sealed"))
    with monkeypatch.context() as patch:
        patch.setattr(received, "write_index", stop)
        with pytest.raises(Stopped):
            two.receive()
    assert len(recorded(two.at("b"), "handover-received")) == 1
    assert not (two.folder / "receipt.json").exists()
    assert two.receive().again
    assert set(taken_in(two)) == {
        ("notes", "raw/notes.jsonl"),
        ("visits", "raw/visits.csv"),
        ("[lists]", "ids.csv"),
    }
    assert len(recorded(two.at("b"), "handover-received")) == 1
    two.take_receipt()
    with pytest.raises(InvalidInput, match="received before"):
        two.receive()


def test_a_file_that_lies_where_the_receipt_belongs_is_not_taken_for_it(two, monkeypatch):
    two.packed()
    with monkeypatch.context() as patch:
        patch.setattr(received, "_write_receipt", lambda *_: (_ for _ in ()).throw(Stopped))
        with pytest.raises(Stopped):
            two.receive()
    (two.folder / "receipt.json").write_text("{}")
    with pytest.raises(InvalidInput, match="exists already"):
        two.receive()
    (two.folder / "receipt.json").unlink()
    assert two.receive().again


def test_another_file_in_the_place_of_a_waiting_package_does_not_get_its_name(two):
    file = two.request()
    offered = two.offer(file)
    two.pack(file, offered)
    (two.folder / "package").unlink()
    for content in (b"other", b""):
        (two.folder / ".package.waiting").write_bytes(content)
        with pytest.raises(InvalidInput, match="packed before"):
            two.pack(file, offered)
    assert not (two.folder / "package").exists()
