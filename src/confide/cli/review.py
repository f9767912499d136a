"""`confide review`: doubtful spans, the sample and the dossier in a browser; export, import, sample and site list."""

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from confide.cli.page import Command, argument, json_option, option
from confide.cli.show import ProgressLines, show_json
from confide.errors import InvalidInput
from confide.types import Json
from confide.words import language, say

if TYPE_CHECKING:
    from confide.study.review import Person
    from confide.study.reviewing import Opened

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=Command, name="review", help=say("review.help"))
@argument("folder", default=".", type=click.Path(path_type=Path))
@option("--purpose", help=say("review.option.purpose"))
@option("--key", "key_file", type=_file, help=say("review.option.key"))
@option("--key-passphrase-file", type=_file, help=say("review.option.key-passphrase-file"))
@option("--passphrase-file", type=_file, help=say("cli.option.passphrase-file"))
@option("--export", "export_file", type=_file, help=say("review.option.export"))
@option("--import", "import_file", type=_file, help=say("review.option.import"))
@option("--sample", type=click.IntRange(1), help=say("review.option.sample"))
@option("--learn", "learn_file", type=_file, help=say("review.option.learn"))
@option("--idle", type=click.FloatRange(0.01, 480), default=15, help=say("review.option.idle"))
@option("--port", type=click.IntRange(0, 65535), default=0, help=say("review.option.port"))
@json_option
def review_command(
    folder: Path, purpose: str | None, key_file: Path | None, key_passphrase_file: Path | None,
    passphrase_file: Path | None, export_file: Path | None, import_file: Path | None, sample: int | None,
    learn_file: Path | None, idle: float, port: int, as_json: bool,
) -> None:  # fmt: skip
    from confide.cli.study import ask_passphrase
    from confide.study.labelstudio import export_tasks, import_result
    from confide.study.reviewing import desk_of, opened, person_with
    from confide.study.sample import draw_sample
    from confide.study.sites import learn, write_site_list

    if sum(each is not None for each in (export_file, import_file, sample, learn_file)) > 1:
        raise InvalidInput("review.one-act")
    if export_file is not None and not purpose:
        raise InvalidInput("review.export-wants")
    told: Json
    with opened(folder, passphrase_file=passphrase_file, ask=ask_passphrase) as there:
        person = person_with(there, key_file, key_passphrase_file, ask_passphrase)
        why = purpose or say("review.purpose")
        if sample is not None:
            with ProgressLines(quiet=as_json)("deid") as progress:
                act, told = "drawn", {"count": draw_sample(there.of_study(), sample, progress=progress)}
        elif export_file is not None:
            with desk_of(there, person, why) as desk:
                act, told = "exported", {"count": export_tasks(desk, export_file), "file": str(export_file)}
        elif import_file is not None:
            with desk_of(there, person, why) as desk:
                act, told = "imported", asdict(import_result(desk, import_file))
        elif learn_file is not None:
            name = there.of_study().study.study.name
            with desk_of(there, person, why) as desk:
                site = learn(desk.items, desk.decisions, name)
            write_site_list(site, learn_file, there.vault, there.ledger)
            act, told = (
                "learnt",
                {"always": len(site.always), "never": len(site.never), "file": str(learn_file)},
            )
        else:
            act, told = "ended", _serve(there, person, why, idle=60 * idle, port=port, as_json=as_json)
    if as_json:
        show_json(told)
    else:
        click.echo(say(f"review.{act}", folder=folder, **told))


def _serve(there: "Opened", person: "Person", purpose: str, *, idle: float, port: int, as_json: bool) -> Json:
    """Open what there is to look at, serve it, and return the counts at the end."""
    try:
        from confide.console.app import Sitting
        from confide.console.guard import TOKEN_SECONDS
        from confide.console.serve import serve
    except ImportError:
        raise InvalidInput("review.extra") from None
    from confide.study.reviewing import desk_of
    from confide.study.sample import open_sample

    def announce(url: str) -> None:
        if as_json:
            show_json({"url": url})
        else:
            click.echo(say("review.listening", url=url, minutes=TOKEN_SECONDS // 60))

    sitting = Sitting(language=language(), name=there.study or there.queue.name, place=there.place)
    with ExitStack() as stack:
        if there.queue.exists() or there.place is None:
            sitting.desk = stack.enter_context(desk_of(there, person, purpose))
        if there.place is not None:
            sitting.samples = open_sample(there.place, person=person, purpose=purpose)
        serve(sitting, announce=announce, idle=idle, port=port)
        none = dict.fromkeys(("accept", "reject", "ask", "undecided"), 0)
        return dict(sitting.desk.counts if sitting.desk else none)
