"""Invent the visits of a demo hospital: heavy-tailed per patient, with a law of readmission to be learnt.

The law uses columns of the table (age, earlier admissions, length of stay, HbA1c, emergency, diagnosis
group), so that a good classifier reaches an AUC of about 0.78 and no better. No protection here, only a
seeded generator.
"""

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from confide.demo.generate_people import FIRST_DAY, LAST_DAY, Person, lists
from confide.types import Language

COLUMNS = {
    "en": (
        *(
            "visit_id",
            "patient_id",
            "name",
            "ssn",
            "phone",
            "address",
            "birth_date",
            "sex",
            "age",
            "district",
        ),
        *("department", "admitted", "stay_days", "prior_admissions", "hba1c", "emergency"),
        *("diagnosis_group", "readmitted"),
    ),
    "zh": (
        *("就诊号", "患者编号", "姓名", "身份证号", "电话", "住址", "出生日期", "性别", "年龄", "城区"),
        *("科室", "入院日期", "住院天数", "既往住院次数", "糖化血红蛋白", "急诊", "诊断类别", "再入院"),
    ),
}
# Effect of each diagnosis group, in the order of the lists, on readmission, stay and department.
_RISK = np.array([0.8, 0.5, 0.3, -0.3, 0.1, 1.1, -1.0, -0.2, 0.0, -0.9])
_STAY = np.array([0.2, 0.1, 0.0, -0.2, 0.2, 0.4, -0.1, -0.2, 0.1, 0.0])
_SHARE = np.array([0.22, 0.15, 0.12, 0.11, 0.09, 0.08, 0.08, 0.06, 0.05, 0.04])
_DEPARTMENT = np.array([0, 1, 2, 3, 4, 7, 6, 5, 1, 6])


def invent_visits(people: list[Person], language: Language, rng: np.random.Generator) -> pl.DataFrame:
    """Return the visits table, one row per visit by admission, and `_who`, the place in `people`.

    Every row of a patient repeats their name and numbers, as hospital tables do; where a patient has an old
    id, about half of their rows carry it.
    """
    words, n = lists(f"people-{language}"), len(people)
    frail = rng.pareto(2.6, size=n)
    visits = 1 + np.minimum(rng.poisson(0.9 * frail), 40)
    who = np.repeat(np.arange(n), visits)
    m = len(who)
    admitted = _admissions(who, m, rng)
    order = np.lexsort((admitted, who))
    who, admitted = who[order], admitted[order]
    born = np.array([p.born for p in people], dtype="datetime64[D]")[who]
    age = np.maximum(_full_years(born, admitted), 0)

    usual = rng.choice(10, size=n, p=_SHARE)[who]
    group = np.where(rng.random(m) < 0.6, usual, rng.choice(10, size=m, p=_SHARE))
    department = np.where(rng.random(m) < 0.85, _DEPARTMENT[group], rng.integers(0, 8, size=m))
    emergency = rng.random(m) < 1 / (1 + np.exp(-(-1.2 + 0.015 * (age - 50))))
    prior = _rank_within(who) + rng.poisson(0.5 * np.minimum(frail, 4))[who]
    hba1c = np.clip(rng.normal(5.5 + 0.012 * (age - 40) + 1.6 * (group == 2), 0.8), 4.0, 14.0).round(1)
    log_stay = 1.3 + 0.008 * (age - 50) + _STAY[group] + 0.25 * emergency
    stay = np.clip(np.exp(rng.normal(log_stay, 0.6)), 1, 60).astype(np.int64)
    score = (
        -2.9
        + 0.020 * (age - 50)
        + 0.45 * np.minimum(prior, 6)
        + 0.06 * np.minimum(stay, 30)
        + 0.30 * (hba1c - 6)
        + 0.70 * emergency
        + _RISK[group]
    )
    readmitted = rng.random(m) < 1 / (1 + np.exp(-score))

    old = rng.random(m) < 0.5
    rows: list[Any] = [
        [f"V{i:07d}" for i in 1 + rng.permutation(m)],
        [people[i].old_id if o and people[i].old_id else people[i].id for i, o in zip(who, old, strict=True)],
        *([getattr(people[i], key) for i in who] for key in ("name", "national", "phone", "address")),
        [str(day) for day in born],
        [words["sexes"][0 if people[i].female else 1] for i in who],
        age,
        [people[i].district for i in who],
        [words["departments"][i] for i in department],
        [str(day) for day in admitted],
        stay,
        prior,
        hba1c,
        emergency.astype(np.int64),
        [words["diagnosis_groups"][i] for i in group],
        readmitted.astype(np.int64),
    ]
    table = pl.DataFrame(dict(zip(COLUMNS[language], rows, strict=True)))
    first = COLUMNS[language]
    return table.with_columns(pl.Series("_who", who)).sort(first[11], first[0])


def _admissions(who: np.ndarray[Any, Any], m: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    days = (LAST_DAY - FIRST_DAY).days
    return np.datetime64(FIRST_DAY) + rng.integers(0, days, size=m)


def _full_years(born: np.ndarray[Any, Any], day: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the age in full years, birthdays counted as calendars do."""
    years = day.astype("datetime64[Y]").astype(np.int64) - born.astype("datetime64[Y]").astype(np.int64)
    before = _day_of_year(day) < _day_of_year(born)
    result: np.ndarray[Any, Any] = years - before
    return result


def _day_of_year(day: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return 100 · month + day, which orders birthdays within a year."""
    month = day.astype("datetime64[M]")
    result: np.ndarray[Any, Any] = 100 * (month.astype(np.int64) % 12) + (
        day - month.astype("datetime64[D]")
    ).astype(np.int64)
    return result


def _rank_within(who: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return 0, 1, 2, … within each run of one patient."""
    starts = np.flatnonzero(np.append(True, who[1:] != who[:-1]))
    result: np.ndarray[Any, Any] = np.arange(len(who)) - np.repeat(
        starts, np.diff(np.append(starts, len(who)))
    )
    return result


def age_on(person: Person, day: dt.date) -> int:
    """Return the age of a person on a day, in full years."""
    return max(0, day.year - person.born.year - ((day.month, day.day) < (person.born.month, person.born.day)))
