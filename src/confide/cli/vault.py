"""`confide vault …` and `confide passphrase`: who can open the institution's vault, its keys, its intake."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from confide.cli.erase import erase_command
from confide.cli.page import Command, Group, argument, json_option, option
from confide.cli.reveal import reveal_command
from confide.cli.show import ProgressLines, show_json
from confide.cli.study import ask_passphrase, ask_twice
from confide.words import say

if TYPE_CHECKING:
    from confide.study.keys import Opener
    from confide.vault.transit import Transit

_file = click.Path(path_type=Path, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)


def opener_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what opens the vault, and hand it one `opener`."""

    @option("--study", type=_folder, help=say("custody.option.study"))
    @option("--keys", type=_file, help=say("custody.option.keys"))
    @option("--passphrase-file", type=_file, help=say("cli.option.passphrase-file"))
    @option("--recovery-file", type=_file, help=say("custody.option.recovery-file"))
    @wraps(command)
    def opening(
        study: Path | None,
        keys: Path | None,
        passphrase_file: Path | None,
        recovery_file: Path | None,
        vault: Path | None = None,  # of the commands that have such an option
        **rest: Any,
    ) -> None:
        from confide.study.keys import Opener

        opener = Opener(
            study=study,
            keys=keys,
            passphrase_file=passphrase_file,
            recovery_file=recovery_file,
            vault=vault,
        )
        command(opener=opener, **rest)

    return opening


def told(sentence: str, *, as_json: bool, **facts: object) -> None:
    """Say what was done, as a sentence or as its facts."""
    show_json(facts) if as_json else click.echo(say(f"custody.{sentence}", **facts))


@click.group(cls=Group, name="vault", help=say("custody.help"))
def vault_command() -> None:
    pass


vault_command.add_command(erase_command)
vault_command.add_command(reveal_command)


@vault_command.command("new", help=say("custody.new.help"))
@argument("folder", type=_folder, required=False)
@option("--passphrase-file", type=_file, help=say("cli.option.passphrase-file"))
@option("--keys", type=_file, help=say("custody.option.keys"))
@option("--recovery-file", type=_file, help=say("custody.new.recovery-file"))
@json_option
def new(
    folder: Path | None,
    passphrase_file: Path | None,
    keys: Path | None,
    recovery_file: Path | None,
    as_json: bool,
) -> None:
    from confide.study.keys import new_vault
    from confide.study.keys_section import RECOVERY_KEY

    recovery = recovery_file or Path(RECOVERY_KEY)
    made = new_vault(folder, recovery, passphrase_file=passphrase_file, keys=keys, ask=ask_twice)
    told("new.done", as_json=as_json, vault=made.vault, folder=str(made.folder), custody=made.custody,
         recovery_file=str(made.recovery_file))  # fmt: skip


@vault_command.command("show", help=say("custody.show.help"))
@json_option
def show(as_json: bool) -> None:
    from confide.study.keys import vault_folder
    from confide.vault.vault import describe_vault

    found = describe_vault(vault_folder())
    if as_json:
        show_json(found)
        return
    click.echo(say("custody.show.vault", folder=vault_folder(), **found))
    for kind, settings in found["opened_by"].items():
        named = settings if isinstance(settings, dict) else {}
        shown = ", ".join(f"{name} = {value}" for name, value in named.items())
        click.echo(f"  {say(f'custody.kind.{kind}')}" + (f": {shown}" if shown else ""))


@vault_command.group("custody", cls=Group, help=say("custody.custody.help"))
def custody() -> None:
    pass


@custody.group("add", cls=Group, help=say("custody.add.help"))
def add() -> None:
    pass


def _transit(
    url: str | None, key: str, mount: str, token_file: Path | None, ca_file: Path | None
) -> "Transit":
    from confide.errors import InvalidInput
    from confide.vault.transit import Transit, TransitSettings

    if url is None or token_file is None:
        raise InvalidInput("vault.rewrap-wants")
    return Transit(TransitSettings(url=url, key=key, mount=mount, token_file=token_file, ca_file=ca_file))


