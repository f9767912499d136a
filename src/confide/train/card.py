"""The page that goes with a private model: what it guarantees, what not, and every public constant; in two languages.

Guarantee: nothing stands on it that is not public or charged: settings, and fields of a committed release. Which models
write it by themselves: `confide.train.saved`.
"""

from collections.abc import Mapping
from typing import Literal

from confide.types import Json
from confide.words import LANGUAGES, say, speaking

LONGEST = 200  # characters of a constant; weights and tables stand in the release itself


def model_card(
    name: str,
    *,
    unit: Literal["patient", "row"],
    epsilon: float,
    delta: float,
    constants: Mapping[str, object],
    library: Literal["transformers", "confide"],
) -> str:
    """Return a model card in Markdown, in English and Chinese.

    Args:
        name: of the release.
        unit: what is protected.
        epsilon: what the training cost one of them.
        delta: at which.
        constants: whatever is public of the training, and the charge in the ledger.
        library: with which the model is used.
    """
    parts = [f"---\nlibrary_name: {library}\ntags:\n- differential-privacy\n---", f"# {name}"]
    for language in LANGUAGES:
        with speaking(language):
            parts += [
                f"## {say('privacy.card.title')}",
                say(
                    "privacy.card.guarantee",
                    unit=say(f"privacy.card.unit-{unit}"), epsilon=f"{epsilon:g}", delta=f"{delta:g}",
                ),
                say("privacy.card.not-covered"),
                f"| {say('privacy.card.constant')} | {say('privacy.card.value')} |\n| --- | --- |\n{_rows(constants)}",
            ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def card_of_release(release: Json, *, unit: Literal["patient", "row"], charge: Mapping[str, object]) -> str:
    """Return the card of a model that a study released: its short public fields, and what was charged.

    Args:
        release: committed, with `name`, `epsilon` and `delta` as numbers.
        unit: what the study protects.
        charge: account and study.
    """
    short = {
        key: each
        for key, value in release.items()
        if (isinstance(value, str | int | float) or _plain(value))
        and len(each := ", ".join(map(str, value)) if isinstance(value, list) else str(value)) <= LONGEST
    }
    return model_card(
        release["name"], unit=unit, epsilon=release["epsilon"], delta=release["delta"],
        constants={**short, **charge}, library="confide",
    )  # fmt: skip


def _plain(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str | int | float) for each in value)


def _rows(constants: Mapping[str, object]) -> str:
    """Write a table; a name that an analyst chose cannot end its cell."""
    return "\n".join(
        f"| {key} | {str(value).replace('|', '&#124;').replace(chr(10), ' ')} |"
        for key, value in constants.items()
    )
