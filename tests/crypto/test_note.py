"""Signed notes against the published ones: Go's sumdb, C2SP's example, a real log with a real witness."""

import base64
import pickle

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto.note import (
    COSIGNATURE,
    LONGEST,
    NOTE,
    Checkpoint,
    Signer,
    Verifier,
    checkpoint_body,
    cosignature,
    cosigned,
    is_name,
    new_signer,
    parse_checkpoint,
    parse_signatures,
    signed,
    verify_signature,
)
from confide.errors import IntegrityError

# golang.org/x/mod/sumdb/note, note_test.go
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

# C2SP signed-note, "Verifier keys"
C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_LINE = "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"

# A checkpoint of a public log with a public witness's cosignature, as they were served.
REAL = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""
REAL_LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
REAL_WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"

ORIGIN = "confide-ledger/0123456789abcdef"
LOG = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"l" * 32))
WITNESS = Signer("hospital.example/witness", Ed25519PrivateKey.from_private_bytes(b"w" * 32))
BODY = checkpoint_body(ORIGIN, 7, bytes(range(32)))
NOTE_TEXT = signed(BODY, LOG)


@given(
    size=st.integers(0, 2**63 - 1), root=st.binary(min_size=32, max_size=32), time=st.integers(0, 2**63 - 1)
)
def test_what_is_signed_and_cosigned_reads_back_and_verifies(size, root, time):
    text = cosigned(signed(checkpoint_body(ORIGIN, size, root), LOG), WITNESS, time)
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (ORIGIN, size, root)
    assert verify_signature(checkpoint, LOG.verifier) is None
    assert verify_signature(checkpoint, WITNESS.cosigner) == time


@given(at=st.integers(0, len(NOTE_TEXT.encode()) * 8 - 1))
def test_a_checkpoint_with_one_bit_changed_is_refused(at):
    changed = bytearray(cosigned(NOTE_TEXT, WITNESS, 1).encode())
    changed[at // 8] ^= 1 << at % 8
    with pytest.raises(IntegrityError):
        verify_all(changed)


def verify_all(data):
    try:
        checkpoint = parse_checkpoint(bytes(data).decode())
    except UnicodeDecodeError:
        raise IntegrityError("crypto.checkpoint") from None
    assert verify_signature(checkpoint, LOG.verifier) is None
    assert verify_signature(checkpoint, WITNESS.cosigner) == 1


anything = st.text(st.characters() | st.sampled_from("\n\n\n —+=0"), max_size=200)


@given(text=anything | st.builds(lambda cut, more: NOTE_TEXT[:cut] + more, st.integers(0, 200), anything))
def test_whatever_is_read_as_a_checkpoint_is_one_or_is_refused(text):
    for read in (parse_checkpoint, parse_signatures, Verifier.from_text):
        try:
            read(text)
        except IntegrityError:
            continue
        if read is parse_checkpoint:
            assert parse_checkpoint(text).body.encode().decode() == text[: text.rindex("\n\n") + 1]


def test_gos_published_key_and_note_are_made_and_verified_byte_for_byte():
    signer = Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(base64.b64decode(GO_SECRET)[1:]))
    assert signer.verifier.to_text() == GO_KEY
    assert Verifier.from_text(GO_KEY) == signer.verifier
    assert signed(GO_TEXT, signer) == GO_TEXT + "\n" + GO_LINE


@pytest.mark.parametrize(
    ("key", "body", "line"),
    [(GO_KEY, GO_TEXT, GO_LINE), (C2SP_KEY, "This is an example message.\n", C2SP_LINE)],
)
def test_published_signatures_verify(key, body, line):
    note = Checkpoint("", 0, b"", body, parse_signatures(line))
    assert verify_signature(note, Verifier.from_text(key)) is None
    with pytest.raises(IntegrityError) as refused:
        verify_signature(Checkpoint("", 0, b"", body + "x\n", note.signatures), Verifier.from_text(key))
    assert refused.value.code == "crypto.forged"


def test_a_real_logs_checkpoint_and_a_real_witnesss_cosignature_verify():
    checkpoint = parse_checkpoint(REAL)
    assert checkpoint.size == 1432088532
    assert len(checkpoint.signatures) == 3
    assert verify_signature(checkpoint, Verifier.from_text(REAL_LOG)) is None
    assert verify_signature(checkpoint, Verifier.from_text(REAL_WITNESS)) == 0x6A122120


