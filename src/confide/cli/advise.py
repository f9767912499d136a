"""`confide advise`: what an ε means, what remains, what error to expect, which method fits; spends nothing."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from confide.cli.lines import paragraph, percent, short, table
from confide.cli.page import Command, argument, json_option, option
from confide.cli.show import show_json
from confide.words import say

if TYPE_CHECKING:
    from confide.dp.explain import Meaning
    from confide.study.advise import Advice, Asked, Law, Method


@click.command(cls=Command, name="advise", help=say("cli.advise.help"))
@argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@option(
    "--goal",
    type=click.Choice(["table", "model", "rows", "question", "hospitals"]),
    help=say("advise.option.goal"),
)
@option("--data", type=click.Choice(["table", "text"]), help=say("advise.option.data"))
@option("--patients", type=int, help=say("advise.option.patients"))
@option("--law", type=click.Choice(["hipaa", "gdpr", "pipl"]), help=say("advise.option.law"))
@option("--epsilon", type=float, help=say("advise.option.epsilon"))
@option("--delta", type=float, help=say("advise.option.delta"))
@option("--error", help=say("advise.option.error"))
@option("--group-size", "sizes", type=int, multiple=True, help=say("advise.option.group-size"))
@option("--measure", "measures", multiple=True, help=say("advise.option.measure"))
@option("--max-rows", type=int, help=say("advise.option.max-rows"))
@option("--plot", type=click.Path(path_type=Path, dir_okay=False), help=say("advise.option.plot"))
@json_option
def advise_command(folder: Path | None, plot: Path | None, as_json: bool, **asked: Any) -> None:
    from confide.study.advise import Asked, advise, advise_study

    wanted = Asked(**asked)
    found = advise(wanted) if folder is None else advise_study(folder, wanted)
    if plot is not None:
        _write_plot(plot, folder, wanted)
    if as_json:
        show_json(found.to_json())
        return
    if found.forecast is not None:
        from confide.cli.forecast import show_forecast

        show_forecast(found.forecast)
        click.echo()
    _show_meanings(found)
    if found.more:
        _show_more(found)
    if found.inverses:
        _show_inverses(found, str(wanted.error))
    _show_methods(found)
    if found.laws:
        _show_laws(found)
    _show_machine(found)


def _write_plot(plot: Path, folder: Path | None, wanted: "Asked") -> None:
    from confide.study.advise import plans_asked
    from confide.study.check import SIZES
    from confide.study.foresee import write_error_plot, write_error_plot_of_study

    sizes = wanted.sizes or SIZES
    if folder is None:
        write_error_plot(plot, plans_asked(wanted), wanted.error, sizes)
    else:
        write_error_plot_of_study(plot, folder, wanted.error, sizes)


def _heading(text: str) -> None:
    click.echo(click.style(text, bold=True))


def _show_meanings(found: "Advice") -> None:
    _heading(say("advise.meaning.heading"))
    if len(found.meanings) > 2:
        keys = ("ladder", "ladder-factor", "ladder-guess", "ladder-caught")
        rows = [[say(f"advise.meaning.{key}") for key in keys]]
        rows += [
            [name, short(one.factor), percent(one.guess), percent(one.caught)]
            for name, one in found.meanings.items()
        ]
        click.echo(table(rows))
        click.echo(paragraph(say("advise.meaning.columns"), indent=2))
    else:
        for name, one in found.meanings.items():
            _show_meaning(name if name in ("allowance", "account") else "one", one, found.patients)
    if found.unit == "row":
        click.echo(paragraph(say("advise.meaning.row"), indent=2))
    for key in ("limits", "adds"):
        click.echo(paragraph(say(f"advise.meaning.{key}"), indent=2))
    click.echo()


def _show_meaning(name: str, one: "Meaning", patients: int | None) -> None:
    from confide.dp.explain import chance_of_any

    click.echo(
        paragraph(say(f"advise.meaning.{name}", epsilon=f"{one.epsilon:g}", delta=f"{one.delta:g}"), indent=2)
    )
    guess, caught = (percent(share).removesuffix(" %") for share in (one.guess, one.caught))
    lines = [
        say("advise.meaning.factor", factor=short(one.factor)),
        say("advise.meaning.guess", guess=guess),
        say("advise.meaning.caught", caught=caught),
        say(f"advise.tier.{one.grade}"),
    ]
    if one.delta > 0:
        chance = _chance(one.delta)
        lines.append(
            say("advise.meaning.delta-alone", chance=chance)
            if patients is None
            else say(
                "advise.meaning.delta",
                chance=chance,
                patients=f"{patients:,}",
                any=_chance(chance_of_any(one.delta, patients)),
            )
        )
    for line in lines:
        click.echo(paragraph(line, indent=4))


def _chance(delta: float) -> str:
    """Write a chance as 1:n, with n rounded down, so that the chance is never shown smaller than it is."""
    return f"1:{int(1 / delta * (1 + 1e-12)):,}"


def _show_more(found: "Advice") -> None:
    _heading(say("advise.more.heading"))
    rows = [[say(f"advise.more.{key}") for key in ("like", "allowance", "account")]]
    rows += [[one.name, _number(one.allowance), _number(one.account)] for one in found.more]
    click.echo(table(rows))
    click.echo(paragraph(say("advise.more.note"), indent=2) + "\n")


def _number(count: int) -> str:
    return say("advise.more.many") if count >= 1_000_000 else f"{count:,}"


def _show_inverses(found: "Advice", error: str) -> None:
    _heading(say("advise.error.heading", error=error))
    never = say("advise.error.never")
    rows = [[say("advise.error.epsilon"), *(f"{size:,}" for size in found.sizes), say("advise.error.rows")]]
    for one in found.inverses:
        name = one.measure if one.name == one.measure else f"{one.name} · {one.measure}"
        needed = [never if epsilon is None else short(epsilon) for epsilon in one.epsilons]
        at = never if one.rows is None else f"{one.rows:,} (ε {one.epsilon:g})"
        rows.append([name, *needed, at])
    click.echo(table(rows))
    if error.strip().endswith(("%", "％")):
        click.echo(paragraph(say("advise.error.share"), indent=2))
    click.echo(paragraph(say("advise.error.shared"), indent=2) + "\n")


def _show_methods(found: "Advice") -> None:
    if not found.methods:
        _heading(say("advise.fits.goals"))
        goals = ("table", "model", "rows", "question", "hospitals")
        click.echo("\n".join(f"  {goal:<10} {say(f'advise.goal.{goal}')}" for goal in goals) + "\n")
        return
    from confide.study.advise import typical_figures

    _heading(say("advise.fits.heading"))
    figures = typical_figures(found.patients)
    for row in found.methods:
        click.echo(paragraph(_title(row), indent=2))
        does = say(f"advise.method.{row.id}.do", **figures)
        click.echo(paragraph(does if row.today else f"{say('advise.fits.not-yet')} {does}", indent=4))
        why = say(f"advise.method.{row.id}.why", **figures)
        click.echo(paragraph(say("advise.fits.why", why=why), indent=4))
        if row.id == "table" and found.patients is not None:
            rows = int(str(figures["rows"]))
            groups = say(
                "advise.fits.groups", patients=f"{found.patients:,}", groups=found.patients // rows, rows=rows
            )
            click.echo(paragraph(groups, indent=4))
        limit = say(f"advise.method.{row.id}.limit", **figures)
        click.echo(paragraph(say("advise.fits.limit", limit=limit), indent=4))
        if row.commands:
            commands = ", ".join(f"confide {name}" for name in row.commands)
            click.echo(paragraph(say("advise.fits.today", commands=commands), indent=4))
        click.echo()


def _title(row: "Method") -> str:
    low, high = row.patients
    title = say("advise.fits.title", goal=say(f"advise.goal.{row.goal}"), data=say(f"advise.data.{row.data}"))
    if high == math.inf:
        return f"{title} · {say('advise.fits.from-patients', low=f'{low:,}')}" if low else title
    if low == 0:
        return f"{title} · {say('advise.fits.below-patients', high=f'{high:,}')}"
    return f"{title} · {say('advise.fits.range-patients', low=f'{low:,}', high=f'{high:,}')}"


def _show_laws(found: "Advice") -> None:
    _heading(say("advise.law.heading"))
    for row in found.laws:
        click.echo(paragraph(_law_title(row), indent=2))
        for key in ("needs", "why"):
            sentence = say(f"advise.law.{row.id}.{key}")
            click.echo(paragraph(say(f"advise.law.{key}", **{key: sentence}), indent=4))
    click.echo(paragraph(say("advise.fits.evidence"), indent=2) + "\n")


def _law_title(row: "Law") -> str:
    name, status = say(f"advise.law.name.{row.law}"), say(f"dossier.status.{row.status}")
    if row.policy is None:
        return say("advise.law.status", name=name, status=status)
    return say("advise.law.policy", name=name, policy=row.policy, status=status)


def _show_machine(found: "Advice") -> None:
    from confide.study.advise import ROWS_PER_GIB

    _heading(say("advise.machine.heading"))
    machine = found.machine
    rows = int(float(f"{machine.memory_gib * ROWS_PER_GIB:.1g}"))
    for key in found.machine_rows:
        sentence = say(
            f"advise.machine.{key}", memory=machine.memory_gib, rows=f"{rows:,}", cores=machine.cores
        )
        click.echo(paragraph(sentence, indent=2))
