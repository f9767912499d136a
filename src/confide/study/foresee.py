"""Plot the error to expect against ε, for tables that are planned: what ε buys, before anything is paid.

Guarantee: nothing is spent and no record is opened; every figure follows from the plans' own arithmetic.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from confide.charts.error import Curve, ErrorPlot, error_svg
from confide.errors import InvalidInput
from confide.stats.expected import Wanted, epsilon_for
from confide.stats.plan import StatsPlan
from confide.study.config import load_study
from confide.study.pictures import in_words
from confide.study.plans import stats_plans
from confide.vault.durable import saying_why

MOST_CURVES = 4
_POINTS = 40


def write_error_plot(file: Path, plans: Sequence[StatsPlan], error: str | None, sizes: Sequence[int]) -> None:
    """Write the plot as an SVG file.

    Args:
        file: where to; an existing one is replaced.
        plans: the tables; each measure has its panel.
        error: what somebody could live with, such as "5%"; None means that.
        sizes: of groups, at most four are drawn.

    Raises:
        InvalidInput: there is no table to plot, the error is none, or the file cannot be written.
    """
    if not plans:
        raise InvalidInput("charts.no-tables")
    wanted = Wanted.parse(error or "5%")
    plots = [_plot(plan, text, wanted, sizes[:MOST_CURVES]) for plan in plans for text in plan.measures]
    content = error_svg(plots)
    with saying_why(file):
        file.write_text(content, encoding="utf-8")


def write_error_plot_of_study(file: Path, folder: Path, error: str | None, sizes: Sequence[int]) -> None:
    """Write the plot for the tables of a study; raises as `write_error_plot` does."""
    write_error_plot(file, stats_plans(load_study(folder)), error, sizes)


def _plot(plan: StatsPlan, measure: str, wanted: Wanted, sizes: Sequence[int]) -> ErrorPlot:
    low, high = min(0.1, plan.epsilon / 2), max(10.0, plan.epsilon * 2)
    ladder = tuple(low * (high / low) ** (step / _POINTS) for step in range(_POINTS + 1))
    curves = [
        Curve(
            size,
            tuple(_error(plan, measure, epsilon, wanted, size) for epsilon in ladder),
            epsilon_for(plan, measure, wanted, size),
        )
        for size in sizes
    ]
    title = in_words(measure) if plan.name == measure else f"{plan.name} · {in_words(measure)}"
    return ErrorPlot(title, ladder, plan.epsilon, wanted.size, not wanted.is_share, tuple(curves))


def _error(plan: StatsPlan, measure: str, epsilon: float, wanted: Wanted, size: int) -> float | None:
    try:
        found = replace(plan, epsilon=epsilon).expected(size)[measure]
    except InvalidInput:  # more noise than can be drawn
        return None
    return found.share if wanted.is_share else found.half_width