def test_signatures_of_strangers_are_passed_over():
    stranger = new_signer("stranger.example")
    text = cosigned(cosigned(NOTE_TEXT, stranger, 5), WITNESS, 6)
    assert verify_signature(parse_checkpoint(text), WITNESS.cosigner) == 6
    namesake = new_signer(WITNESS.name)
    with pytest.raises(IntegrityError) as refused:
        verify_signature(parse_checkpoint(text), namesake.cosigner)
    assert refused.value.code == "crypto.not-signed"
    assert refused.value.public == {"name": WITNESS.name}


def test_a_log_key_does_not_pass_for_a_witness_and_the_other_way_round():
    checkpoint = parse_checkpoint(cosigned(NOTE_TEXT, WITNESS, 1))
    for verifier in (LOG.cosigner, WITNESS.verifier):
        with pytest.raises(IntegrityError) as refused:
            verify_signature(checkpoint, verifier)
        assert refused.value.code == "crypto.not-signed"


def test_of_two_genuine_cosignatures_the_later_time_counts_and_of_a_false_one_none_does():
    twice = parse_checkpoint(cosigned(cosigned(NOTE_TEXT, WITNESS, 9), WITNESS, 4))
    assert verify_signature(twice, WITNESS.cosigner) == 9
    false = cosignature(BODY.replace("\n7\n", "\n8\n"), WITNESS, 9)
    with pytest.raises(IntegrityError) as refused:
        verify_signature(
            parse_checkpoint(NOTE_TEXT + cosignature(BODY, WITNESS, 9) + false), WITNESS.cosigner
        )
    assert refused.value.code == "crypto.forged"
    assert refused.value.public == {"name": WITNESS.name}


def test_a_time_beyond_what_the_format_knows_is_refused_even_if_signed():
    time = 2**63
    message = f"cosignature/v1\ntime {time}\n{BODY}".encode()
    value = WITNESS.cosigner.id + time.to_bytes(8, "big") + WITNESS.sign(message)
    text = f"{NOTE_TEXT}— {WITNESS.name} {base64.b64encode(value).decode()}\n"
    with pytest.raises(IntegrityError) as refused:
        verify_signature(parse_checkpoint(text), WITNESS.cosigner)
    assert (refused.value.code, refused.value.public) == ("crypto.forged", {"name": WITNESS.name})
    for wrong in (-1, 2**63):
        with pytest.raises(ValueError, match=r"^not a time$"):
            cosignature(BODY, WITNESS, wrong)


def test_a_short_signature_is_refused():
    line = f"— {WITNESS.name} {base64.b64encode(WITNESS.cosigner.id + bytes(3)).decode()}\n"
    with pytest.raises(IntegrityError) as refused:
        verify_signature(parse_checkpoint(NOTE_TEXT + line), WITNESS.cosigner)
    assert refused.value.code == "crypto.forged"


def test_extension_lines_are_signed_with_the_rest():
    text = signed(BODY + "extension 1\n", LOG)
    checkpoint = parse_checkpoint(text)
    assert checkpoint.body.endswith("extension 1\n")
    verify_signature(checkpoint, LOG.verifier)
    with pytest.raises(IntegrityError):
        verify_signature(parse_checkpoint(text.replace("sion 1", "sion 2")), LOG.verifier)


ROOT = base64.b64encode(bytes(range(32))).decode()
LINES = NOTE_TEXT[len(BODY) + 1 :]


