"""`confide role | request | approve | carry-out`: who may sign for what, and what is done by signatures only.

A key lies in a file under its owner's passphrase, which comes from the terminal or a file and never from an
argument. What is asked is shown in words before anybody signs.
"""

import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from confide.cli.page import Command, Group, argument, json_option, option
from confide.cli.show import show_json
from confide.errors import InvalidInput
from confide.types import Json
from confide.words import say

if TYPE_CHECKING:
    from confide.crypto.sign import PersonKey

KINDS = (  # whose fields other rooms check
    "accept-clock",
    "approve-dossier",
    "approve-federation",
    "erase",
    "hand-over",
    "re-identify",
    "receive",
    "revoke-dossier",
    "revoke-federation",
    "rotate-log-key",
)
ROLES = ("approve", "extend", "open", "re-identify", "seal", "witness")  # a test compares with the ledger's
_file = click.Path(path_type=Path, dir_okay=False)
_Command = Callable[..., None]


def _key_options(*, required: bool) -> Callable[[_Command], _Command]:
    """Add --key and --passphrase-file."""

    def add(command: _Command) -> _Command:
        command = option("--passphrase-file", type=_file, help=say("role.option.passphrase-file"))(command)
        return option("--key", "key_file", type=_file, required=required, help=say("role.option.key"))(
            command
        )

    return add


def _to_option(command: _Command) -> _Command:
    return option("--to", "to", type=_file, required=True, help=say("role.option.to"))(command)


@click.group(cls=Group, name="role", help=say("role.help"))
def role_command() -> None:
    pass


@role_command.command("key", help=say("role.key.help"))
@argument("file", type=_file)
@option("--passphrase-file", type=_file, help=say("role.option.passphrase-file"))
@json_option
def key_command(file: Path, passphrase_file: Path | None, as_json: bool) -> None:
    from confide.crypto.sign import new_key
    from confide.vault.custody import read_secret
    from confide.vault.durable import placing

    key = new_key()
    passphrase = _ask("role.ask") if passphrase_file is None else read_secret(passphrase_file)
    if passphrase_file is None and _ask("role.ask-again") != passphrase:
        raise InvalidInput("cli.passphrases-differ")
    pem = key.to_pem(passphrase)
    with placing(file, replace=False) as out:
        out.write(pem)
    _tell(as_json, "role.key.made", file=str(file), public_key=key.public)


@role_command.command("list", help=say("role.list.help"))
@json_option
def list_command(as_json: bool) -> None:
    from dataclasses import asdict

    from confide.ledger.home import home, open_ledger

    with open_ledger(home()) as ledger:
        roster = ledger.roster()
    if as_json:
        show_json([asdict(holder) for holder in roster.values()])
    elif not roster:
        click.echo(say("role.list.nobody"))
    else:
        for holder in roster.values():
            line = "role.list.dismissed" if holder.dismissed else "role.list.line"
            click.echo(say(line, label=holder.label, key=holder.key, roles=", ".join(holder.roles)))


