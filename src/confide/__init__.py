"""confide: what patients confided, kept. Offers the names of the first-steps guide, each loaded on first use.

`import confide` costs no time: `confide.open_ledger` and the others below import their room when they
are first asked for. Every other name is imported from the module that defines it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confide.deid.deidentify import Deidentifier
    from confide.ledger.home import open_ledger
    from confide.stats.plan import StatsPlan
    from confide.train.logistic import LogisticPlan
    from confide.train.section import TrainSection

__all__ = ["Deidentifier", "LogisticPlan", "StatsPlan", "TrainSection", "open_ledger"]

_DEFINED_IN = {
    "Deidentifier": "confide.deid.deidentify",
    "LogisticPlan": "confide.train.logistic",
    "StatsPlan": "confide.stats.plan",
    "TrainSection": "confide.train.section",
    "open_ledger": "confide.ledger.home",
}


def __getattr__(name: str) -> object:
    """Load one of the names above from the module that defines it."""
    if name not in _DEFINED_IN:
        raise AttributeError(f"module 'confide' has no attribute {name!r}")
    value: object = getattr(import_module(_DEFINED_IN[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the names above beside those that are loaded."""
    return sorted({*globals(), *_DEFINED_IN})