@pytest.mark.parametrize(
    "text",
    [
        "",
        BODY,
        BODY + "\n",
        BODY + "\n\n",
        NOTE_TEXT[:-1],
        NOTE_TEXT + "\n",
        NOTE_TEXT.replace("\n7\n", "\n07\n"),
        NOTE_TEXT.replace("\n7\n", "\n+7\n"),
        NOTE_TEXT.replace("\n7\n", "\n7 \n"),
        NOTE_TEXT.replace("\n7\n", "\n٧\n"),
        NOTE_TEXT.replace("\n7\n", "\n-7\n"),
        NOTE_TEXT.replace("\n7\n", f"\n{2**63}\n"),
        NOTE_TEXT.replace("\n7\n", f"\n1{'0' * 5000}\n"),
        NOTE_TEXT.replace(ROOT, base64.b64encode(bytes(31)).decode()),
        NOTE_TEXT.replace(ROOT, base64.b64encode(bytes(33)).decode()),
        NOTE_TEXT.replace(ROOT, ROOT[:-2] + "9="),  # the same 32 bytes, written another way
        NOTE_TEXT.replace(ROOT, ROOT.rstrip("=")),
        NOTE_TEXT.replace(ORIGIN, ""),
        NOTE_TEXT.replace(f"{ROOT}\n", ""),
        f"{ORIGIN}\n7\n{ROOT}\n\nextension\n\n{LINES}",
        NOTE_TEXT.replace("\n7\n", "\r\n7\n"),
        NOTE_TEXT.replace("confide", "conf\tide"),
        NOTE_TEXT.replace("confide", "conf\udc80ide"),
        NOTE_TEXT.replace("— ", "- "),
        NOTE_TEXT.replace("— ", "—  "),
        NOTE_TEXT.replace("— confide", "— con+fide"),
        NOTE_TEXT.replace("— confide", "— con\u3000fide"),
        NOTE_TEXT + "— a AAAAAA==\n",  # an id without a signature
        NOTE_TEXT + "— a AAAAAAB=\n",
        NOTE_TEXT + "— a\n",
        BODY + "x" * LONGEST + NOTE_TEXT[len(BODY) :],
    ],
)  # fmt: skip
def test_what_is_almost_a_checkpoint_is_refused(text):
    with pytest.raises(IntegrityError) as caught:
        parse_checkpoint(text)
    assert caught.value.code in ("crypto.checkpoint", "crypto.signature-line")
    assert str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        BODY,
        NOTE_TEXT[:-1],
        NOTE_TEXT.replace("\n7\n", "\n07\n"),
        NOTE_TEXT.replace("\n7\n", f"\n{2**63}\n"),
        NOTE_TEXT.replace(ROOT, base64.b64encode(bytes(31)).decode()),
        NOTE_TEXT.replace(f"{ROOT}\n", ""),
        f"{ORIGIN}\n7\n{ROOT}\n\nextension\n\n{LINES}",
        "\n\n" + LINES,
        BODY + "x" * LONGEST + NOTE_TEXT[len(BODY) :],
        NOTE_TEXT.replace("confide", f"conf{chr(0xD800)}ide"),
        NOTE_TEXT.replace("confide", f"conf{chr(0xDFFF)}ide"),
    ],
)
def test_a_body_that_is_none_is_told_from_a_signature_that_is_none(text):
    with pytest.raises(IntegrityError) as caught:
        parse_checkpoint(text)
    assert (caught.value.code, caught.value.public) == ("crypto.checkpoint", {})


def test_the_largest_checkpoint_is_read():
    assert parse_checkpoint(NOTE_TEXT.replace("\n7\n", f"\n{2**63 - 1}\n")).size == 2**63 - 1
    extension = "x" * (LONGEST - len(NOTE_TEXT) - 1) + "\n"
    parse_checkpoint(BODY + extension + NOTE_TEXT[len(BODY) :])
    with pytest.raises(IntegrityError):
        parse_checkpoint(BODY + "x" + extension + NOTE_TEXT[len(BODY) :])


@pytest.mark.parametrize("text", ["", "\n", LINES[:-1], LINES + "\n", "\n" + LINES, "x\n", LINES * 2000])
def test_what_is_almost_a_signature_line_is_refused(text):
    with pytest.raises(IntegrityError) as refused:
        parse_signatures(text)
    assert refused.value.code == "crypto.signature-line"


def test_a_manipulated_verifier_key_is_refused_wherever_it_is_cut_or_changed():
    for start in range(len(GO_KEY)):
        for end in range(start, len(GO_KEY) + 1):
            if (start, end) != (0, len(GO_KEY)):
                with pytest.raises(IntegrityError):
                    Verifier.from_text(GO_KEY[start:end])
    for at, sign in enumerate(GO_KEY):
        with pytest.raises(IntegrityError):
            Verifier.from_text(GO_KEY[:at] + chr(ord(sign) + 1) + GO_KEY[at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # too long, its id right
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # an unknown type, its id right
        GO_KEY.upper(),
        GO_KEY + "\n",
        "x" * LONGEST + GO_KEY,
    ],
)
def test_what_is_almost_a_verifier_key_is_refused(text):
    with pytest.raises(IntegrityError) as refused:
        Verifier.from_text(text)
    assert refused.value.code == "crypto.verifier-key"


def test_a_verifier_key_reads_back_with_a_plus_in_its_base64():
    text = "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6"
    assert Verifier.from_text(text).to_text() == text


