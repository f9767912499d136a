"""Read a study's records and de-identify them as a run does, for the run itself and for a sample of what would leave."""

from datetime import date

from confide.study.rows import Rows, deidentify
from confide.study.sites import site_list_of
from confide.study.sources import Records
from confide.study.workplace import Workplace
from confide.types import Progress, no_progress


def cleaned(place: Workplace, records: Records, *, began: str, progress: Progress = no_progress) -> Rows:
    """De-identify what leaves row by row.

    Args:
        place: the opened study.
        records: of the study.
        began: now; counts where the study was granted nothing yet.
        progress: told (documents done, documents in all).
    """
    study = place.study
    granted = place.ledger.granted_on(study.account.name, study.study.name) or began
    site = site_list_of(study, place.vault, granted)
    today = date.fromisoformat(granted[:10])
    return deidentify(study, records, place.vault, today=today, site=site, progress=progress)
