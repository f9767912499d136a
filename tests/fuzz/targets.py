"""What is fuzzed: every parser that meets bytes from outside, and where its first inputs come from.

Each target takes bytes and may end in two ways only: it returns, or it raises a ConfideError. Anything
else is a finding. `tests/fuzz/fuzz.py` drives one; a new parser adds one function and one line to TARGETS.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path += [str(Path(__file__).parents[1] / room) for room in ("study", "ledger", "federated", "encrypted")]
from examples import SMALL, WHOLE, WITNESS, ledger_with, person
from fed_rounds import HUB_KEY, KEYS, federation, machines, play, updates_of
from small import STUDY

from confide.crypto import hpke, siv
from confide.crypto.merkle import leaf_hash
from confide.crypto.note import (
    Verifier,
    checkpoint_body,
    cosigned,
    new_signer,
    parse_checkpoint,
    signed,
    verify_signature,
)
from confide.crypto.oaep import rsa_public_key_of
from confide.crypto.segments import plain_size
from confide.crypto.sign import Signature, digest, new_key
from confide.crypto.sign import verify as verify_statement
from confide.crypto.stream import decrypt_range, decrypt_segments, encrypt_stream
from confide.deid.deidentify import Deidentifier
from confide.errors import ConfideError
from confide.federated.messages import KINDS, Parcel, number_of, write
from confide.ledger.entries import canonical
from confide.ledger.export import read_lines
from confide.ledger.requests import new_request, read_request, sign_request, verify_request
from confide.ledger.roles import Holder
from confide.ledger.verify import verify_ledger
from confide.study.config import read_study
from confide.transparency.proof import check_proof
from confide.transparency.request import parse_request
from confide.vault import handover, package
from confide.vault.seal import new_data_key, new_header, parse_header


@dataclass(frozen=True)
class Target:
    """One parser: what it is given, sound inputs to start from, and its part of a minute in the tests."""

    parse: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    part: float = 1.0


_LOG = new_signer("hospital.example/log")


def _checkpoint(data: bytes) -> object:
    """A checkpoint that verifies is what our own key signed; verifier keys are read from the same bytes."""
    text = data.decode("utf-8", errors="replace")
    if "+" in text.split("\n", 1)[0]:
        return Verifier.from_text(text)
    return verify_signature(parse_checkpoint(text), _LOG.verifier)


def _checkpoints() -> list[bytes]:
    note = signed(checkpoint_body(_LOG.name, 7, bytes(32)), _LOG)
    whole = cosigned(note, new_signer("witness.example"), 1)
    return [note.encode(), whole.encode(), _LOG.verifier.to_text().encode()]


def _stream(data: bytes) -> object:
    """The whole stream in turn, or where the first byte is odd a range of it."""
    half = max(0, plain_size(len(data))) // 2
    if data[:1] == b"\x29":
        data = b"\x28" + data[1:]
        return list(decrypt_range(bytes(32), BytesIO(data), len(data), b"", 0, half))
    return list(decrypt_segments(bytes(32), BytesIO(data), b""))


def _streams() -> list[bytes]:
    out = BytesIO()
    encrypt_stream(bytes(32), b"plain text", out, b"")
    return [out.getvalue(), b"\x29" + out.getvalue()[1:]]


def _keys(data: bytes) -> object:
    """What partners send: keys as text, tokens, packages."""
    text = data.decode("utf-8", errors="replace")
    if text.startswith("-"):
        return rsa_public_key_of(data)
    if text.startswith("x"):
        return hpke.seal(hpke.public_key_of(text), b"", b"")
    if text.startswith("t"):
        return siv.untoken(bytes(64), text[1:])
    return hpke.open_sealed(_PARTNER, data[1:], b"")


def _keys_and_packages() -> list[bytes]:
    rsa = generate_private_key(65537, 3072).public_key()
    text = hpke.public_key_text(_PARTNER.public_key())
    token = "t" + siv.token(bytes(64), "MRN-0012345")
    package = hpke.seal(_PARTNER.public_key(), b"data key", b"")
    pem = rsa.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return [pem, text.encode(), token.encode(), b"p" + package]


_PARTNER = hpke.new_private_key()


def _export(data: bytes) -> object:
    return read_lines(BytesIO(data))


def _exports() -> list[bytes]:
    lines = SMALL.read_bytes().splitlines(keepends=True)
    return [b"".join(lines), b"".join(lines[:-1])]


def _entries(data: bytes) -> object:
    """Entries, one a line, with chain and tree mended, so that what they say is reached and not their hashes alone."""
    bodies = []
    for line in data.decode("utf-8", errors="replace").split("\n"):
        try:
            body = json.loads(line)
            canonical(body).encode()
        except (ValueError, TypeError, RecursionError):
            break
        if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
            break
        if not all(isinstance(body.get(name), str | None) for name in ("account", "study", "key")):
            break
        if not isinstance(body.get("charge"), int | None):
            break
        bodies.append(body | {"sequence": len(bodies)})
    with ledger_with(bodies, {}) as ledger:
        return verify_ledger(ledger)


def _entry_lines() -> list[bytes]:
    """The entries of the examples up to the first that needs what is not among them: a release, a cohort's members."""
    seeds = []
    for path in (SMALL, WHOLE):
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        texts = [line["entry"] for line in lines if "entry" in line]
        end = next(n for n, text in enumerate(texts) if json.loads(text)["kind"] == "commit")
        seeds.append("\n".join(texts[:end]).encode())
    return seeds


