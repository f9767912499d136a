"""`confide status`: where a study stands, from its folder and the ledger; needs no passphrase."""

import json
from pathlib import Path
from typing import get_args

from confide.errors import IntegrityError, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.ledger.ledger import now
from confide.study.config import load_study
from confide.study.decisions import OURS
from confide.study.gates import Verdict
from confide.study.index import INDEX
from confide.study.outgoing import FOLDER as OUTGOING
from confide.study.publish import FOLDER as DOSSIER
from confide.study.workplace import CHECKPOINT
from confide.types import Json


def status_of(folder: Path) -> Json:
    """Return what is sealed, spent, released and out; figures that the institution may see, no patient data.

    Raises:
        InvalidInput: there is no study, or its file is wrong.
        IntegrityError: the ledger is not what it was, or the dossier not what was written.
    """
    study = load_study(folder)
    with open_ledger(home(), checkpoints=[folder / CHECKPOINT]) as ledger:
        try:
            allowance = ledger.balance(study.account.name, study.study.name)
        except InvalidInput:
            allowance = None
    expires = study.account.expires if allowance is None else allowance.expires
    dossier = folder / DOSSIER / "inside.json"
    verdict = _verdict(dossier) if dossier.exists() else None
    outgoing = folder / OUTGOING
    files = [path for path in outgoing.rglob("*") if path.is_file()] if outgoing.exists() else []
    return {
        "study": study.study.name,
        "account": study.account.name,
        "sealed": sum(path.name not in (INDEX, *OURS) for path in (folder / "sealed").glob("*.sealed")),
        "spent": None if allowance is None else round(allowance.epsilon_spent, 6),
        "left": None if allowance is None else round(allowance.epsilon_left, 6),
        "cohort": study.account.cohort,
        "expires": expires,
        "expired": expires is not None and expires < now()[:10],
        "charges": 0 if allowance is None else allowance.charges,
        "open": 0 if allowance is None else allowance.open,
        "abandoned": 0 if allowance is None else allowance.abandoned,
        "verdict": verdict,
        "outgoing": len(files),
    }


def _verdict(dossier: Path) -> str:
    try:
        verdict = json.loads(dossier.read_bytes())["verdict"]
        return str(get_args(Verdict)[get_args(Verdict).index(verdict)])
    except (ValueError, KeyError, TypeError):
        raise IntegrityError("study.dossier-changed", file=f"{DOSSIER}/{dossier.name}") from None