def transit_options(*, required: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options that name a key of a key service."""
    options = [
        option("--url", required=required, help=say("custody.option.url")),
        option("--key", default="confide", help=say("custody.option.key")),
        option("--mount", default="transit", help=say("custody.option.mount")),
        option("--token-file", type=_file, required=required, help=say("custody.option.token-file")),
        option("--ca-file", type=_file, help=say("custody.option.ca-file")),
    ]

    def given(command: Callable[..., None]) -> Callable[..., None]:
        for each in reversed(options):
            command = each(command)
        return command

    return given


@add.command("transit", help=say("custody.add.transit"))
@transit_options(required=True)
@opener_options
@json_option
def add_transit(opener: "Opener", as_json: bool, **named: Any) -> None:
    from confide.study.keys import add_guard

    add_guard(opener, _transit(**named), ask_passphrase)
    told("added", as_json=as_json, kind="transit")


@add.command("pkcs11", help=say("custody.add.pkcs11"))
@option("--module", type=_file, required=True, help=say("custody.option.module"))
@option("--token-label", required=True, help=say("custody.option.token-label"))
@option("--pin-file", type=_file, required=True, help=say("custody.option.pin-file"))
@option("--key", default="confide", help=say("custody.option.key"))
@option("--make-key", is_flag=True, help=say("custody.option.make-key"))
@opener_options
@json_option
def add_pkcs11(opener: "Opener", as_json: bool, make_key: bool, **named: Any) -> None:
    from confide.study.keys import add_guard
    from confide.vault.pkcs11 import Hsm, Pkcs11Settings

    add_guard(opener, Hsm(Pkcs11Settings(**named)), ask_passphrase, make_key=make_key)
    told("added", as_json=as_json, kind="pkcs11")


@add.command("passphrase", help=say("custody.add.passphrase"))
@option("--new-passphrase-file", "new_file", type=_file, help=say("cli.passphrase.new"))
@opener_options
@json_option
def add_new_passphrase(opener: "Opener", new_file: Path | None, as_json: bool) -> None:
    from confide.study.keys import add_passphrase
    from confide.vault.custody import read_secret

    add_passphrase(opener, ask_twice if new_file is None else lambda: read_secret(new_file), ask_passphrase)
    told("added", as_json=as_json, kind="passphrase")


@custody.command("remove", help=say("custody.remove.help"))
@argument("kind", type=click.Choice(["passphrase", "transit", "pkcs11"]))
@opener_options
@json_option
def remove(opener: "Opener", kind: str, as_json: bool) -> None:
    from confide.study.keys import remove_custody

    remove_custody(opener, kind, ask_passphrase)
    told("removed", as_json=as_json, kind=kind)


@vault_command.command("recovery", help=say("custody.recovery.help"))
@option("--to", "target", type=_file, required=True, help=say("custody.option.to"))
@opener_options
@json_option
def recovery(opener: "Opener", target: Path, as_json: bool) -> None:
    from confide.study.keys import renew_recovery_key

    renew_recovery_key(opener, target, ask_passphrase)
    told("recovery.done", as_json=as_json, file=str(target))


@vault_command.command("rotate", help=say("custody.rotate.help"))
@opener_options
@json_option
def rotate(opener: "Opener", as_json: bool) -> None:
    from confide.study import keys

    done = keys.rotate(opener, ask_passphrase)
    told("rotate.done", as_json=as_json, epoch=done.epoch, files=done.files)


@vault_command.command("rewrap", help=say("custody.rewrap.help"))
@transit_options(required=False)
@opener_options
@json_option
def rewrap(opener: "Opener", url: str | None, as_json: bool, **named: Any) -> None:
    from confide.study import keys

    keys.rewrap(opener, None if url is None else _transit(url, **named), ask_passphrase)
    told("rewrap.done", as_json=as_json, rewrapped=True)


@vault_command.command("intake", help=say("custody.intake.help"))
@opener_options
@json_option
def intake(opener: "Opener", as_json: bool) -> None:
    from confide.crypto.hpke import fingerprint, public_key_of
    from confide.study.keys import opened_by

    with opened_by(opener, ask_passphrase) as (vault, _):
        key = vault.intake_key()
    told("intake.key", as_json=as_json, key=key, fingerprint=fingerprint(public_key_of(key)))


@vault_command.command("seal-for", help=say("custody.seal-for.help"))
@argument("key")
@argument("source", type=_file)
@argument("target", type=_file)
@option("--suite", type=click.Choice(["aes", "sm4"]), default="aes", help=say("custody.option.suite"))
@json_option
def seal_for_command(key: str, source: Path, target: Path, suite: str, as_json: bool) -> None:
    from confide.vault.intake import seal_for

    with ProgressLines(quiet=as_json)("seal") as progress:
        beside = seal_for(key, source, target, suite=suite, progress=progress)
    told("seal-for.done", as_json=as_json, file=str(target), key_file=str(beside))


@vault_command.command("adopt", help=say("custody.adopt.help"))
@argument("files", type=_file, nargs=-1, required=True)
@opener_options
@json_option
def adopt(opener: "Opener", files: tuple[Path, ...], as_json: bool) -> None:
    from confide.study.keys import opened_by

    with opened_by(opener, ask_passphrase) as (vault, _):
        for file in files:
            vault.adopt_intake(file)
    told("adopt.done", as_json=as_json, files=len(files))


@click.command(cls=Command, name="passphrase", help=say("cli.passphrase.help"))
@option("--new-passphrase-file", "new_file", type=_file, help=say("cli.passphrase.new"))
@option("--passphrase-file", type=_file, help=say("cli.option.passphrase-file"))
@option("--recovery-file", type=_file, help=say("cli.passphrase.recovery"))
@json_option
def passphrase_command(
    new_file: Path | None, passphrase_file: Path | None, recovery_file: Path | None, as_json: bool
) -> None:
    from confide.study.keys import Opener, add_passphrase, vault_folder
    from confide.vault.custody import read_secret

    opener = Opener(passphrase_file=passphrase_file, recovery_file=recovery_file)
    add_passphrase(opener, ask_twice if new_file is None else lambda: read_secret(new_file), ask_passphrase)
    if as_json:
        show_json({"vault": str(vault_folder()), "changed": True})
    else:
        click.echo(say("cli.passphrase.done"))