def _witness_request(data: bytes) -> object:
    return parse_checkpoint(parse_request(data).note)


def _witness_requests() -> list[bytes]:
    note = signed(checkpoint_body(_LOG.name, 7, bytes(32)), _LOG)
    return [f"old 0\n\n{note}".encode(), f"old 3\n{'A' * 43}=\n\n{note}".encode()]


def _proof(data: bytes) -> object:
    return check_proof(data, _LOG.verifier, [WITNESS.cosigner])


def _proofs() -> list[bytes]:
    """One entry, alone in its log."""
    entry, salt = '{"kind":"genesis"}', bytes(16)
    note = signed(checkpoint_body(_LOG.name, 1, leaf_hash(salt + entry.encode())), _LOG)
    proof = {"format": "confide-proof/1", "sequence": 0, "entry": entry, "salt": salt.hex(), "inclusion": [],
             "checkpoint": cosigned(note, WITNESS, 1)}  # fmt: skip
    return [json.dumps(proof, ensure_ascii=False).encode()]


@dataclass(frozen=True)
class _Here:
    id: str = "00112233445566ff"


_ROSTER = {key.public: Holder("officer", key.public, ("approve", "extend")) for key in map(person, (1, 2))}


def _request(data: bytes) -> object:
    """A request is read; without signatures it would not count, so one of ours is asked for where there is none."""
    document = read_request(data)
    return verify_request(document, ledger=_Here.id, roster=_ROSTER, at=document["request"]["created"])


def _requests() -> list[bytes]:
    figures = {
        "study": "s",
        "account": "a",
        "epsilon": "1.0",
        "delta": "1e-08",
        "expires": "2099-12-31",
        "reason": "x",
    }
    asked = [
        new_request("extend", figures, _Here()),
        new_request("erase", {"subject": "ab"}, _Here(), requester=person(3)),
    ]
    return [json.dumps(sign_request(sign_request(each, person(1)), person(2))).encode() for each in asked]


def _signature(data: bytes) -> object:
    """A statement and its signature, as a partner's receipt has them; a statement without a name for its bytes is none."""
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(whole, dict) or not isinstance(whole.get("statement"), dict):
        return None
    return verify_statement(whole["statement"], Signature.from_json(whole.get("signature"))), digest(
        whole["statement"]
    )