@pytest.mark.parametrize("name", ["", " ", "a b", "a+b", "a\nb", "a\tb", "a\u2003b", "a\udc80"])
def test_a_name_that_would_break_a_line_is_refused(name):
    assert not is_name(name)
    with pytest.raises(IntegrityError) as refused:
        new_signer(name)
    assert refused.value.code == "crypto.key-name"
    with pytest.raises(ValueError, match=r"^not a checkpoint$"):
        checkpoint_body(name, 7, bytes(32))


@pytest.mark.parametrize(
    ("size", "root"), [(-1, bytes(32)), (2**63, bytes(32)), (7, bytes(31)), (7, bytes(33))]
)
def test_a_checkpoint_that_could_not_be_read_is_not_made(size, root):
    with pytest.raises(ValueError, match=r"^not a checkpoint$"):
        checkpoint_body(ORIGIN, size, root)


@pytest.mark.parametrize("body", ["", "no newline", "\nempty first\n", "tab\there\n", "\udc80\n"])
def test_a_text_that_is_no_note_is_not_signed(body):
    with pytest.raises(ValueError, match=r"^not the text of a note$"):
        signed(body, LOG)


def test_only_a_checkpoint_is_cosigned():
    with pytest.raises(IntegrityError):
        cosigned(BODY, WITNESS, 1)


def test_a_signer_survives_its_bytes():
    again = Signer.from_bytes(WITNESS.to_bytes())
    assert again.name == WITNESS.name
    assert again.verifier == WITNESS.verifier
    assert again.cosigner == WITNESS.cosigner
    assert (again.verifier.kind, again.cosigner.kind) == (NOTE, COSIGNATURE)
    assert again.verifier.id != again.cosigner.id
    assert len(WITNESS.to_bytes()) == 32 + len(WITNESS.name)


@given(data=st.binary(max_size=60))
def test_whatever_is_read_as_a_signer_has_a_whole_secret_and_a_name_or_is_refused(data):
    try:
        signer = Signer.from_bytes(data)
    except IntegrityError:
        return
    assert signer.to_bytes() == data


def test_a_secret_alone_or_half_a_secret_is_no_signer():
    for data in (b"", bytes(31), bytes(32), bytes(32) + b"\xff", bytes(32) + b"a" * LONGEST):
        with pytest.raises(IntegrityError):
            Signer.from_bytes(data)


def test_no_key_is_in_a_repr_or_a_pickle():
    secret = WITNESS.to_bytes()[:32]
    assert repr(WITNESS) == "Signer('hospital.example/witness')"
    assert secret.hex() not in repr(WITNESS)
    with pytest.raises(TypeError, match=r"^a signing key is not pickled$"):
        pickle.dumps(WITNESS)


@pytest.mark.parametrize(
    "data", [b"", bytes(32), bytes(33), bytes(32) + b"\xff", bytes(32) + b"a b", bytes(32) + b"x" * LONGEST]
)
def test_what_is_no_signer_is_refused_in_one_sentence(data):
    with pytest.raises(IntegrityError) as caught:
        Signer.from_bytes(data)
    assert (caught.value.code, caught.value.public) == ("crypto.key-name", {})


def test_the_longest_name_the_longest_verifier_key_and_the_longest_lines_are_read():
    longest = Signer.from_bytes(bytes(32) + b"x" * (LONGEST - 32))
    assert len(longest.name) == LONGEST - 32
    rest = len(longest.verifier.to_text()) - len(longest.name)
    key = Signer("x" * (LONGEST - rest), Ed25519PrivateKey.generate()).verifier
    assert len(key.to_text()) == LONGEST
    assert Verifier.from_text(key.to_text()) == key
    line = f"— {'x' * (LONGEST - len(LINES) - 12)} AAAAAAA=\n"
    assert len(LINES + line) == LONGEST
    assert len(parse_signatures(LINES + line)) == 2
    with pytest.raises(IntegrityError):
        parse_signatures(LINES + line.replace("x ", "xx "))


def test_a_verifier_key_whose_name_names_nothing_is_refused_also_when_its_id_is_right():
    """The id is computed over any name; whoever made the text may have made it for this one."""
    for name in ("two words", "", "tab\t"):
        with pytest.raises(IntegrityError) as caught:
            Verifier.from_text(Verifier(name, NOTE, bytes(32)).to_text())
        assert caught.value.code == "crypto.verifier-key"
