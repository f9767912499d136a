"""The page that goes with a private model: what it guarantees, what not, and every public constant; in two languages."""

from confide.train.privacy import PrivacyPlan
from confide.types import Json
from confide.words import LANGUAGES, say, speaking


def model_card(name: str, privacy: PrivacyPlan, recipe: Json, charge: Json) -> str:
    """Return a model card in Markdown, in English and Chinese; all of it public.

    Args:
        name: of the release.
        privacy: the guarantee.
        recipe: public constants of the training.
        charge: account, study, and number of the charge in the ledger.
    """
    parts = ["---\nlibrary_name: transformers\ntags:\n- differential-privacy\n---", f"# {name}"]
    for language in LANGUAGES:
        with speaking(language):
            parts += _told(privacy, recipe, charge)
    return "\n\n".join(parts) + "\n"


def _told(privacy: PrivacyPlan, recipe: Json, charge: Json) -> list[str]:
    unit = say(f"privacy.card.unit-{privacy.unit}")
    rows = {**privacy.to_json(), **recipe, **charge}
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    return [
        f"## {say('privacy.card.title')}",
        say("privacy.card.guarantee", unit=unit, epsilon=f"{privacy.epsilon:g}", delta=f"{privacy.delta:g}"),
        say("privacy.card.not-covered"),
        f"| {say('privacy.card.constant')} | {say('privacy.card.value')} |\n| --- | --- |\n{table}",
    ]
