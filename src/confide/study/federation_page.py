"""The page on a federation that an officer signs: what was agreed, who was in which sum, what it cost whom. Public figures only.

Guarantee: the page shows what manifest, journal and ledger say, every text escaped, and asks for nothing outside itself. At a
site it adds what that institution has said and paid; nothing of a record is read.
"""

from dataclasses import asdict
from pathlib import Path

from confide.charts.shapes import INK, LINE, PAPER, label, svg
from confide.ledger.home import home, open_ledger
from confide.ledger.ledger import now
from confide.study.assent import words_on
from confide.study.config import load_study
from confide.study.dossier import render_page
from confide.study.hosting import status_of
from confide.study.joining import JOURNAL, site_folder
from confide.study.manifest import Manifest, summary
from confide.types import Json
from confide.words import say, speaking

_CELL, _ROW, _FULL = 12.0, 18.0, "#0b615d"


def page_of(manifest: Manifest, journal: Path, *, study: Path | None) -> str:
    """Return the page, in the manifest's language.

    Args:
        manifest: what all approved.
        journal: of the hub, or of the site whose study is told.
        study: folder of the site's study, whose ledger is opened; None at the hub.

    Raises:
        InvalidInput: there is no journal yet.
    """
    rounds = status_of(manifest, journal)
    doc: Json = summary(manifest) | {"edition": "outside", "rounds_told": rounds, "date": now()[:10]}
    with speaking(manifest.study.language):
        doc["picture"] = rounds_svg(rounds, doc["sites"])
        doc["site"] = None if study is None else _site(manifest, study)
        return render_page("federation.html", manifest.study.language, doc=doc)


def site_journal(manifest: Manifest, study: Path) -> Path:
    """Return where the journal of a site lies."""
    return site_folder(study, manifest) / JOURNAL


def rounds_svg(rounds: list[Json], sites: list[str]) -> str:
    """Draw who was in which sum: a row for each site, a column for each round; a column without marks was not opened."""
    left, many = 120.0, max(1, -(-len(rounds) // 40))  # of many rounds, each column stands for several
    columns = [rounds[at : at + many] for at in range(0, len(rounds), many)]
    body = []
    for row, site in enumerate(sites):
        y = 8 + row * _ROW
        body.append(label(left - 8, y + 10, site if len(site) < 17 else site[:15] + "…", anchor="end"))
        for at, those in enumerate(columns):
            share = sum(site in one["survivors"] for one in those) / len(those)
            colour = _FULL if share == 1 else LINE if share else PAPER
            body.append(
                f'<rect x="{left + at * _CELL:g}" y="{y:g}" width="{_CELL - 2:g}" height="{_ROW - 5:g}" fill="{colour}"'
                f' stroke="{_FULL if share else LINE}" stroke-width="0.8"/>'
            )
    foot = 8 + len(sites) * _ROW
    body.append(label(left, foot + 12, "1", fill=INK))
    body.append(label(left + len(columns) * _CELL - 2, foot + 12, str(len(rounds)), anchor="end", fill=INK))
    width = left + max(len(columns), 10) * _CELL + 8
    return svg(width, foot + 20, body, title=say("fed.page.picture"), alone=False)


def _site(manifest: Manifest, folder: Path) -> Json:
    """Return what this institution said of the manifest, and what its account has paid."""
    study = load_study(folder)
    with open_ledger(home()) as ledger:
        balance = ledger.balance(study.account.name, study.study.name)
        words = [asdict(word) for word in words_on(ledger, manifest)]
        return {"words": words, "account": study.account.name, "balance": asdict(balance)}
