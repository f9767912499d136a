"""How a command shows what it did: text for people, JSON for programs, progress on the error stream."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from confide.types import Progress, no_progress
from confide.words import say


def show_json(content: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True))


class ProgressLines:
    """One progress bar per step of a run; silent where no person looks at a terminal."""

    def __init__(self, *, quiet: bool, title: str = "") -> None:
        self._quiet = quiet or not sys.stderr.isatty()
        self._title = title

    @contextmanager
    def __call__(self, step: str) -> Iterator[Progress]:
        """Show the step `step` while the block runs."""
        if self._quiet:
            yield no_progress
            return
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        name = self._title + say(f"study.step.{step}")
        console = Console(file=sys.stderr)
        columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
        with Bars(*columns, console=console, transient=False) as bars:
            task = bars.add_task(f"{name:<36}", total=None)
            yield lambda done, total: bars.update(task, completed=done, total=max(total, 1))
            total = bars.tasks[0].total or 1
            bars.update(task, completed=total, total=total)
