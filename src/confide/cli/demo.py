"""`confide demo`: two invented hospitals, one Chinese and one English, through the whole walk."""

from pathlib import Path

import click

from confide.cli.page import Command, argument, json_option, option
from confide.cli.show import ProgressLines, show_json
from confide.words import say


@click.command(cls=Command, name="demo", help=say("cli.demo.help"))
@argument("folder", type=click.Path(path_type=Path, file_okay=False), default="demo")
@option("--patients", type=click.IntRange(400, 1_000_000), default=20_000, help=say("cli.demo.patients"))
@json_option
def demo_command(folder: Path, patients: int, as_json: bool) -> None:
    from confide.demo.walk import walk

    def steps(title: str) -> ProgressLines:
        return ProgressLines(quiet=as_json, title=title)

    hospitals = walk(folder, patients=patients, steps=steps)
    if as_json:
        show_json([hospital.to_json() for hospital in hospitals])
        return
    for hospital in hospitals:
        click.echo("")
        click.echo(
            say("cli.demo.hospital", name=hospital.name, verdict=say(f"study.verdict.{hospital.verdict}"))
        )
        for figure in hospital.figures.values():
            click.echo(f"  {figure}")
        for path in hospital.dossiers:
            click.echo(f"  {path}")
