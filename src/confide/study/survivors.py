"""List what an erasure cannot reach, so that nobody takes it for more than it is.

Guarantee: each place that the institution itself can know of is looked at: releases, sets that left, models, packages,
openings, plain originals, digests of cohorts, other studies of the vault; what it cannot know of, such as older
backups, is always on the list. Counts and public names only.
"""

from collections.abc import Iterator
from pathlib import Path

from confide.errors import InvalidInput
from confide.study.databases import databases
from confide.study.index import read_index
from confide.study.outgoing import FOLDER as OUTGOING
from confide.study.publish import FOLDER as DOSSIER
from confide.study.sources import originals, sealed_folder
from confide.study.whose import Gone, owners_of, rows_of, shown_name
from confide.study.workplace import Workplace
from confide.types import Json
from confide.vault.durable import reading


def survivors_of(place: Workplace, gone: Gone) -> list[Json]:
    """Return what survives, as `{"what", "count", "names"}`; `what` is a key of the words."""
    found = [
        *_released(place),
        _item("outgoing", _files(place, OUTGOING)),
        _item("dossier", _files(place, DOSSIER)),
        _item("openings", _opened(place)),
        _item("originals", _plain(place, gone)),
        _item("databases", [section.name for section in databases(place.study)]),
        _item("elsewhere", _elsewhere(place)),
    ]
    always: list[Json] = [{"what": what, "count": None, "names": []} for what in ("backups", "medium")]
    return [each for each in found if each["count"]] + always


def _item(what: str, names: list[str]) -> Json:
    return {"what": what, "count": len(names), "names": sorted(set(names))}


def _released(place: Workplace) -> Iterator[Json]:
    """Yield what the ledger knows to have left about the account's patients."""
    ledger, account = place.ledger, place.study.account.name
    commits = ledger.store.all(kind="commit", account=account)
    yield _item("releases", [f"{each.body['study']}: {each.body['name']}" for each in commits])
    yield _item("not-private", [f"{each['study']}: {each['what']}" for each in ledger.not_private(account)])
    records = ledger.store.all(kind="record", study=place.study.study.name)
    packages = [each for each in records if each.body["what"] == "handover-package"]
    yield _item("packages", [each.body["details"]["recipient"] for each in packages])
    yield _item("cohorts", [each.body["cohort"] for each in ledger.store.all(kind="cohort", account=account)])


def _files(place: Workplace, folder: str) -> list[str]:
    root = place.study.folder
    return [path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.is_file()]


def _opened(place: Workplace) -> list[str]:
    """Return when files of this study were opened to plain ones, which nobody can see from here."""
    folder = sealed_folder(place.study)
    names = {path.name for path in folder.glob("*.sealed*")}
    return [each.time for each in place.vault.openings() if each.path.name in names]


def _plain(place: Workplace, gone: Gone) -> list[str]:
    """Return the plain originals that still hold the patient; a file that cannot be read counts as one."""
    study = place.study
    index = read_index(sealed_folder(study), place.vault)
    found = []
    try:
        plain = list(originals(study, index))
    except InvalidInput:  # a source of which nothing is left, neither plain nor sealed
        plain = []
    owners = owners_of(study, _tables_of_images(place, plain))
    for source, path in plain:
        name = path.relative_to(study.folder).as_posix()
        with reading(path) as file:
            try:
                theirs = rows_of(study, source, name, file.read(), gone, owners=owners).rows
            except InvalidInput:
                theirs = frozenset({0})
        if theirs:
            found.append(shown_name(study, source, name))
    return found


def _tables_of_images(place: Workplace, plain: list[tuple[str, Path]]) -> Iterator[tuple[str, str, bytes]]:
    study = place.study
    indexes = {section.index for section in study.source if section.index is not None}
    for source, path in plain:
        if (name := path.relative_to(study.folder).as_posix()) in indexes:
            with reading(path) as file:
                yield source, name, file.read()


def _elsewhere(place: Workplace) -> list[str]:
    """Return the other folders in which files of this vault lie, by the name of the study's folder."""
    here = sealed_folder(place.study).absolute()
    return sorted({each.path.parent.parent.name for each in place.vault.files() if each.path.parent != here})
