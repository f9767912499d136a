"""Turn rows of a table into numbers for a model, by public rules only.

`number(age, 0, 120)` clips to its bounds and scales to [-1, 1]; `category(sex, F, M)` is one column
per listed value. Every row is prepared on its own: nothing is learnt from other rows, so no bound,
category, mean or vocabulary of the data enters (promise 2). A missing value is 0 throughout.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.calls import parse_call
from confide.engines.polars import Floats, category_places, read_numbers, read_text
from confide.errors import InvalidInput

INTERCEPT = "intercept"
_YES = ("1", "true", "yes", "y", "t", "是")
_NO = ("0", "false", "no", "n", "f", "否")


@dataclass(frozen=True, slots=True)
class Number:
    """A column of numbers with public bounds."""

    column: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Category:
    """A column with a public list of values; a value that is not listed is like a missing one."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A column to predict; positive where its text is one of `values`, or is a yes where there are none."""

    column: str
    values: tuple[str, ...] = ()


def parse_feature(text: str) -> Number | Category:
    """Read one feature of a study file.

    Raises:
        InvalidInput: not a feature, bounds missing or reversed, no values or one twice.

    >>> parse_feature("number(age, 0, 120)")
    Number(column='age', low=0.0, high=120.0)
    >>> parse_feature("category(sex, F, M)")
    Category(column='sex', values=('F', 'M'))
    """
    call = parse_call(text)
    if call.name == "number" and len(call.arguments) == 3:
        column, low, high = call.arguments
        try:
            feature = Number(column, float(low), float(high))
        except ValueError:
            raise InvalidInput("train.bounds", found=text) from None
        if not (math.isfinite(feature.high - feature.low) and feature.low < feature.high):
            raise InvalidInput("train.bounds", found=text)
        return feature
    if call.name == "category" and len(call.arguments) >= 2:
        column, *values = call.arguments
        if len(set(values)) < len(values):
            raise InvalidInput("train.values-twice", found=text)
        return Category(column, tuple(values))
    raise InvalidInput("train.feature-unknown", found=text)


def parse_target(text: str) -> Target:
    """Read the target: a column of 0 and 1 (or yes and no), or `is(column, value, …)`.

    >>> parse_target('is(readmitted, "<30", ">30")')
    Target(column='readmitted', values=('<30', '>30'))
    >>> parse_target("再入院")
    Target(column='再入院', values=())
    """
    if "(" not in text:
        if not text.strip():
            raise InvalidInput("train.target-unknown", found=text)
        return Target(text.strip())
    call = parse_call(text)
    if call.name != "is" or len(call.arguments) < 2:
        raise InvalidInput("train.target-unknown", found=text)
    return Target(call.arguments[0], call.arguments[1:])


def names(features: Collection[str]) -> tuple[str, ...]:
    """Return the names of the model's columns, the intercept first.

    >>> names(["number(age, 0, 120)", "category(sex, F, M)"])
    ('intercept', 'age', 'sex=F', 'sex=M')
    """
    found = [INTERCEPT]
    for text in features:
        match parse_feature(text):
            case Number(column):
                found.append(column)
            case Category(column, values):
                found.extend(f"{column}={value}" for value in values)
    return tuple(found)


def matrix(features: Collection[str], data: pl.DataFrame) -> Floats:
    """Return the numbers of each row, shape (rows, columns of the model), each at most 1 in size."""
    result = np.zeros((len(data), len(names(features))))
    result[:, 0] = 1.0
    at = 1
    for text in features:
        match parse_feature(text):
            case Number(column, low, high):
                half = high / 2 - low / 2
                scaled = (np.clip(read_numbers(data[column]), low, high) - (low + half)) / half
                result[:, at] = np.clip(np.nan_to_num(scaled), -1, 1)
                at += 1
            case Category(column, values):
                codes = category_places(data[column], values)(slice(None))
                listed = np.flatnonzero(codes >= 0)
                result[listed, at + codes[listed]] = 1.0
                at += len(values)
    return result


def outcomes(target: str, data: pl.DataFrame) -> Floats:
    """Return 1.0 or 0.0 per row, NaN where the target is missing or, for yes and no, neither."""
    wanted = parse_target(target)
    texts = read_text(data[wanted.column])
    if wanted.values:
        positive = texts.is_in(wanted.values)
        return positive.cast(pl.Float64).to_numpy()
    lowered = texts.str.to_lowercase().str.strip_chars()
    answers = category_places(lowered, _NO + _YES)(slice(None))
    return np.where(answers < 0, np.nan, (answers >= len(_NO)).astype(np.float64))