def _signatures() -> list[bytes]:
    statement = {"kind": "receipt", "files": 3, "made": "2026-01-31T09:30:00Z", "x": [1.5, None, "名"]}
    whole = {"statement": statement, "signature": person(1).sign(statement).to_json()}
    return [json.dumps(whole).encode()]


def _study(data: bytes) -> object:
    return read_study(data.decode("utf-8", errors="replace"), Path())


def _handed(data: bytes) -> object:
    """What another institution sends: a package, or a signed document; its answer opens with no key of ours."""
    if data.startswith(package.MAGIC):
        head = package.read_head(BytesIO(data), len(data), "f")
        if head.signature.key == _INSTITUTION.public:
            package.verify_head(head, _INSTITUTION.public, "f")
        return package.open_head(head, "hpke-x25519", _PARTNER.private_bytes_raw(), "f")
    if b"handover-receipt" in data:
        return handover.read_receipt(data, "f")
    if b"hand-over" in data:
        return read_request(data)
    return handover.read_request(data, "f")


def _handed_over() -> list[bytes]:
    public = hpke.public_key_text(_PARTNER.public_key())
    made = {"format": 1, "made": "2026-01-01T00:00:00Z"}
    asked = handover.sign_statement(made | {
        "kind": "handover-request", "id": "0" * 32, "institution": "B", "sender_key": "0" * 64,
        "recipient_key": _INSTITUTION.public, "study": "s", "what": "visits", "why": "a trial",
        "algorithm": "hpke-x25519", "key": public,
    }, _INSTITUTION)  # fmt: skip
    receipt = handover.sign_statement(made | {
        "kind": "handover-receipt", "package": "0" * 64, "request": asked.digest, "recipient": "B", "files": 1,
    }, _INSTITUTION)  # fmt: skip
    line = {"file_id": "0" * 32, "size": 4, "sha256": "0" * 64}
    fields = {"request": asked.digest, "sender": "A", "recipient": "B", "study": "s", "status": "identified",
              "consent": {"form": "basis", "basis": "act", "optout": True}}  # fmt: skip
    manifest = package.new_manifest(fields, [line], approval="0" * 64, made="2026-01-01T00:00:00Z")
    handed = package.Handed("visits", "raw/visits.csv", bytes(32), line)
    head = package.sealed_head(manifest, [handed], asked.statement, _INSTITUTION)[0]
    offer = new_request("hand-over", fields, _LEDGER)
    return [head + b"file", asked.to_bytes(), receipt.to_bytes(), json.dumps(offer).encode()]


_INSTITUTION = new_key()
_LEDGER = SimpleNamespace(id="0" * 16)


def _note(data: bytes) -> object:
    """A note under a policy that keeps nothing doubtful; lone surrogates come as they do out of broken files."""
    return _DEIDENTIFIER.texts(
        [data.decode("utf-8", errors="surrogateescape")], {"name": ["张伟", "Ann Lee"]}, "p"
    )


def _notes() -> list[bytes]:
    zh = (
        "姓名：张偉\t性 别：男|住院号:ZY0012 床号:12\n患者张伟，男，45岁，于2023年5月1日-3日，民族：汉族 职业:农民，"
        "住址：洛阳市西工区中州路8号3单元502，转自北京协和医院。王主任查房，联系人：李芳（妻子）１３８００１３８０００，11010519491231002X"
    )
    en = (
        "Name: Smith, John A  MRN# 0012345 DOB: 02/03/1960\nDr. Kumar, M.D., 12 Oak Street, Apt 3, Springfield, IL 62704; "
        "(212) 555-0199 x12, a.b@c.org, https://x.org/a, fe80::1, his wife Mary, a 92-year-old, May 1, 2023, Mercy General Hospital"
    )
    table = "姓名|性别|电话\n---|---|---\n张伟|男|13800138000\nName\tMRN\nJohn Smith\tZY12345\n"
    odd = "\u202e\u0661\u0662\x00\U0001f600\ufffd张·伟\u200b e\u0301 ㎏" + "1 " * 40
    seeds = [each.encode() for each in (zh, en, table, odd)]
    for seed in seeds:
        _note(seed)  # what is compiled once is compiled before anything is timed
    return seeds


