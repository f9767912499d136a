"""Exports: what is written can be read back, and whatever else is read is refused in one sentence."""

import base64
import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_home import fill

from confide.crypto.note import Signer, checkpoint_body, cosigned, new_signer, signed
from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.ledger.entries import salted_digest
from confide.ledger.export import LONGEST_LINE, export, read_export
from confide.ledger.home import CHECKPOINT, COSIGNED, open_ledger
from confide.ledger.log_key import rotate_log_key


def exported(home, path, **options):
    with open_ledger(home) as ledger:
        return export(ledger, path, folder=home, **options)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    fill(home, "ab")
    with open_ledger(home):
        note = (home / CHECKPOINT).read_text(encoding="utf-8")
    (home / COSIGNED).write_text(cosigned(note, new_signer("witness"), 1_700_000_000), encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def lines(home, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "export"
    exported(home, path, with_releases=True)
    return path.read_bytes().splitlines(keepends=True)


def read(folder, lines):
    (folder / "export").write_bytes(b"".join(lines))
    return read_export(folder / "export")


def test_what_is_exported_is_read_back(home, tmp_path):
    assert exported(home, tmp_path / "export", with_releases=True) == 8
    found = read_export(tmp_path / "export")
    with open_ledger(home) as ledger:
        assert found.ledger == ledger.id
        assert found.entries == ledger.store.all()
        assert found.salts == [ledger.store.salt(number) for number in range(8)]
        commits = [entry.sequence for entry in ledger.store.all(kind="commit")]
        assert found.releases == {number: ledger.store.release(number) for number in commits}
        assert (found.checkpoint.size, found.checkpoint.root) == (8, ledger.store.root(8))
    assert [line.name for line in found.cosigned.signatures] == [found.checkpoint.origin, "witness"]
    assert "Export" in repr(found)
    assert "count" not in repr(found)


def test_neither_releases_nor_their_salts_leave_unless_asked(home, tmp_path):
    exported(home, tmp_path / "export")
    text = (tmp_path / "export").read_text()
    with open_ledger(home) as ledger:
        for commit in ledger.store.all(kind="commit"):
            salt, content = ledger.store.release(commit.sequence)
            assert salt.hex() not in text
            assert content.decode() not in json.loads(json.dumps(text))
            assert salted_digest(salt, content) in text
    assert read_export(tmp_path / "export").releases == {}


def test_an_export_is_the_same_on_both_dialects(place, kind, tmp_path):
    url = place if kind == "postgres" else None
    fill(tmp_path / "home", "ab", url=url)
    with open_ledger(tmp_path / "home", url=url) as ledger:
        export(ledger, tmp_path / "export", folder=tmp_path / "home", with_releases=True)
        found = read_export(tmp_path / "export")
        assert found.entries == ledger.store.all()
        assert found.cosigned is None


def test_entries_that_come_while_it_is_written_wait_for_the_next_export(home, tmp_path, monkeypatch):
    from confide.ledger import export as module

    def sign_and_be_overtaken(ledger):
        note = checkpoint_of(ledger)
        ledger.open_account("late", epsilon=1.0, delta=1e-9, patients=100)
        return note

    fill(tmp_path / "home")
    checkpoint_of = module.checkpoint_of
    monkeypatch.setattr(module, "checkpoint_of", sign_and_be_overtaken)
    assert exported(tmp_path / "home", tmp_path / "export") == 6
    assert len(read_export(tmp_path / "export").entries) == 6


def test_a_release_that_is_too_large_is_refused_before_a_file_is_there(tmp_path, monkeypatch):
    fill(tmp_path / "home")
    monkeypatch.setattr("confide.ledger.export.LONGEST_LINE", 2_000)
    with open_ledger(tmp_path / "home") as ledger:
        ledger.store.database.execute("UPDATE releases SET content = zeroblob(3000)")
    with pytest.raises(InvalidInput, match="too large for an export"):
        exported(tmp_path / "home", tmp_path / "export", with_releases=True)
    assert not (tmp_path / "export").exists()


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_export(tmp_path / "nothing")


# foreign files ----------------------------------------------------------------------------------------


def refused(folder, lines, number):
    with pytest.raises(IntegrityError, match=f"line {number} is not what an export"):
        read(folder, lines)


@pytest.mark.parametrize("number", range(12))
def test_a_line_that_is_missing_is_refused(lines, tmp_path, number):
    assert len(lines) == 13
    with pytest.raises(IntegrityError, match="is not what an export"):
        read(tmp_path, lines[:number] + lines[number + 1 :])


def test_the_cosigned_line_may_be_missing_and_nothing_may_follow_it(lines, tmp_path):
    assert read(tmp_path, lines[:-1]).cosigned is None
    refused(tmp_path, [*lines, lines[-1]], 14)


@pytest.mark.parametrize("number", range(1, 13))
def test_two_lines_that_changed_places_are_refused(lines, tmp_path, number):
    swapped = [*lines[: number - 1], lines[number], lines[number - 1], *lines[number + 1 :]]
    refused(tmp_path, swapped, number)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_changed_byte_is_found_in_whatever_line_it_is(lines, tmp_path, data):
    number = data.draw(st.integers(0, 11))
    at = data.draw(st.integers(0, len(lines[number]) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != lines[number][at]))
    changed = lines[number][:at] + bytes([other]) + lines[number][at + 1 :]
    if json_or_none(changed) == json_or_none(lines[number]):
        return  # another way to write the same, such as a blank
    with pytest.raises(IntegrityError):
        read(tmp_path, [*lines[:number], changed, *lines[number + 1 :]])


def json_or_none(line):
    try:
        return json.loads(line)
    except ValueError:
        return None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=300), seed=st.integers(0, 2**32))
