"""`confide ledger`: open accounts, show what is left, verify; checkpoints, exports, backups and what follows a loss."""

from dataclasses import asdict
from pathlib import Path

import click

from confide.cli.page import Group, argument, json_option, option
from confide.cli.show import ProgressLines, show_json
from confide.words import say


@click.group(cls=Group, name="ledger", help=say("cli.ledger.help"))
def ledger_command() -> None:
    pass


@ledger_command.command("account", help=say("cli.ledger.account"))
@argument("name")
@option("--epsilon", type=float, required=True, help=say("cli.ledger.epsilon"))
@option("--delta", type=float, required=True, help=say("cli.ledger.delta"))
@option("--patients", type=int, required=True, help=say("cli.ledger.patients"))
@option("--unit", type=click.Choice(["patient", "row"]), default="patient", help=say("cli.ledger.unit"))
@json_option
def account(name: str, epsilon: float, delta: float, patients: int, unit: str, as_json: bool) -> None:
    from confide.ledger.home import home, open_ledger

    with open_ledger(home()) as ledger:
        ledger.open_account(name, epsilon=epsilon, delta=delta, patients=patients, unit=unit)
        balance = ledger.balance(name)
    if as_json:
        show_json(asdict(balance))
    else:
        click.echo(
            say("cli.ledger.opened", name=name, epsilon=f"{epsilon:g}", delta=f"{delta:g}", where=home())
        )


@ledger_command.command("show", help=say("cli.ledger.show"))
@json_option
def show(as_json: bool) -> None:
    from confide.ledger.home import home, open_ledger

    with open_ledger(home()) as ledger:
        balances = {name: ledger.balance(name) for name in ledger.accounts()}
        studies = {name: [ledger.balance(name, study) for study in ledger.studies(name)] for name in balances}
        cohorts = {name: ledger.cohorts(name) for name in balances}
    if as_json:
        show_json(
            {
                name: asdict(b)
                | {
                    "studies": [asdict(s) for s in studies[name]],
                    "cohorts": [asdict(c) for c in cohorts[name]],
                }
                for name, b in balances.items()
            }
        )
        return
    if not balances:
        click.echo(say("cli.ledger.empty", where=home()))
    for name, balance in balances.items():
        for each in (balance, *studies[name]):
            click.echo(
                say(
                    "cli.ledger.line-account" if each is balance else "cli.ledger.line-study",
                    name=each.name,
                    epsilon=f"{each.epsilon:g}",
                    delta=f"{each.delta:g}",
                    spent=f"{each.epsilon_spent:.3g}",
                    left=f"{each.epsilon_left:.3g}",
                    charges=each.charges,
                    open=each.open,
                    abandoned=each.abandoned,
                    expires="–" if each.expires is None else each.expires,
                )
            )
        for cohort in cohorts[name]:
            near = ", ".join(cohort.overlaps)
            click.echo(
                say(
                    "cli.ledger.line-cohort",
                    name=cohort.name,
                    spent=f"{cohort.epsilon_spent:.3g}",
                    left=f"{cohort.epsilon_left:.3g}",
                    overlaps=say("cli.ledger.cohort-overlaps", cohorts=near) if near else "",
                )
            )


@ledger_command.command("cohort", help=say("cli.ledger.cohort"))
@argument("account")
@argument("cohort")
@option("--ids", required=True, type=click.Path(path_type=Path, dir_okay=False), help=say("cli.ledger.ids"))
@option("--crosswalk", type=click.Path(path_type=Path, dir_okay=False), help=say("cli.ledger.crosswalk"))
@option("--overlaps", multiple=True, help=say("cli.ledger.overlaps"))
@json_option
def cohort_command(
    account: str, cohort: str, ids: Path, crosswalk: Path | None, overlaps: tuple[str, ...], as_json: bool
) -> None:
    from confide.ledger.home import home, open_ledger
    from confide.study.cohort import read_members

    patients = read_members(ids, crosswalk)
    with open_ledger(home()) as ledger:
        ledger.declare_cohort(account, cohort, patients, overlaps=overlaps)
    _say_or_json(as_json, "cli.ledger.cohort-declared", account=account, cohort=cohort)


@ledger_command.command("verify", help=say("cli.ledger.verify"))
@json_option
def verify(as_json: bool) -> None:
    from confide.ledger.home import home, open_ledger
    from confide.ledger.verify import verify_ledger

    with open_ledger(home()) as ledger, ProgressLines(quiet=as_json)("verify") as progress:
        found = verify_ledger(ledger, progress=progress)
    if as_json:
        show_json(asdict(found))
    else:
        click.echo(say("cli.ledger.verified", **asdict(found)))


@ledger_command.command("checkpoint", help=say("cli.ledger.checkpoint"))
@argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def checkpoint(file: Path, as_json: bool) -> None:
    from confide.ledger.home import check_against, home, open_ledger, write_checkpoint

    with open_ledger(home()) as ledger:
        check_against(ledger, file)
        write_checkpoint(ledger, file)
        size = ledger.store.head()[0]
    if as_json:
        show_json({"file": str(file), "size": size})
    else:
        click.echo(say("cli.ledger.checkpointed", file=file, size=size))


@ledger_command.command("export", help=say("cli.ledger.export"))
@argument("file", type=click.Path(path_type=Path, dir_okay=False))
@option("--with-releases", is_flag=True, help=say("cli.ledger.with-releases"))
@json_option
def export_command(file: Path, with_releases: bool, as_json: bool) -> None:
    from confide.ledger.export import export
    from confide.ledger.home import home, open_ledger

    with open_ledger(home()) as ledger:
        size = export(ledger, file, folder=home(), with_releases=with_releases)
    _say_or_json(as_json, "cli.ledger.exported", file=str(file), size=size)


@ledger_command.command("backup", help=say("cli.ledger.backup"))
@argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def backup_command(file: Path, as_json: bool) -> None:
    from confide.ledger.backup import backup
    from confide.ledger.home import home, open_ledger

    with open_ledger(home()) as ledger:
        size = backup(ledger, file)
    _say_or_json(as_json, "cli.ledger.backed-up", file=str(file), size=size)


@ledger_command.command("restore", help=say("cli.ledger.restore"))
@argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help=say("cli.ledger.newest"),
)
@option("--accept-loss", is_flag=True, help=say("cli.ledger.accept-loss"))
@json_option
def restore_command(
    file: Path | None, checkpoints: tuple[Path, ...], accept_loss: bool, as_json: bool
) -> None:
    from confide.ledger.backup import restore
    from confide.ledger.home import home, ledger_url

    found = restore(home(), file, checkpoints=checkpoints, accept_loss=accept_loss, url=ledger_url())
    _say_or_json(as_json, "cli.ledger.closed" if found.closed else "cli.ledger.restored", **asdict(found))


@ledger_command.command("accept-clock", help=say("cli.ledger.accept-clock"))
@option(
    "--approved",
    "approval",
    type=click.Path(path_type=Path, dir_okay=False),
    help=say("cli.ledger.clock-approval"),
)
@json_option
def accept_clock_command(approval: Path | None, as_json: bool) -> None:
    from confide.ledger.home import accept_clock, home, open_ledger
    from confide.study.approvals import read_request_file

    document = None if approval is None else read_request_file(approval)
    with open_ledger(home()) as ledger:
        newest = accept_clock(ledger, home(), document)
    _say_or_json(as_json, "cli.ledger.clock-accepted", newest=newest)


def _say_or_json(as_json: bool, key: str, **found: object) -> None:
    if as_json:
        show_json(found)
    else:
        click.echo(say(key, **found))
