"""`confide vault reveal`: ask which patients stand behind pseudonyms, and write the ids once two people approved."""

from dataclasses import asdict
from pathlib import Path

import click

from confide.cli.page import Command, argument, json_option, option
from confide.cli.show import show_json
from confide.errors import InvalidInput
from confide.words import say

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=Command, name="reveal", help=say("reveal.help"))
@argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@option("--pseudonym", "pseudonyms", multiple=True, help=say("reveal.option.pseudonym"))
@option("--recipient", help=say("reveal.option.recipient"))
@option("--column", help=say("reveal.option.column"))
@option("--purpose", help=say("reveal.option.purpose"))
@option("--request", "request_file", type=_file, help=say("reveal.option.request"))
@option("--approved", "approved_file", type=_file, help=say("reveal.option.approved"))
@option("--to", "target", type=_file, help=say("reveal.option.to"))
@json_option
def reveal_command(
    folder: Path, pseudonyms: tuple[str, ...], recipient: str | None, column: str | None, purpose: str | None,
    request_file: Path | None, approved_file: Path | None, target: Path | None, as_json: bool,
) -> None:  # fmt: skip
    from confide.cli.study import ask_passphrase
    from confide.study.approvals import read_request_file, write_request
    from confide.study.reveal import ask_to_reveal, reveal_patients
    from confide.study.workplace import open_workplace

    asks, reveals = (
        (request_file is not None, purpose is not None),
        (approved_file is not None, target is not None),
    )
    if all(asks) == all(reveals) or any(asks) == any(reveals):
        raise InvalidInput("reveal.which")
    with open_workplace(folder, ask=ask_passphrase) as place:
        if request_file is not None:
            asked = ask_to_reveal(
                place, pseudonyms, purpose=purpose or "", recipient=recipient, column=column
            )
            write_request(asked, request_file)
            told: dict[str, object] = {"request": str(request_file)}
        else:
            done = reveal_patients(place, read_request_file(approved_file or Path()), target or Path())
            told = {"file": str(target), **asdict(done)}
    if as_json:
        show_json(told)
    else:
        click.echo(say("reveal.requested" if request_file else "reveal.done", **told))
