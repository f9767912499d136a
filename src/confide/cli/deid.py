"""`confide deid FILE…`: de-identify files outside a study."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from confide.cli.page import Command, argument, json_option, option
from confide.cli.show import ProgressLines, show_json
from confide.cli.study import ask_passphrase
from confide.cli.vault import opener_options
from confide.errors import InvalidInput
from confide.words import language, say

if TYPE_CHECKING:
    from confide.study.files import Found, Release
    from confide.study.inputs import Inputs
    from confide.study.keys import Opener

_file = click.Path(path_type=Path, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)


@click.command(cls=Command, name="deid", help=say("files.help"))
@argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@option("--policy", help=say("files.option.policy"))
@option("--out", type=_folder, default="deidentified", help=say("files.option.out"))
@option("--name", default="files", help=say("files.option.name"))
@option("--account", help=say("files.option.account"))
@option("--patient", help=say("files.option.patient"))
@option("--owner", type=click.Choice(["name", "folder"]), help=say("files.option.owner"))
@option("--text", "texts", multiple=True, help=say("files.option.text"))
@option("--identifiers", multiple=True, help=say("files.option.identifiers"))
@option("--known", type=_file, help=say("files.option.known"))
@option(
    "--review", type=click.Choice(["mask", "hold", "block"]), default="mask", help=say("files.option.review")
)
@option("--processes", type=int, default=1, help=say("files.option.processes"))
@option("--dry-run", is_flag=True, help=say("files.option.dry-run"))
@option("--vault", type=_folder, help=say("files.option.vault"))
@opener_options
@json_option
def deid_command(
    files: tuple[Path, ...],
    policy: str | None,
    out: Path,
    name: str,
    account: str | None,
    patient: str | None,
    owner: str | None,
    texts: tuple[str, ...],
    identifiers: tuple[str, ...],
    known: Path | None,
    review: str,
    processes: int,
    dry_run: bool,
    opener: "Opener",
    as_json: bool,
) -> None:
    from confide.study.keys import opened_by, secret_files

    def given() -> "tuple[Inputs, Release]":
        from confide.study.files import Release
        from confide.study.inputs import inputs_from

        inputs = inputs_from(
            files,
            patient=patient,
            texts=texts,
            identifiers=dict(map(_pair, identifiers)),
            owner=owner,  # type: ignore[arg-type]  # one of the choices
            known_file=known,
            besides=secret_files(opener),
        )
        return inputs, Release(
            policy=policy or say("study.file.policy"),
            out=out,
            name=name,
            account=account,
            language=language(),  # type: ignore[arg-type]  # "en" or "zh"
            review=review,  # type: ignore[arg-type]  # one of the choices
            processes=processes,
        )

    bars = ProgressLines(quiet=as_json)
    if dry_run:
        from confide.study.files import look_at_files

        with bars("deid") as progress:
            found = look_at_files(*given(), progress=progress)
    else:
        with opened_by(opener, ask_passphrase) as (vault, ledger), bars("deid") as progress:
            # A passphrase takes 64 MB for a moment: the rest is loaded and read only then.
            from confide.study.files import deidentify_files

            found = deidentify_files(*given(), vault, ledger, progress=progress)
    show_json(found.to_json()) if as_json else _show(found)


def _pair(text: str) -> tuple[str, str]:
    column, equals, kind = text.rpartition("=")
    if not equals or not column or not kind:
        raise InvalidInput("files.pair", found=text)
    return column, kind


def _show(found: "Found") -> None:
    """Print the summary."""
    from confide.cli.lines import short

    status = say(f"files.status.{found.status}")
    done = "dry-run" if found.out is None else "done"
    written = found.documents - found.held
    click.echo(say(f"files.{done}", files=found.files, documents=written, out=found.out, status=status))
    click.echo("  " + say("files.policy", policy=found.policy))
    for title, counts in (("spans", found.spans), ("layers", found.found_by)):
        shown = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
        click.echo("  " + say(f"files.{title}", total=counts.total(), each=shown or "–"))
    if found.identifiers:
        shown = ", ".join(f"{column} = {kind}" for column, kind in found.identifiers.items())
        click.echo("  " + say("files.columns", columns=shown))
    if found.each_its_own:
        click.echo("  " + say("files.each-its-own"))
    for kind, count in (("doubtful", found.undecided), ("held", found.held), ("pictures", found.pictures),
                        ("passed-over", found.passed_over)):  # fmt: skip
        if count:
            click.echo("  " + say(f"files.count.{kind}", count=count, queue=found.queue or "–"))
    if found.out is not None:
        click.echo("  " + say("files.booked" if found.account else "files.no-books", account=found.account))
    click.echo("  " + say("files.speed", characters=f"{found.characters:,}", speed=short(found.speed)))
