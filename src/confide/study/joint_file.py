"""`joint.toml`: a table of several sites that none of them sees alone; what hub, custodian and sites agree on.

Every field is public. The digest of the file stands in every key, every upload and every charge, so that parties that
read another file do not understand each other. Read strictly, like a study file. The steps: `confide.study.joint`.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from confide.crypto.sign import digest, verify_public_key
from confide.encrypted.statistics import Grouped, Measured, SiteStatistics
from confide.errors import InvalidInput
from confide.ledger.accounts import verify_day
from confide.study.config import StudySection
from confide.study.toml import read_sections
from confide.train.features import Category, Number, parse_feature
from confide.types import Json


def _doc(sentence: str) -> dict[str, str]:
    return {"doc": sentence}


@dataclass(frozen=True, kw_only=True, slots=True)
class TableSection:
    """What is counted, from public bounds and categories, and what it costs a patient."""

    epsilon: float = field(metadata=_doc("What the opened table costs a patient of any site."))
    delta: float = field(metadata=_doc("At most 1 / (100 patients)."))
    patients: int = field(metadata=_doc("At most so many patients at one site: a public, declared number."))
    expires: str = field(metadata=_doc('Last day on which a site may send, such as "2027-06-30" (UTC).'))
    measured: tuple[str, ...] = field(
        default=(), metadata=_doc("number(column, low, high): count, sum, mean and variance.")
    )
    histograms: dict[str, tuple[float, ...]] = field(
        default_factory=dict,
        metadata=_doc("Of a measured column, the edges of bins: column = [0, 40, 80, 121]."),
    )
    pairs: tuple[tuple[str, ...], ...] = field(
        default=(), metadata=_doc('Pairs of measured columns: their covariance, ["age", "stay_days"].')
    )
    grouped: tuple[str, ...] = field(
        default=(), metadata=_doc("category(column, value, ...): patients in each.")
    )
    honest: int = field(
        default=1,
        metadata=_doc(
            "Of how many sites the noise is relied on; fewer than there are sites. 1: each its own."
        ),
    )

    def __post_init__(self) -> None:
        """Refuse what could not be counted, before anybody agrees on it."""
        verify_day(self.expires)
        for text in self.measured:
            if not isinstance(parse_feature(text), Number):
                raise InvalidInput("encrypted.measured", found=text)
        for text in self.grouped:
            if not isinstance(parse_feature(text), Category):
                raise InvalidInput("encrypted.grouped", found=text)
        columns = [parse_feature(text).column for text in (*self.measured, *self.grouped)]
        twice = next((each for at, each in enumerate(columns) if each in columns[:at]), None)
        if twice is not None:
            raise InvalidInput("encrypted.column-twice", column=twice)
        for column in self.histograms:
            if column not in {parse_feature(text).column for text in self.measured}:
                raise InvalidInput("encrypted.bounds", column=column)
        for pair in self.pairs:
            if len(pair) != 2:
                raise InvalidInput("encrypted.pair")


@dataclass(frozen=True, kw_only=True, slots=True)
class PartySection:
    """An institution that takes part."""

    name: str = field(metadata=_doc("Its name, such as north.example."))
    key: str = field(metadata=_doc("Its public key; `confide federate key` prints it there."))

    def __post_init__(self) -> None:
        """Refuse a key that is none."""
        verify_public_key(self.key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Joint:
    """One such file, read and checked."""

    study: StudySection
    table: TableSection
    hub: PartySection
    custodian: PartySection
    site: tuple[PartySection, ...]

    def __post_init__(self) -> None:
        """Refuse parties of whom one could see a site's own figures, and what could never be added."""
        keys = [site.key for site in self.site]
        if self.custodian.key == self.hub.key:
            raise InvalidInput("encrypted.one-party")
        if len(set(keys)) < len(keys) or len({site.name for site in self.site}) < len(keys):
            raise InvalidInput("encrypted.party-twice")
        if not 1 <= self.table.honest < max(2, len(keys)):
            raise InvalidInput("encrypted.honest", found=self.table.honest, sites=len(keys))
        self.plan(b"")

    def digest(self) -> str:
        """Return the name of the file: the digest of every word that it says."""
        return digest({"kind": "joint", "format": 1, "file": _as_text(asdict(self))})

    def plan(self, key: bytes) -> SiteStatistics:
        """Return what a site computes and pays for, under the custodian's public key."""
        table, numbers = self.table, []
        for text in table.measured:
            found = parse_feature(text)
            if isinstance(found, Number):
                edges = table.histograms.get(found.column, ())
                numbers.append(Measured(column=found.column, low=found.low, high=found.high, edges=edges))
        groups = (parse_feature(text) for text in table.grouped)
        return SiteStatistics(
            name=f"{self.study.name} {self.digest()[:16]}", measured=tuple(numbers),
            pairs=tuple((first, second) for first, second in table.pairs),
            grouped=tuple(
                Grouped(column=each.column, categories=each.values) for each in groups if isinstance(each, Category)
            ),
            sites=len(self.site), honest=table.honest, patients=table.patients, epsilon=table.epsilon,
            delta=table.delta, key=key,
        )  # fmt: skip

    def columns(self) -> set[str]:
        """Return the columns that each site's table must have."""
        return {parse_feature(text).column for text in (*self.table.measured, *self.table.grouped)}


def summary(joint: Joint) -> Json:
    """Return what anybody reads before agreeing: who does and learns what, noise and price."""
    plan = joint.plan(b"")
    return {
        "name": joint.study.name,
        "purpose": joint.study.purpose,
        "requester": joint.study.requester,
        "digest": joint.digest(),
        "expires": joint.table.expires,
        "hub": joint.hub.name,
        "custodian": joint.custodian.name,
        "sites": [site.name for site in joint.site],
        "honest": joint.table.honest,
        "columns": sorted(joint.columns()),
        "numbers": plan.slots,
        "epsilon": joint.table.epsilon,
        "delta": joint.table.delta,
        "noise": plan.count_noise(),
    }


def load_joint(file: Path) -> Joint:
    """Read and check such a file.

    Raises:
        InvalidInput: naming the line and what to write instead.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InvalidInput("encrypted.no-joint", file=file.name) from None
    except (UnicodeDecodeError, OSError):
        raise InvalidInput("study.unreadable", file=file.name) from None
    values, _ = read_sections(Joint, text, file.name)
    return Joint(**values)


def _as_text(value: object) -> Any:
    """Return the fields with numbers as text, so that equal files have equal digests."""
    if isinstance(value, dict):
        return {key: _as_text(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(inner) for inner in value]
    return value if isinstance(value, str) else repr(value)
