"""What a federation is: its sites and their keys, its threshold, its grid. Every field is public and signed by all.

A setting under which somebody could be seen alone, or under which a sum could wrap around, is refused here, before
any message. Proofs: `docs/proofs/secure-aggregation.md`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from confide.crypto.sign import digest, verify_public_key
from confide.crypto.text import is_name
from confide.dp.events import check_number, check_whole
from confide.dp.noise import LARGEST_SIGMA
from confide.errors import InvalidInput
from confide.types import Json

HUB = "hub"
MOST_SITES = 99  # every pair of sites shares a mask; beyond, a sparser graph would be wanted
LARGEST_LENGTH = 1 << 27
FEWEST_HONEST = 3  # of two, each takes its own away from the sum
SMALLEST_SHARE = 8.0  # steps of noise a site: below, a sum of discrete Gaussians needs a price of its own
_RANGE = 2**31 - 1
_WRAP = 64  # a sum wraps around with probability at most 2^-64
_FAIL = 30  # rounding goes beyond its bound with probability at most 2^-30 a try


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One site: its name, the key under which it signs, and how much its update counts (a public number)."""

    name: str
    key: str
    weight: int = 1

    def __post_init__(self) -> None:
        """Refuse a name that could be mistaken, a key that is none, a weight that is no whole number."""
        if not isinstance(self.name, str) or not is_name(self.name) or self.name == HUB:
            raise InvalidInput("fed.site-name")
        verify_public_key(self.key)
        check_whole("weight", self.weight, 1, 1 << 20)


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """How an update of real numbers becomes whole steps: clipped to `clip` in L2, of which there are `levels` steps.

    With `rotate` it is first turned by random signs and a Hadamard transform that all sites share in a round.
    """

    clip: float
    levels: int = 1 << 20
    rotate: bool = False

    def __post_init__(self) -> None:
        """Refuse a grid on which nothing could be counted."""
        check_number("clip", self.clip, 1e-9, 1e9)
        check_whole("levels", self.levels, 1, 1 << 26)

    def to_json(self) -> Json:
        """Every field, without floats."""
        return {"clip": repr(float(self.clip)), "levels": self.levels, "rotate": self.rotate}


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteNoise:
    """Discrete Gaussian noise that every site adds before masking, in steps; that of `honest` sites pays for the sum."""

    sigma: float
    honest: int

    def __post_init__(self) -> None:
        """Refuse noise so small that sums of it are not priced, or that nobody can draw."""
        check_number("sigma", self.sigma, SMALLEST_SHARE, LARGEST_SIGMA)
        check_whole("honest", self.honest, 1, MOST_SITES)

    def to_json(self) -> Json:
        """Every field, without floats."""
        return {"sigma": repr(float(self.sigma)), "honest": self.honest}


