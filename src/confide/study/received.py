"""Ask another institution for sealed files, and take its package in: what the recipient of a hand-over does.

Steps: `make_request` writes a request with a key made for it; `receive` takes the package in and writes a receipt.
Guarantee: nothing of a package is adopted before its sender, its box, every length and every digest were checked and
each file opened to its end; a package counts once, for the request that asked for it; the key that opens it is
destroyed then, so that copies of the package stay closed. The sender's side: `confide.study.handover`.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from confide.crypto.algorithms import wrap_algorithm
from confide.crypto.sign import Signature, verify_public_key
from confide.errors import IntegrityError, InvalidInput
from confide.ledger.ledger import Ledger, now
from confide.ledger.requests import new_request
from confide.study.approvals import use_request
from confide.study.handover import REQUESTED, recorded
from confide.study.index import read_index, write_index
from confide.study.sources import sealed_name
from confide.study.workplace import only_run
from confide.types import Json
from confide.vault.boxes import fingerprint, new_box_key, signing_key
from confide.vault.durable import placing, reading
from confide.vault.handover import (
    REQUEST,
    Handed,
    Head,
    Signed,
    copy_file,
    open_head,
    read_head,
    read_signed,
    sign_statement,
    verify_head,
)
from confide.vault.seal import header_of, opened_sealed
from confide.vault.vault import Vault

RECEIVED, RECEIPT = "handover-received", "handover-receipt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """What was taken in; public."""

    package: str
    files: int
    sender: str
    status: str
    again: bool  # it had been taken in before, and only the receipt was written again


def make_request(
    vault: Vault,
    ledger: Ledger,
    *,
    institution: str,
    sender_key: str,
    study: str,
    what: str,
    why: str,
    algorithm: str,
) -> Signed:
    """Return a signed request; its private key lies sealed beside the vault until the package was received.

    Args:
        vault: of this institution.
        ledger: of this institution.
        institution: name of this institution.
        sender_key: public signing key of the other one, as `confide handover key` prints it there.
        study: for which the files are wanted.
        what: is asked for, in a sentence.
        why: it is needed, in a sentence.
        algorithm: by which the keys shall be closed; old ones are refused with the reason.

    Raises:
        InvalidInput: an algorithm that is refused, no public key, or an empty text.
    """
    chosen = wrap_algorithm(algorithm)
    verify_public_key(sender_key)
    texts = {"institution": institution, "study": study, "what": what, "why": why}
    for name, text in texts.items():
        if not text.strip() or not text.isprintable() or len(text) > 400:
            raise InvalidInput("handover.text", field=name)
    private, public = new_box_key(chosen)
    statement = {
        "kind": REQUESTED, "format": 1, "id": os.urandom(16).hex(), "sender": sender_key, **texts,
        "algorithm": chosen, "key": public, "made": now(),
    }  # fmt: skip
    signed = sign_statement(statement, signing_key(vault))
    kept = _key_file(vault, signed.digest)
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    content = {"request": json.loads(signed.to_bytes()), "private": private.hex()}
    vault.seal_bytes(json.dumps(content).encode(), kept)
    ledger.record(REQUESTED, details={
        "request": signed.digest, "study": study, "what": what, "why": why, "recipient": institution,
        "sender_key": sender_key, "fingerprint": fingerprint(signed.signature.key), "algorithm": chosen,
    })  # fmt: skip
    return signed


def receive(
    vault: Vault, ledger: Ledger, package: Path, folder: Path, receipt: Path, *, approved: Json | None = None
) -> Received:
    """Check a package, adopt its files into `folder`, and write the signed receipt.

    Args:
        vault: of this institution.
        ledger: of this institution.
        package: the file.
        folder: of the study that the files shall belong to; they appear in its `sealed`.
        receipt: file to be written, for the sender.
        approved: the signed request of kind `receive` (`ask_to_receive`); needed where roles were founded.

    Raises:
        InvalidInput: no package, none of a request of ours, received before, or a file of its names lies there.
        IntegrityError: altered, cut, files exchanged, closed for somebody else, or of another sender.
        AccessDenied: not approved.
    """
    with reading(package) as source:
        head = read_head(source, package.stat().st_size, package.name)
    before = next((each for each in recorded(ledger, RECEIVED) if each["package"] == head.digest), None)
    if before is not None:
        return _again(vault, before, receipt, head)
    if receipt.exists():
        raise InvalidInput("vault.taken", file=receipt.name)
    request, private = _asked(vault, ledger, head)
    verify_head(head, request.statement["sender"], package.name)
    handed = open_head(head, request.statement["algorithm"], private, package.name)
    if ledger.roster():
        use_request(ledger, "receive", approved, {"package": head.digest})
    _take_in(vault, package, folder, head, handed)
    statement = {
        "kind": RECEIPT, "format": 1, "package": head.digest, "request": request.digest,
        "recipient": request.statement["institution"], "files": len(handed), "made": now(),
    }  # fmt: skip
    signed = sign_statement(statement, signing_key(vault))
    ledger.record(RECEIVED, details={
        "package": head.digest, "request": request.digest, "sender": head.manifest["sender"],
        "sender_key": head.signature.key, "approval": head.manifest["approval"], "files": len(handed),
        "status": head.manifest["status"], "consent": head.manifest["consent"],
        "receipt": {"statement": statement, "signature": signed.signature.to_json()},
    })  # fmt: skip
    _write_receipt(signed, receipt)
    vault.destroy(_key_file(vault, request.digest))
    return _told(head, again=False)


def ask_to_receive(ledger: Ledger, package: Path) -> Json:
    """Return a request of kind `receive` for this package, to be signed with `confide approve`."""
    with reading(package) as source:
        head = read_head(source, package.stat().st_size, package.name)
    fields = {name: head.manifest[name] for name in ("sender", "study", "status", "request")}
    return new_request(
        "receive", {**fields, "package": head.digest, "sender_key": head.signature.key}, ledger
    )


def _again(vault: Vault, before: Json, receipt: Path, head: Head) -> Received:
    """Finish what was stopped after the package was taken in; refuse one that was received to its end."""
    kept = _key_file(vault, before["request"])
    if not kept.exists():
        raise InvalidInput("handover.received-before")
    if not receipt.exists():
        signed = Signed(before["receipt"]["statement"], Signature.from_json(before["receipt"]["signature"]))
        _write_receipt(signed, receipt)
    vault.destroy(kept)
    return _told(head, again=True)


def _asked(vault: Vault, ledger: Ledger, head: Head) -> tuple[Signed, bytes]:
    """Return the request that the package answers, and the private key that was made for it."""
    kept = _key_file(vault, head.manifest["request"])
    if not kept.exists():
        answered = any(each["request"] == head.manifest["request"] for each in recorded(ledger, REQUESTED))
        raise InvalidInput("handover.answered" if answered else "handover.not-asked")
    content = json.loads(vault.read(kept))
    request = read_signed(json.dumps(content["request"]).encode(), REQUEST, REQUESTED, kept.name)
    return request, bytes.fromhex(content["private"])


def _take_in(vault: Vault, package: Path, folder: Path, head: Head, handed: Sequence[Handed]) -> None:
    """Copy all files beside their places, open each to its end, then give them their names and adopt them."""
    sealed = folder / "sealed"
    sealed.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_run(folder):
        index = read_index(sealed, vault)
        targets = [sealed / sealed_name(vault, each.source, each.name) for each in handed]
        for each, target in zip(handed, targets, strict=True):
            _verify_free(target, each)
        scratch = sealed / f".confide-{head.digest[:16]}.receiving"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        try:
            copies = _copied(package, scratch, head, handed)
            for each, target, copy in zip(handed, targets, copies, strict=True):
                copy.replace(target)
                vault.adopt(target, each.key)
                index.files.setdefault(each.source, {})[each.name] = target.name
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        write_index(index, sealed, vault)


def _copied(package: Path, scratch: Path, head: Head, handed: Sequence[Handed]) -> list[Path]:
    """Copy the files out of a package and open each to its end; return where they are."""
    copies = []
    with reading(package) as source:
        source.seek(head.length)
        for number, each in enumerate(handed):
            copy = scratch / str(number)
            copy_file(source, copy, each.line, package.name)
            try:
                if header_of(copy).file_id.hex() != each.line["file_id"]:
                    raise IntegrityError("handover.other-file", file=package.name)
                with opened_sealed(copy, lambda header, key=each.key: key) as segments:  # type: ignore[misc]
                    for _ in segments:
                        pass
            except (InvalidInput, IntegrityError):
                raise IntegrityError("handover.other-file", file=package.name) from None
            copies.append(copy)
    return copies


def _verify_free(target: Path, each: Handed) -> None:
    """Raise InvalidInput where another file stands; the same one was taken in by a call that was stopped."""
    if target.exists() and header_of(target).file_id.hex() != each.line["file_id"]:
        raise InvalidInput("handover.file-taken", file=target.name)


def _write_receipt(signed: Signed, file: Path) -> None:
    with placing(file, replace=False) as out:
        out.write(signed.to_bytes())


def _told(head: Head, *, again: bool) -> Received:
    manifest = head.manifest
    return Received(
        package=head.digest,
        files=len(manifest["files"]),
        sender=manifest["sender"],
        status=manifest["status"],
        again=again,
    )


def _key_file(vault: Vault, request: str) -> Path:
    return vault.folder / "handover" / f"{request[:32]}.sealed"
