"""`confide handover`: ask for sealed files, offer, pack, take in and acknowledge them, between two institutions."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from confide.cli.page import Group, argument, json_option, option
from confide.cli.show import show_json
from confide.cli.vault import opener_options
from confide.words import say

if TYPE_CHECKING:
    from confide.study.keys import Opener

_file = click.Path(path_type=Path, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)


@click.group(cls=Group, name="handover", help=say("handover.help"))
def handover_command() -> None:
    pass


@handover_command.command("key", help=say("handover.key.help"))
@opener_options
@json_option
def key(opener: "Opener", as_json: bool) -> None:
    from confide.cli.study import ask_passphrase
    from confide.study.keys import opened_by
    from confide.vault.boxes import fingerprint, signing_key

    with opened_by(opener, ask_passphrase) as (vault, _):
        public = signing_key(vault).public
    if as_json:
        show_json({"key": public, "fingerprint": fingerprint(public)})
    else:
        click.echo(say("handover.key.told", key=public, fingerprint=fingerprint(public)))


@handover_command.command("request", help=say("handover.request.help"))
@argument("file", type=_file)
@option("--institution", required=True, help=say("handover.request.institution"))
@option("--sender-key", required=True, help=say("handover.request.sender-key"))
@option("--fingerprint", "heard", required=True, help=say("handover.request.fingerprint"))
@option("--for-study", required=True, help=say("handover.request.study"))
@option("--what", required=True, help=say("handover.request.what"))
@option("--why", required=True, help=say("handover.request.why"))
@option("--algorithm", default="hpke-x25519", help=say("handover.request.algorithm"))
@opener_options
@json_option
def request(
    file: Path, institution: str, sender_key: str, heard: str, for_study: str, what: str, why: str,
    algorithm: str, opener: "Opener", as_json: bool,
) -> None:  # fmt: skip
    from confide.cli.study import ask_passphrase
    from confide.study.keys import opened_by
    from confide.study.received import make_request
    from confide.vault.boxes import fingerprint
    from confide.vault.durable import placing

    with opened_by(opener, ask_passphrase) as (vault, ledger), placing(file, replace=False) as out:
        signed = make_request(
            vault, ledger, institution=institution, sender_key=sender_key, heard=heard, study=for_study, what=what,
            why=why, algorithm=algorithm,
        )  # fmt: skip
        out.write(signed.to_bytes())
    told = {"file": str(file), "request": signed.digest, "fingerprint": fingerprint(signed.signature.key)}
    if as_json:
        show_json(told)
    else:
        click.echo(say("handover.request.done", **told))


@handover_command.command("offer", help=say("handover.offer.help"))
@argument("folder", type=_folder)
@argument("request_file", type=_file)
@argument("file", type=_file)
@option("--institution", required=True, help=say("handover.offer.institution"))
@option("--fingerprint", "heard", required=True, help=say("handover.offer.fingerprint"))
@option("--source", "sources", multiple=True, required=True, help=say("handover.offer.source"))
@option("--basis", help=say("handover.offer.basis"))
@json_option
def offer(
    folder: Path, request_file: Path, file: Path, institution: str, heard: str, sources: tuple[str, ...],
    basis: str | None, as_json: bool,
) -> None:  # fmt: skip
    from confide.cli.study import ask_passphrase
    from confide.study import handover
    from confide.study.approvals import write_request
    from confide.study.workplace import open_workplace

    with open_workplace(folder, ask=ask_passphrase) as place:
        asked = handover.read_request(request_file, place.vault)
        offered = handover.offer(place, asked, heard=heard, sources=sources, basis=basis, sender=institution)
        write_request(offered, file)
    fields = offered["request"]["fields"]
    if as_json:
        show_json({"file": str(file), **fields})
    else:
        listed = say("handover.separator").join(fields["sources"])
        told = fields | {"sources": listed, "status": say(f"dossier.status.{fields['status']}")}
        click.echo(say("handover.offer.done", file=file, **told))


@handover_command.command("pack", help=say("handover.pack.help"))
@argument("folder", type=_folder)
@argument("request_file", type=_file)
@argument("offer_file", type=_file)
@argument("package", type=_file)
@json_option
def pack(folder: Path, request_file: Path, offer_file: Path, package: Path, as_json: bool) -> None:
    from confide.cli.study import ask_passphrase
    from confide.study import handover
    from confide.study.approvals import read_request_file
    from confide.study.workplace import open_workplace

    with open_workplace(folder, ask=ask_passphrase) as place:
        asked = handover.read_request(request_file, place.vault)
        packed = handover.pack(place, asked, read_request_file(offer_file), package)
    if as_json:
        show_json(asdict(packed))
    else:
        status = say(f"dossier.status.{packed.status}")
        told = asdict(packed) | {"status": status, "file": package}
        click.echo(say("handover.pack.done", **told))


@handover_command.command("receive", help=say("handover.receive.help"))
@argument("package", type=_file)
@argument("folder", type=_folder)
@argument("receipt", type=_file)
@option("--request", "request_file", type=_file, help=say("handover.receive.request"))
@option("--approved", "approved_file", type=_file, help=say("handover.receive.approved"))
@opener_options
@json_option
def receive(
    package: Path, folder: Path, receipt: Path, request_file: Path | None, approved_file: Path | None,
    opener: "Opener", as_json: bool,
) -> None:  # fmt: skip
    from confide.cli.study import ask_passphrase
    from confide.study import received
    from confide.study.approvals import read_request_file, write_request
    from confide.study.keys import opened_by

    with opened_by(opener, ask_passphrase) as (vault, ledger):
        if request_file is not None:
            write_request(received.ask_to_receive(vault, ledger, package), request_file)
            if as_json:
                show_json({"request": str(request_file)})
            else:
                click.echo(say("handover.receive.requested", file=request_file))
            return
        approved = None if approved_file is None else read_request_file(approved_file)
        taken = received.receive(vault, ledger, package, folder, receipt, approved=approved)
    if as_json:
        show_json(asdict(taken))
    else:
        status = say(f"dossier.status.{taken.status}")
        told = asdict(taken) | {"status": status, "folder": folder, "receipt": receipt}
        click.echo(say("handover.receive.done", **told))


@handover_command.command("receipt", help=say("handover.receipt.help"))
@argument("file", type=_file)
@opener_options
@json_option
def receipt(file: Path, opener: "Opener", as_json: bool) -> None:
    from confide.cli.study import ask_passphrase
    from confide.study.handover import take_receipt
    from confide.study.keys import opened_by

    with opened_by(opener, ask_passphrase) as (vault, ledger):
        statement = take_receipt(vault, ledger, file)
    if as_json:
        show_json(statement)
    else:
        click.echo(say("handover.receipt.done", **statement))
