"""`confide vault`, and `confide passphrase`: give the institution's vault another passphrase, also with its recovery key."""

from pathlib import Path

import click

from confide.cli.erase import erase_command
from confide.cli.page import Command, Group, json_option, option
from confide.cli.show import show_json
from confide.words import say

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=Command, name="passphrase", help=say("cli.passphrase.help"))
@option("--passphrase-file", "old_file", type=_file, help=say("cli.option.passphrase-file"))
@option("--recovery-file", type=_file, help=say("cli.passphrase.recovery"))
@option("--new-passphrase-file", "new_file", type=_file, help=say("cli.passphrase.new"))
@json_option
def passphrase_command(
    old_file: Path | None, recovery_file: Path | None, new_file: Path | None, as_json: bool
) -> None:
    from confide.cli.study import ask_passphrase, ask_twice
    from confide.study.workplace import vault_folder
    from confide.vault.custody import read_secret
    from confide.vault.vault import open_vault

    if recovery_file is not None:
        vault = open_vault(vault_folder(), recovery_key=read_secret(recovery_file))
    else:
        old = ask_passphrase() if old_file is None else read_secret(old_file)
        vault = open_vault(vault_folder(), passphrase=old)
    vault.change_passphrase(ask_twice() if new_file is None else read_secret(new_file))
    if as_json:
        show_json({"vault": str(vault_folder()), "changed": True})
    else:
        click.echo(say("cli.passphrase.done"))


@click.group(cls=Group, name="vault", help=say("cli.vault.help"))
def vault_command() -> None:
    pass


vault_command.add_command(erase_command)