def test_whatever_the_file_holds_nothing_but_our_own_error_is_raised(lines, tmp_path, noise, seed):
    draw = random.Random(seed)
    whole = b"".join(lines)
    start = draw.randrange(len(whole))
    (tmp_path / "export").write_bytes(whole[:start] + noise + whole[start + draw.randrange(300) :])
    try:
        read_export(tmp_path / "export")
    except ConfideError:
        return


def altered(line, **fields):
    return json.dumps(json.loads(line) | fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    ("number", "fields"),
    [
        (1, {"format": "confide-ledger-export/2"}),
        (1, {"entries": 0}),
        (1, {"entries": True}),
        (1, {"entries": 10**30}),
        (1, {"more": 1}),
        (9, {"entry": "[]"}),
        (2, {"hash": "zz"}),
        (2, {"hash": "ü" * 64}),
        (2, {"salt": "00" * 15}),
        (2, {"salt": "0g" * 16}),
        (2, {"entry": "{}"}),
        (2, {"entry": "\ud800"}),
        (10, {"release": 3}),
        (10, {"release": -1}),
        (10, {"release": 8}),
        (10, {"content": "{}"}),
        (10, {"content": "\ud800"}),
        (10, {"salt": "00" * 16}),
        (12, {"checkpoint": "x"}),
        (12, {"checkpoint": 7}),
        (13, {"cosigned": "x"}),
    ],
)
def test_a_line_with_another_value_is_refused_by_its_number(lines, tmp_path, number, fields):
    changed = json.dumps(json.loads(lines[number - 1]) | fields).encode() + b"\n"
    refused(tmp_path, [*lines[: number - 1], changed, *lines[number:]], number)


def test_an_id_that_is_not_that_of_the_first_entry_is_refused(lines, tmp_path):
    refused(tmp_path, [altered(lines[0], ledger="00" * 8), *lines[1:]], 9)


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"[]\n", b"{}\n", b"null\n", b"7", b"[" * 200_000 + b"\n", b'{"a":' * 100_000 + b"\n",
     b'{"format":' + b"9" * 5_000 + b"}\n", b" " * (LONGEST_LINE + 1) + b"\n", b"\xff\xfe\n", b'"' + b"a" * 100],
)  # fmt: skip
def test_a_first_line_that_is_none_is_refused(lines, tmp_path, line):
    refused(tmp_path, [line, *lines[1:]], 1)


@pytest.mark.parametrize("number", [1, 3])
def test_a_number_of_releases_that_is_neither_all_nor_none_is_refused(lines, tmp_path, number):
    refused(tmp_path, [altered(lines[0], releases=number), *lines[1:]], 9)


def forge(entry, previous):
    """Make an entry line with a chain that fits; the tree does not matter here."""
    import hashlib

    digest = hashlib.sha256(bytes.fromhex(previous) + entry.encode()).hexdigest()
    return (
        json.dumps({"entry": entry, "hash": digest, "salt": "00" * 16}, ensure_ascii=False).encode() + b"\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":"genesis","previous":"P","sequence":0,"x":0.5}',
        '{"kind":"genesis", "previous":"P","sequence":0}',
        '{"kind":"genesis","previous":"P","sequence":0,"sequence":0}',
        '{"previous":"P","kind":"genesis","sequence":0}',
        '{"kind":"genesis","previous":"P","sequence":0,"x":NaN}',
        '{"kind":"genesis","previous":"P","sequence":0} ',
        '{"kind":"genesis","previous":"P","sequence":0}{}',
    ],
)
def test_an_entry_that_is_not_in_the_one_form_is_refused_though_its_hash_fits(lines, tmp_path, text):
    forged = forge(text.replace("P", "0" * 64), "0" * 64)
    refused(tmp_path, [lines[0], forged, *lines[2:]], 2)


