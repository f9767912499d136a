"""What a run would cost, leave and err, as tables for a terminal. Knows nothing but how to show it."""

from pathlib import Path

import click

from confide.cli.lines import paragraph, percent, short, table
from confide.stats.expected import Expected
from confide.study.check import Forecast, Left, Price
from confide.study.figures import spent
from confide.words import say

_TITLES = {
    "stats": "advise.run.table",
    "series": "advise.run.series",
    "images": "images.run",
    "synth": "advise.run.synthetic",
    "train": "advise.run.model",
    "task": "tasks.run",
    "audit": "audit.run",
}


def show_dry_run(found: Forecast, folder: Path) -> None:
    """Print a forecast with what a dry run has to say around it."""
    click.echo(paragraph(say("advise.run.spends-nothing")) + "\n")
    show_forecast(found)
    click.echo(paragraph(say("advise.run.refused" if found.refusal else "advise.run.next", folder=folder)))


def show_forecast(found: Forecast) -> None:
    """Print one block per release, what leaves without ε, and what would be left."""
    for price in found.prices:
        fields = {"name": price.name, "source": price.source, "delta": f"{price.delta:g}"}
        click.echo(paragraph(say(_TITLES[price.kind], epsilon=f"{price.epsilon:g}", **fields)))
        if price.released:
            click.echo(paragraph(say("advise.run.replayed"), indent=2))
        click.echo(_expected(price, found) + "\n")
    _explain_tables(found)
    for leaving in found.rows:
        status = say(f"dossier.status.{leaving.status}")
        sentence = say("advise.run.not-private", source=leaving.source, policy=leaving.policy, status=status)
        click.echo(paragraph(sentence) + "\n")
    click.echo(_lefts(found) + "\n")
    asked = say("advise.run.asked", asked=short(found.asked), delta=f"{found.asked_delta:.3g}")
    click.echo(paragraph(asked))
    if any(_is_not_the_difference(left, found.asked) for left in (found.allowance, found.account_left)):
        click.echo(paragraph(say("advise.run.left")))
    if found.declared.epsilon is not None and found.declared.releases > 1:
        second = {"epsilon": spent(found.declared.epsilon), "delta": f"{found.declared.delta:g}"}
        click.echo(paragraph(say("advise.run.declared", count=found.declared.releases, **second)))
    if found.broken_gate is not None:
        sentence = say("advise.run.gate", after=short(found.broken_gate), gate=f"{found.gate:g}")
        click.echo(paragraph(sentence))


def _expected(price: Price, found: Forecast) -> str:
    if price.pair_noise is not None:
        return paragraph(
            say("advise.run.pair-noise", noise=percent(price.pair_noise), max_rows=price.max_rows), indent=2
        )
    if price.periods:
        name, worst = max(price.periods, key=lambda each: each[1])
        return paragraph(
            say("advise.run.periods", count=len(price.periods), worst=short(worst), period=name, max_rows=price.max_rows),
            indent=2,
        )  # fmt: skip
    if price.kind == "images":
        return _images(price, found)
    if price.kind == "task":
        return paragraph(say("tasks.how-well"), indent=2)
    if price.kind == "audit":
        return paragraph(say("audit.no-proof"), indent=2)
    return _errors(price, found) if price.kind == "stats" else _signals(price)


def _images(price: Price, found: Forecast) -> str:
    rows = [[say("images.in-a-group"), *(f"{size:,}" for size in found.sizes)]]
    for at, title in enumerate((say("images.run-mean"), say("images.run-share"))):
        halves = [each[at] for each in price.images]
        if any(half is not None for half in halves) or (at == 0 and not rows[1:]):
            shown = [short(half) if at == 0 else percent(half) for half in halves if half is not None]
            rows.append([title, *("–" if half is None else f"± {shown.pop(0)}" for half in halves)])
    return table(rows) + "\n" + paragraph(say("images.run-none", max_rows=price.max_rows), indent=2)


def _errors(price: Price, found: Forecast) -> str:
    heading = [say("advise.run.in-a-group"), say("advise.run.sd"), *(f"{size:,}" for size in found.sizes)]
    rows = [heading]
    for text, errors in price.errors.items():
        is_count = text == "count"
        additive = errors[0].half_width is not None and errors[0].half_width == errors[-1].half_width
        sd = short(errors[0].sd) if additive else ""
        rows.append([text, sd, *(_half(one, is_count=is_count) for one in errors)])
    return "\n".join([table(rows), *(paragraph(each, indent=2) for each in _paid_and_found(price))])


def _paid_and_found(price: Price) -> list[str]:
    """Say how ε is shared out, where it was not said by hand, and from when categories that nobody listed are shown."""
    shares = ", ".join(f"{text} {epsilon:.3g}" for text, epsilon in price.paid.items())
    paid = [say("advise.run.paid", shares=shares)] if shares else []
    return paid + [
        say("advise.run.found", column=key, patients=f"{least:,}") for key, least in price.found.items()
    ]


def _explain_tables(found: Forecast) -> None:
    """Say once, below all tables, what holds for each of them."""
    errors = [one for price in found.prices for ones in price.errors.values() for one in ones]
    if not errors:
        return
    if any(one.half_width is None for one in errors):
        click.echo(paragraph(say("advise.run.none")))
    click.echo(paragraph(say("advise.run.one-row")))
    for max_rows in sorted(
        {price.max_rows for price in found.prices if price.kind == "stats" and price.max_rows is not None}
    ):
        click.echo(paragraph(say("advise.run.max-rows", max_rows=max_rows)))
    click.echo()


def _half(expected: Expected, *, is_count: bool) -> str:
    if expected.half_width is None or expected.share is None:
        return "–"
    return f"± {short(expected.half_width)}" + (f" ({percent(expected.share)})" if is_count else "")


def _signals(price: Price) -> str:
    signals = price.signals
    rows = [
        [say("advise.run.if-patients"), *(f"{one.patients:,}" for one in signals)],
        [say("advise.run.taking-part"), *(short(one.taking_part) for one in signals)],
        [say("advise.run.signal"), *(short(one.signal_to_noise) for one in signals)],
        [say("advise.run.comes-to"), *(say(f"advise.grade.{one.grade}") for one in signals)],
    ]
    step = say("advise.run.noise-step", columns=signals[0].columns, noise=short(signals[0].noise))
    return table(rows) + "\n" + paragraph(step, indent=2)


def _lefts(found: Forecast) -> str:
    rows = [["", say("advise.run.total"), say("advise.run.before"), say("advise.run.after")]]
    rows.append(_left(say("advise.run.allowance", name=found.study), found.allowance))
    if found.account_left is not None:
        rows.append(_left(say("advise.run.account", name=found.account), found.account_left))
    return table(rows, indent=0)


def _left(title: str, left: Left) -> list[str]:
    return [title, *(short(number) for number in (left.epsilon, left.before, left.after))]


def _is_not_the_difference(left: Left | None, asked: float) -> bool:
    return left is not None and left.after is not None and abs(left.before - asked - left.after) > 1e-6
