"""Site lists between studies: written from what a review decided, read by later studies only.

Guarantee (promise 2): a study that a list was learnt from, or that began before the list was made, refuses it; what
was learnt from one patient is thus never applied to another one of the same study. The file is sealed in the vault.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from confide.deid.review import ReviewItem
from confide.deid.site import SiteList
from confide.errors import InvalidInput
from confide.ledger.ledger import Ledger, now
from confide.study.config import Study
from confide.study.decisions import Decisions
from confide.vault.vault import Vault

LEARNT = "site-list-learnt"


def learn(items: Iterable[ReviewItem], decisions: Decisions, study: str) -> SiteList:
    """Return what the decisions on a queue teach: strings that were always an identifier, or never one.

    A string that was decided in both ways teaches nothing; its class is the one that was said most often.
    """
    kinds: dict[str, Counter[str]] = {}
    never: set[str] = set()
    for item in items:
        decision = decisions.get(item.mark)
        if decision is None or not item.text.strip():
            continue
        if decision.answer == "accept":
            kinds.setdefault(item.text, Counter())[decision.type] += 1
        elif decision.answer == "reject":
            never.add(item.text)
    always = {text: counts.most_common(1)[0][0] for text, counts in kinds.items() if text not in never}
    return SiteList(always=always, never=frozenset(never - kinds.keys()), studies=(study,), learnt=now())


def write_site_list(site: SiteList, target: Path, vault: Vault, ledger: Ledger) -> None:
    """Seal a list as the new file `target`, and tell the ledger how long it is.

    Raises:
        InvalidInput: `target` exists, or nothing was learnt.
    """
    if target.exists():
        raise InvalidInput("vault.taken", file=target.name)
    if not site.always and not site.never:
        raise InvalidInput("review.nothing-learnt")
    vault.seal_bytes(site.to_bytes(), target)
    counts = {"always": len(site.always), "never": len(site.never)}
    ledger.record(LEARNT, study=site.studies[0], details=counts)


def site_list_of(study: Study, vault: Vault, began: str) -> SiteList | None:
    """Return the site list that a study names; None where it names none.

    Args:
        study: whose `[deid]` may name one.
        vault: in which the list is sealed.
        began: when the study was granted its allowance, as the ledger writes times.

    Raises:
        InvalidInput: there is no such file, or it was learnt from this study or after this study began.
        IntegrityError: it is no site list.
    """
    if study.deid is None or study.deid.site_list is None:
        return None
    file = study.folder / study.deid.site_list
    if not file.is_file():
        raise InvalidInput("vault.no-file", file=file.name)
    site = SiteList.from_bytes(vault.read(file))
    if study.study.name in site.studies or began < site.learnt:
        raise InvalidInput("review.own-site-list", file=file.name, study=study.study.name)
    return site
