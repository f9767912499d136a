"""`confide vault erase`: take one patient out of every sealed file of a study, and say what survives.

The id comes from a file or from the terminal, without echo, and never from the command line: shell history
and lists of processes are logs.
"""

import getpass
import sys
from pathlib import Path

import click

from confide.cli.page import Command, argument, json_option, option
from confide.cli.show import ProgressLines, show_json
from confide.errors import InvalidInput
from confide.words import say

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=Command, name="erase", help=say("erase.help"))
@argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@option("--patient-file", type=_file, help=say("erase.option.patient-file"))
@option("--request", "request_file", type=_file, help=say("erase.option.request"))
@option("--approved", "approved_file", type=_file, help=say("erase.option.approved"))
@option("--destroy-unreadable", is_flag=True, help=say("erase.option.destroy-unreadable"))
@json_option
def erase_command(
    folder: Path,
    patient_file: Path | None,
    request_file: Path | None,
    approved_file: Path | None,
    destroy_unreadable: bool,
    as_json: bool,
) -> None:
    from confide.cli.study import ask_passphrase
    from confide.study import approvals
    from confide.study.erase import erase_patient
    from confide.study.workplace import open_workplace

    with open_workplace(folder, ask=ask_passphrase) as place:
        ids = ids_asked(patient_file)
        if request_file is not None:
            approvals.write_request(approvals.ask(place, "erase", ids), request_file)
            if as_json:
                show_json({"request": str(request_file)})
            else:
                click.echo(say("erase.requested", file=request_file))
            return
        request = None if approved_file is None else approvals.read_request_file(approved_file)
        with ProgressLines(quiet=as_json)("erase") as progress:
            done = erase_patient(
                place, ids, request=request, destroy_unreadable=destroy_unreadable, progress=progress
            )
    if as_json:
        show_json(done.to_json())
        return
    click.echo(say("erase.done", resealed=done.resealed, destroyed=done.destroyed, epoch=done.epoch))
    for each in done.mentions:
        click.echo("  " + say("erase.mention", **each))
    click.echo(say("erase.survives"))
    for each in done.survivors:
        names = "; ".join(each["names"])
        click.echo("  - " + say(f"erase.survivor.{each['what']}", count=each["count"], names=names))


def ids_asked(file: Path | None) -> list[str]:
    """Return the ids of one patient: the lines of a file, or what is typed at the terminal.

    Raises:
        InvalidInput: no such file, no text, or nobody to ask.
    """
    if file is None:
        if not sys.stdin.isatty():
            raise InvalidInput("erase.nobody-types")
        return [getpass.getpass(say("erase.ask") + " ")]
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("erase.patient-file", file=file.name) from None