@role_command.command("found", help=say("role.found.help"))
@option("--label", required=True, help=say("role.option.label"))
@option("--role", "roles", multiple=True, type=click.Choice(ROLES), help=say("role.option.role"))
@_key_options(required=True)
@json_option
def found_command(
    label: str, roles: tuple[str, ...], key_file: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    from confide.ledger.home import home, open_ledger
    from confide.ledger.requests import new_request, sign_request

    key = _open_key(key_file, passphrase_file)
    fields = {"label": label, "key": key.public, "roles": sorted({*roles, "approve"})}
    with open_ledger(home()) as ledger:
        entry = ledger.carry_out(sign_request(new_request("appoint", fields, ledger), key))
    _tell(as_json, "role.found.done", label=label, public_key=key.public, sequence=entry.sequence)


@click.group(cls=Group, name="request", help=say("role.request.help"))
def request_command() -> None:
    pass


@request_command.command("extend", help=say("role.request.extend"))
@argument("study")
@argument("account")
@option("--epsilon", required=True, type=float, help=say("role.option.epsilon"))
@option("--delta", required=True, type=float, help=say("role.option.delta"))
@option("--expires", default="9999-12-31", help=say("role.option.expires"))
@option("--reason", required=True, help=say("role.option.reason"))
@_to_option
@_key_options(required=False)
@json_option
def extend_command(
    study: str,
    account: str,
    epsilon: float,
    delta: float,
    expires: str,
    reason: str,
    to: Path,
    key_file: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    figures = {"epsilon": repr(epsilon), "delta": repr(delta), "expires": expires}
    fields = {"study": study, "account": account, **figures, "reason": reason}
    _write_request("extend", fields, to, key_file, passphrase_file, as_json=as_json)


@request_command.command("appoint", help=say("role.request.appoint"))
@option("--label", required=True, help=say("role.option.label"))
@option("--public-key", required=True, help=say("role.option.public-key"))
@option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help=say("role.option.role")
)
@_to_option
@_key_options(required=False)
@json_option
def appoint_command(
    label: str,
    public_key: str,
    roles: tuple[str, ...],
    to: Path,
    key_file: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    fields = {"label": label, "key": public_key, "roles": sorted(set(roles))}
    _write_request("appoint", fields, to, key_file, passphrase_file, as_json=as_json)


@request_command.command("dismiss", help=say("role.request.dismiss"))
@option("--public-key", required=True, help=say("role.option.public-key"))
@option("--reason", required=True, help=say("role.option.reason"))
@_to_option
@_key_options(required=False)
@json_option
def dismiss_command(
    public_key: str,
    reason: str,
    to: Path,
    key_file: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    fields = {"key": public_key, "reason": reason}
    _write_request("dismiss", fields, to, key_file, passphrase_file, as_json=as_json)


@request_command.command("other", help=say("role.request.other"))
@option("--kind", required=True, type=click.Choice(KINDS), help=say("role.option.kind"))
@option("--field", "pairs", multiple=True, help=say("role.option.field"))
@_to_option
@_key_options(required=False)
@json_option
def other_command(
    kind: str,
    pairs: tuple[str, ...],
    to: Path,
    key_file: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    parts = [pair.partition("=") for pair in pairs]
    if not all(name and equals for name, equals, _ in parts):
        raise InvalidInput("role.field-form")
    fields = {name: value for name, _, value in parts}
    _write_request(kind, fields, to, key_file, passphrase_file, as_json=as_json)


@click.command(cls=Command, name="approve", help=say("role.approve.help"))
@argument("file", type=_file)
@_key_options(required=True)
@json_option
def approve_command(file: Path, key_file: Path, passphrase_file: Path | None, as_json: bool) -> None:
    from confide.ledger.requests import sign_request
    from confide.study.approvals import read_request_file

    document = read_request_file(file)
    if not as_json:
        _show_asked(document["request"])
    document = sign_request(document, _open_key(key_file, passphrase_file))
    _put(document, file, replace=True)
    _tell(as_json, "role.approve.done", file=str(file), signatures=len(document["signatures"]))


@click.command(cls=Command, name="carry-out", help=say("role.carry-out.help"))
@argument("file", type=_file)
@json_option
def carry_out_command(file: Path, as_json: bool) -> None:
    from confide.ledger.home import home, open_ledger
    from confide.study.approvals import read_request_file

    document = read_request_file(file)
    with open_ledger(home()) as ledger:
        entry = ledger.carry_out(document)
    if not as_json:
        _show_asked(document["request"])
    _tell(as_json, "role.carry-out.done", kind=document["request"]["kind"], sequence=entry.sequence)


def _write_request(
    kind: str,
    fields: Json,
    to: Path,
    key_file: Path | None,
    passphrase_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Write a request to a new file, and say what it asks."""
    from confide.ledger.home import home, open_ledger
    from confide.ledger.requests import new_request

    requester = None if key_file is None else _open_key(key_file, passphrase_file)
    with open_ledger(home()) as ledger:
        document = new_request(kind, fields, ledger, requester=requester)
    _put(document, to, replace=False)
    if as_json:
        show_json({"file": str(to), "request": document["request"]})
        return
    _show_asked(document["request"])
    click.echo(say("role.request.wrote", file=to))


def _show_asked(request: Json) -> None:
    """Say in words what a request asks; what is not ours to word is shown field by field."""
    kind, fields = request["kind"], {name: _plain(value) for name, value in request["fields"].items()}
    if kind in ("extend", "appoint", "dismiss"):
        click.echo(say(f"role.asks.{kind}", **fields))
    else:
        click.echo(say("role.asks.other", kind=kind))
        for name, value in sorted(fields.items()):
            click.echo(f"  {_plain(name)}: {value}")
    click.echo(say("role.asks.until", expires=request["expires"], ledger=_plain(request["ledger"])))
    asker = request["requester"]
    click.echo(say("role.asks.nobody") if asker is None else say("role.asks.by", key=asker))


def _plain(value: object) -> str:
    """Return a value as one line that shows all of itself: no sign in it moves the cursor or turns the line."""
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, dict):
        return ", ".join(f"{_plain(name)}: {_plain(each)}" for name, each in sorted(value.items()))
    text = str(value)
    return text if text.isprintable() else ascii(text)


def _open_key(file: Path, passphrase_file: Path | None) -> "PersonKey":
    from confide.crypto.sign import from_pem
    from confide.vault.custody import read_secret
    from confide.vault.durable import reading

    with reading(file) as source:
        pem = source.read(64 * 1024)
    return from_pem(pem, _ask("role.ask") if passphrase_file is None else read_secret(passphrase_file))


def _ask(prompt: str) -> str:
    """Ask for the passphrase of a key at the terminal; refuse where there is none."""
    if not sys.stdin.isatty():
        raise InvalidInput("role.nobody-types")
    return getpass.getpass(say(prompt) + " ")


def _put(document: Json, file: Path, *, replace: bool) -> None:
    import json

    from confide.vault.durable import placing

    with placing(file, replace=replace) as out:
        out.write(json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n")


def _tell(as_json: bool, key: str, **fields: object) -> None:
    show_json(fields) if as_json else click.echo(say(key, **fields))
