"""Ask another institution for sealed files, and take its package in: what the recipient of a hand-over does.

Steps: `make_request` writes a request with a key made for it; `receive` takes the package in and writes a receipt.
Guarantee: nothing of a package is adopted before its sender, its box, every length and every digest were checked,
each file opened to its end, and the ledger holds it; a package counts once, for the request that asked for it; the
key that opens it is destroyed then, so that copies of the package stay closed. Stopped at any moment, the same
call finishes. The sender's side: `confide.study.handover`.
"""

import json
import os
import shutil
from collections.abc import Callable, Sequence
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
from confide.vault.boxes import fingerprint, new_box_key, signing_key, verify_fingerprint
from confide.vault.durable import placing, reading
from confide.vault.handover import Signed, read_request, sign_statement, verify_text
from confide.vault.package import Handed, Head, copy_file, open_head, read_head, verify_head
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
    heard: str,
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
        heard: its fingerprint, as the other institution's officer read it out on the telephone.
        study: for which the files are wanted.
        what: is asked for, in a sentence.
        why: it is needed, in a sentence.
        algorithm: by which the keys shall be closed; old ones are refused with the reason.

    Raises:
        InvalidInput: an algorithm that is refused, no public key, or an empty text.
        AccessDenied: `sender_key` is not the key whose fingerprint was heard.
    """
    chosen = wrap_algorithm(algorithm)
    verify_fingerprint(verify_public_key(sender_key), heard)
    texts = {"institution": institution, "study": study, "what": what, "why": why}
    for name, text in texts.items():
        verify_text(text, name)
    private, public = new_box_key(chosen)
    ours = signing_key(vault)
    statement = {
        "kind": REQUESTED, "format": 1, "id": os.urandom(16).hex(), "sender_key": sender_key,
        "recipient_key": ours.public, **texts, "algorithm": chosen, "key": public, "made": now(),
    }  # fmt: skip
    signed = sign_statement(statement, ours)
    kept = _key_file(vault, signed.digest)
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    content = {"request": json.loads(signed.to_bytes()), "private": private.hex()}
    vault.seal_bytes(json.dumps(content).encode(), kept)
    ledger.record(REQUESTED, details={
        "request": signed.digest, "study": study, "what": what, "why": why, "recipient": institution,
        "sender_key": sender_key, "fingerprint": fingerprint(sender_key), "algorithm": chosen,
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
    head = _head_of(package)
    before = next((each for each in recorded(ledger, RECEIVED) if each["package"] == head.digest), None)
    if before is not None and not _key_file(vault, before["request"]).exists():
        raise InvalidInput("handover.received-before")
    if before is None and receipt.exists():
        raise InvalidInput("vault.taken", file=receipt.name)
    request, private = _verified(vault, ledger, head, package.name)
    handed = open_head(head, request.statement["algorithm"], private, package.name)
    if before is None and ledger.roster():
        use_request(ledger, "receive", approved, {"package": head.digest})
    signed = _receipt_of(vault, head, request) if before is None else _signed(before["receipt"])

    def on_checked() -> None:
        if before is None:
            _record(ledger, head, request, signed)

    _take_in(vault, package, folder, head, handed, on_checked)
    _write_receipt(signed, receipt)
    vault.destroy(_key_file(vault, request.digest))
    manifest = head.manifest
    return Received(
        package=head.digest, files=len(manifest["files"]), sender=manifest["sender"], status=manifest["status"],
        again=before is not None,
    )  # fmt: skip


def ask_to_receive(vault: Vault, ledger: Ledger, package: Path) -> Json:
    """Return a request of kind `receive` for this package, to be signed with `confide approve`.

    Raises:
        InvalidInput: no package, or none of a request of ours; nobody shall approve such a one.
        IntegrityError: altered, or of another sender.
    """
    head = _head_of(package)
    request, _ = _verified(vault, ledger, head, package.name)
    fields = {name: head.manifest[name] for name in ("sender", "study", "status", "request", "consent")}
    fields |= {"package": head.digest, "files": len(head.manifest["files"])}
    return new_request("receive", {**fields, "sender_key": request.statement["sender_key"]}, ledger)


def _head_of(package: Path) -> Head:
    with reading(package) as source:
        return read_head(source, os.fstat(source.fileno()).st_size, package.name)


def _verified(vault: Vault, ledger: Ledger, head: Head, file: str) -> tuple[Signed, bytes]:
    """Return the request that the package answers and the private key that was made for it; its sender was asked."""
    asked = head.manifest["request"]
    kept = _key_file(vault, asked)
    if not kept.exists():
        answered = any(each["request"] == asked for each in recorded(ledger, REQUESTED))
        raise InvalidInput("handover.answered" if answered else "handover.not-asked")
    content = json.loads(vault.read(kept))
    request = read_request(json.dumps(content["request"]).encode(), kept.name)
    if request.digest != asked:
        raise IntegrityError("handover.box", file=file)
    verify_head(head, request.statement["sender_key"], file)
    return request, bytes.fromhex(content["private"])


def _receipt_of(vault: Vault, head: Head, request: Signed) -> Signed:
    statement = {
        "kind": RECEIPT, "format": 1, "package": head.digest, "request": request.digest,
        "recipient": request.statement["institution"], "files": len(head.manifest["files"]), "made": now(),
    }  # fmt: skip
    return sign_statement(statement, signing_key(vault))


def _signed(receipt: Json) -> Signed:
    return Signed(receipt["statement"], Signature.from_json(receipt["signature"]))


def _record(ledger: Ledger, head: Head, request: Signed, receipt: Signed) -> None:
    told = {name: head.manifest[name] for name in ("request", "sender", "approval", "status", "consent")}
    ledger.record(RECEIVED, details={
        **told, "package": head.digest, "sender_key": request.statement["sender_key"],
        "files": len(head.manifest["files"]),
        "receipt": {"statement": receipt.statement, "signature": receipt.signature.to_json()},
    })  # fmt: skip


def _take_in(
    vault: Vault,
    package: Path,
    folder: Path,
    head: Head,
    handed: Sequence[Handed],
    on_checked: Callable[[], None],
) -> None:
    """Copy all files beside their places and open each to its end; then, after `on_checked`, adopt them."""
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
            on_checked()
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
    """Write the receipt, or see that a call which was stopped has written it."""
    content = signed.to_bytes()
    if file.exists():
        with reading(file) as there:
            if there.read(len(content) + 1) == content:
                return
    with placing(file, replace=False) as out:
        out.write(content)


def _key_file(vault: Vault, request: str) -> Path:
    return vault.folder / "handover" / f"{request}.sealed"