def test_a_checkpoint_of_another_key_or_over_other_entries_is_refused(lines, home, tmp_path):
    found = read(tmp_path, lines)
    own = found.checkpoint
    for body in (own.body, checkpoint_body(own.origin, 7, own.root), checkpoint_body("other", 8, own.root),
                 checkpoint_body(own.origin, 8, bytes(32))):  # fmt: skip
        note = signed(body, new_signer(own.origin))
        refused(tmp_path, [*lines[:11], altered(lines[11], checkpoint=note)], 12)


def test_a_log_key_that_is_none_is_refused(tmp_path):
    for verifier in (base64.b64encode(bytes(8)).decode(), new_signer("another/log").verifier.to_text()):
        folder = tmp_path / verifier[:4]
        fill(folder)
        with open_ledger(folder) as ledger:
            with ledger.store.write() as writer:
                writer.append({"kind": "log-key", "verifier": verifier})
            export(ledger, folder / "export", folder=folder)
        with pytest.raises(IntegrityError, match="line 9 "):
            read_export(folder / "export")


def test_only_the_newest_log_key_signs_an_export(tmp_path):
    def append(verifier):
        with ledger.store.write() as writer:
            writer.append({"kind": "log-key", "verifier": verifier})

    fill(tmp_path)
    with open_ledger(tmp_path) as ledger:
        old = ledger.signer
        rotate_log_key(ledger, tmp_path, append)
        export(ledger, tmp_path / "export", folder=tmp_path)
        assert len(read_export(tmp_path / "export").entries) == 7
        ledger.signer = old
        export(ledger, tmp_path / "export", folder=tmp_path)
    with pytest.raises(IntegrityError, match="line 9 "):
        read_export(tmp_path / "export")


def test_a_cosigned_checkpoint_that_the_entries_do_not_continue_is_refused(lines, home, tmp_path):
    own = read(tmp_path, lines).checkpoint
    signer = Signer.from_bytes((home / "log.key").read_bytes())
    with open_ledger(home) as ledger:
        five = ledger.store.root(5)
    notes = [
        (own.origin, 5, own.root),
        (own.origin, 9, own.root),
        (own.origin, 0, own.root),
        ("other", 8, own.root),
    ]
    for body in notes:
        note = signed(checkpoint_body(*body), signer)
        refused(tmp_path, [*lines[:12], altered(lines[12], cosigned=note)], 13)
    stranger = signed(checkpoint_body(own.origin, 5, five), new_signer(own.origin))
    refused(tmp_path, [*lines[:12], altered(lines[12], cosigned=stranger)], 13)
    fits = signed(checkpoint_body(own.origin, 5, five), signer)
    assert read(tmp_path, [*lines[:12], altered(lines[12], cosigned=fits)]).cosigned.size == 5


def test_what_was_cosigned_and_lost_may_be_longer_than_a_ledger_that_was_closed(tmp_path):
    fill(tmp_path)
    with open_ledger(tmp_path) as ledger:
        size = ledger.store.head()[0]
        with ledger.store.write() as writer:
            writer.append({"kind": "restored", "missing": 3})
        for lost, stands in ((size, False), (size + 1, True), (size + 3, True)):
            note = signed(checkpoint_body(ledger.signer.name, lost, bytes(32)), ledger.signer)
            (tmp_path / COSIGNED).write_text(note, encoding="utf-8")
            export(ledger, tmp_path / "export", folder=tmp_path)
            if stands:
                assert read_export(tmp_path / "export").cosigned.size == lost
            else:
                with pytest.raises(IntegrityError):
                    read_export(tmp_path / "export")


def test_a_key_that_stands_twice_is_refused_on_whatever_line(lines, tmp_path):
    for number, line in enumerate(lines):
        name = next(iter(json.loads(line)))
        twice = line.replace(b"{", b'{"%s":"x",' % name.encode(), 1)
        refused(tmp_path, [*lines[:number], twice, *lines[number + 1 :]], number + 1)


def test_an_export_in_another_encoding_is_refused(lines, tmp_path):
    for encoding in ("utf-16", "utf-8-sig"):
        refused(tmp_path, [lines[0].decode().encode(encoding), *lines[1:]], 1)