@dataclass(frozen=True, kw_only=True, slots=True)
class Federation:
    """Who sums what, and how many must stand together. Every field is public.

    Guarantee: with at most `colluders` sites on the hub's side, the hub opens at most one sum a round, of at least
    `threshold` sites, of which `threshold - colluders` are honest; that is 3 or more, unless each site's own noise
    suffices (`noise.honest` = 1, or `private`). A sum of updates that follow the rules wraps around with probability below 2^-64.

    Args:
        name: of the study.
        hub: the key under which the hub signs.
        members: the sites, in the order in which all count them.
        threshold: how many sites must stand to the end of a round.
        colluders: how many sites may be on the hub's side.
        length: numbers in an update.
        grid: how an update becomes whole numbers.
        noise: what each site adds; None where no differential privacy is claimed, or training has it in each step.
        private: each site's update is differentially private by itself before it is summed (`private_training`), so
            that a single honest site will do.
        manifest: digest of what all approved beyond these settings; may be empty.

    Raises:
        InvalidInput: something is out of range, 2 threshold ≤ members + colluders, too few honest sites, or too
            many steps for 32 bits.
    """

    name: str
    hub: str
    members: tuple[Member, ...]
    threshold: int
    colluders: int
    length: int
    grid: Grid
    noise: SiteNoise | None = None
    private: bool = False
    manifest: str = ""

    def __post_init__(self) -> None:
        """Refuse a federation in which somebody could be seen alone, or whose sums could wrap around."""
        names, keys = {m.name for m in self.members}, {m.key for m in self.members}
        n = len(self.members)
        if not self.name or not isinstance(self.name, str):
            raise InvalidInput("fed.site-name")
        verify_public_key(self.hub)
        if len(names) < n or len(keys | {self.hub}) < n + 1:
            raise InvalidInput("fed.site-twice")
        check_whole("members", n, 1, MOST_SITES)
        check_whole("colluders", self.colluders, 0, n - 1)
        check_whole("threshold", self.threshold, 1, n)
        check_whole("length", self.length, 1, LARGEST_LENGTH)
        if 2 * self.threshold <= n + self.colluders:
            least = (n + self.colluders) // 2 + 1
            raise InvalidInput("fed.threshold", sites=n, colluders=self.colluders, least=least)
        if self.private and self.noise is not None:
            raise InvalidInput("learning.combination", first="private", second="noise")
        if self.honest < FEWEST_HONEST and not self.alone:
            raise InvalidInput("fed.too-few-honest", found=self.honest, wanted=FEWEST_HONEST)
        if self.noise is not None and self.noise.honest > self.honest:
            raise InvalidInput("fed.noise-honest", found=self.noise.honest, most=self.honest)
        if (steps := self.largest_sum()) > _RANGE:
            raise InvalidInput("fed.modulus", found=steps, most=_RANGE)

    @property
    def honest(self) -> int:
        """How many honest sites stand to the end of a round that is opened, at least."""
        return self.threshold - self.colluders

    @property
    def alone(self) -> bool:
        """Whether each site's own noise suffices, so that nobody need stand beside it."""
        return self.private or (self.noise is not None and self.noise.honest == 1)

    @property
    def heaviest(self) -> int:
        """The largest weight of a site."""
        return max(member.weight for member in self.members)

    def bound(self) -> int:
        """Return the L2 norm in steps that a rounded update never exceeds, before its weight.

        Source: Kairouz, Liu, Steinke 2021, Theorem 1, the line of Δ2², with β = 2^-30.
        """
        root = math.sqrt(self.length)
        likely = self.grid.levels**2 + self.length / 4
        likely += math.sqrt(2 * _FAIL * math.log(2)) * (self.grid.levels + root / 2)
        return min(math.ceil(math.sqrt(likely)), math.ceil(self.grid.levels + root))

    def largest_sum(self) -> int:
        """Return what no coordinate of the sum exceeds, but with probability 2^-64 (of the noise)."""
        signal = sum(member.weight for member in self.members) * (self.grid.levels + 1)
        if self.noise is None:
            return signal
        spread = self.noise.sigma * math.sqrt(len(self.members))
        doubt = (_WRAP + 1) * math.log(2) + math.log(self.length)
        return signal + math.ceil(spread * math.sqrt(2 * doubt) * (1 + 1e-9))

    def member(self, name: str) -> Member:
        """Return the site of this name.

        Raises:
            InvalidInput: it does not belong to this federation.
        """
        for member in self.members:
            if member.name == name:
                return member
        raise InvalidInput("fed.foreign")

    def to_json(self) -> Json:
        """Return what all sign: every field, without floats."""
        return {
            "kind": "confide federation 1",
            "name": self.name,
            "hub": self.hub,
            "members": [{"name": m.name, "key": m.key, "weight": m.weight} for m in self.members],
            "threshold": self.threshold,
            "colluders": self.colluders,
            "length": self.length,
            "grid": self.grid.to_json(),
            "noise": self.noise.to_json() if self.noise else None,
            "private": self.private,
            "manifest": self.manifest,
        }

    def digest(self) -> str:
        """Return the name of exactly this federation, in 64 hexadecimal digits; every message carries it."""
        return digest(self.to_json())


def grouped(federation: Federation, groups: Sequence[Sequence[str]], *, colluders: int) -> list[Federation]:
    """Return a federation for each fixed group, with the lowest threshold that it may have.

    Args:
        federation: of all sites; grid, noise and weights are the groups' too.
        groups: names of sites, from `confide.federated.robust.groups_of`.
        colluders: how many sites of one group may side with the hub; where each site's own noise suffices, all but one.

    Raises:
        InvalidInput: a group is too small for its colluders and honest sites, or a site is in two groups, whose sums
            could be solved for it.
    """
    named = [name for names in groups for name in names]
    if len(set(named)) < len(named) or not {member.name for member in federation.members}.issuperset(named):
        raise InvalidInput("fed.groups")
    honest = FEWEST_HONEST if federation.noise is None else federation.noise.honest
    wanted = 1 if federation.alone else max(honest, FEWEST_HONEST)
    found = []
    for number, names in enumerate(groups, 1):
        members = tuple(member for member in federation.members if member.name in names)
        hostile = min(colluders, len(members) - 1) if federation.alone else colluders
        least = max((len(members) + hostile) // 2 + 1, hostile + wanted)
        if least > len(members):
            raise InvalidInput("fed.too-few-honest", found=len(members) - hostile, wanted=wanted)
        name = f"{federation.name}: group {number}"
        found.append(replace(federation, name=name, members=members, threshold=least, colluders=hostile))
    return found
