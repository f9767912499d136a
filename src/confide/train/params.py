"""Settings of an estimator as scikit-learn reads and changes them: the parameters of its constructor, by name.

Knows no estimator; `confide.train.estimators` and `confide.train.scalers` are asked through it. No settings are data.
"""

import inspect
from typing import Any, Literal


def settings_of(estimator: object) -> dict[str, Any]:
    """Return every setting by name."""
    return {name: getattr(estimator, name) for name in inspect.signature(type(estimator)).parameters}


def change(estimator: object, settings: dict[str, Any]) -> None:
    """Set settings in place; the next `fit` is another plan.

    Raises:
        ValueError: there is no such setting.
    """
    if unknown := set(settings) - set(settings_of(estimator)):
        raise ValueError(f"no such setting: {sorted(unknown)}")
    for name, value in settings.items():
        setattr(estimator, name, value)


def tags_of(kind: Literal["classifier", "transformer"]) -> Any:
    """Return what scikit-learn asks of a step of its Pipeline; it alone calls this, so it is there to import."""
    from sklearn.utils import ClassifierTags, Tags, TargetTags, TransformerTags

    if kind == "classifier":
        target = TargetTags(required=True)
        return Tags(estimator_type=kind, target_tags=target, classifier_tags=ClassifierTags())
    return Tags(
        estimator_type=None, target_tags=TargetTags(required=False), transformer_tags=TransformerTags()
    )