_DEIDENTIFIER = Deidentifier(policy="gbt37964-research", key=b"k" * 32)


def _asked(data: bytes) -> object:
    """A message to the owner of a model, or by its kind a public key or a reply."""
    client, server = _sides()
    kind = data[5] if len(data) > 5 else 0
    if kind == 0:
        return server.enroll("fuzz", data)
    return client.read(data) if kind == 3 else server.answer("ward", data)


@cache
def _sides() -> tuple[object, object]:
    from models_of import pair, tiny

    return pair(tiny(), decryptions=2**60)


def _sound_messages() -> list[bytes]:
    import numpy as np

    client, _ = _sides()
    return [client.public_key(), client.ask(np.zeros((1, 3)))]


def _federated(data: bytes) -> object:
    """A message of a round as it came, or where the first byte is small a body that somebody who may speak has signed."""
    hub, sites = _ROUND
    if data[:1] < b"\x20":
        kind = sorted(KINDS)[data[0] % len(KINDS)] if data else "keys"
        key, name = (HUB_KEY, "hub") if KINDS[kind].from_hub else (KEYS[1], "site-01")
        try:
            body = json.loads(data[1:])
        except (ValueError, RecursionError):
            return None
        parcel = write(key, hub.digest, 1, name, kind, body)
    else:
        parcel = Parcel(data)
    number_of(parcel)
    for machine in (hub, sites["site-00"]):
        try:
            machine.receive(parcel)
        except ConfideError as refused:
            str(refused)
    return None


def _federated_messages() -> list[bytes]:
    seen: list = []
    fed = federation(3)
    hub, sites = machines(fed)
    play(hub, sites, updates_of(fed), seen=seen)
    heads = [parcel.head for _, _, parcel in seen]
    bodies = [
        bytes([sorted(KINDS).index(kind)]) + json.dumps(json.loads(parcel.head[:-64])["body"]).encode()
        for _, kind, parcel in seen
    ]
    return [*heads[::3], *bodies[::3], b"\x0a{}", b"\x01{}"]


_ROUND = machines(federation(3))
_ROUND[0].begin()


TARGETS = {
    "sealed-header": Target(
        parse=lambda data: parse_header(data, "f"), seeds=lambda: [new_header(new_data_key()).to_bytes()]
    ),
    "checkpoint": Target(parse=_checkpoint, seeds=_checkpoints),
    "stream": Target(parse=_stream, seeds=_streams, part=0.25),
    "keys-and-packages": Target(parse=_keys, seeds=_keys_and_packages, part=0.25),
    "ledger-export": Target(parse=_export, seeds=_exports),
    "ledger-entries": Target(parse=_entries, seeds=_entry_lines, part=0.1),
    "witness-request": Target(parse=_witness_request, seeds=_witness_requests, part=0.1),
    "proof": Target(parse=_proof, seeds=_proofs, part=0.1),
    "request": Target(parse=_request, seeds=_requests, part=0.1),
    "signature": Target(parse=_signature, seeds=_signatures, part=0.1),
    "hand-over": Target(parse=_handed, seeds=_handed_over),
    "federated": Target(parse=_federated, seeds=_federated_messages, part=0.2),
    "notes": Target(parse=_note, seeds=_notes, part=0.25),
    "encrypted": Target(parse=_asked, seeds=_sound_messages, part=0.2),
    "study-file": Target(parse=_study, seeds=lambda: [STUDY.format(language="en").encode()]),
}


def meet(name: str, data: bytes) -> None:
    """Give `data` to the parser `name`; a refusal in our own words is what it may answer."""
    try:
        TARGETS[name].parse(data)
    except ConfideError as refused:
        str(refused)  # the sentence itself must stand in both languages
