"""`federation.toml`: what hub and sites agree on before the first round. Every field is public; all approve one digest.

The digest covers every section and the code that computes: sites that read another file, or run another confide, do not
understand each other's messages. Read strictly, like a study file. Who approved: `confide.study.assent`.
"""

import hashlib
from dataclasses import asdict, dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from confide.crypto.sign import digest
from confide.dp.events import check_whole
from confide.errors import InvalidInput
from confide.federated.distributed_dp import Prices, RoundPlan, prices
from confide.federated.horizontal import Floats
from confide.federated.learning import Learning, sent_length
from confide.federated.patient_unit import sensitivity, verify_together, with_noise
from confide.federated.private_training import LocalPlan, multiplier_for
from confide.federated.robust import secret_groups
from confide.federated.settings import FEWEST_HONEST, MOST_SITES, Federation, Grid, Member
from confide.ledger.accounts import verify_day
from confide.study.config import StudySection
from confide.study.learnt import ModelSection, begun
from confide.study.toml import read_sections
from confide.types import Json

FILE = "federation.toml"


def _doc(sentence: str) -> dict[str, str]:
    return {"doc": sentence}


@dataclass(frozen=True, kw_only=True, slots=True)
class FederationSection:
    """How many must stand together, until when, and which code runs."""

    threshold: int = field(
        metadata=_doc(
            "How many sites must stand to the end of a round; twice it exceeds sites and colluders."
        )
    )
    expires: str = field(metadata=_doc('Last day on which a round may begin, such as "2027-06-30" (UTC).'))
    code: str = field(metadata=_doc("Digest of the confide that all run; `confide federate code` prints it."))
    colluders: int = field(default=0, metadata=_doc("How many sites may side with the hub."))
    clip: float = field(
        default=10.0, metadata=_doc("Largest L2 norm of a site's update; longer ones are shortened.")
    )
    levels: int = field(
        default=1 << 20, metadata=_doc("Whole steps in the clip; sums of them must fit into 32 bits.")
    )
    patience: float = field(default=3600.0, metadata=_doc("Seconds that a stage of a round may last."))
    robust: Literal["none", "median", "trimmed", "krum", "geometric", "mixed"] = field(
        default="none",
        metadata=_doc("Rule that combines the sums of fixed groups of sites, so that a few hostile ones do not spoil it."),
    )  # fmt: skip
    hostile: int = field(default=0, metadata=_doc("robust: how many sites may send anything at all."))
    group: int = field(
        default=0,
        metadata=_doc(
            "robust: sites in a group, at least; 0: as few as hide a site. 1, each update seen: only where each "
            "site's own noise suffices."
        ),
    )

    def __post_init__(self) -> None:
        """Refuse a day that is none, and a rule against nobody; the rest is checked with the sites."""
        verify_day(self.expires)
        check_whole("hostile", self.hostile, 0, MOST_SITES)
        check_whole("group", self.group, 0, MOST_SITES)
        if (self.robust == "none") != (self.hostile == 0) or (self.robust == "none" and self.group):
            raise InvalidInput("fed.robust-hostile")


@dataclass(frozen=True, kw_only=True, slots=True)
class HubSection:
    """Who runs the rounds."""

    key: str = field(metadata=_doc("Public key of the hub's institution; `confide federate key` prints it."))
    address: str = field(
        default="127.0.0.1:8470", metadata=_doc("Where sites dial: the hub's one open port.")
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteSection:
    """One hospital."""

    name: str = field(metadata=_doc("Name of the site, such as north.example."))
    key: str = field(metadata=_doc("Public key of its institution; `confide federate key` prints it there."))
    weight: int = field(default=1, metadata=_doc("How much its update counts: a public, declared number."))


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivacySection:
    """Differential privacy of what is opened; left out, the model is called not private."""

    epsilon: float = field(metadata=_doc("What all rounds may cost one patient, against hub and colluders."))
    delta: float = field(metadata=_doc("At most 1 / (100 patients)."))
    honest: int = field(
        default=0,
        metadata=_doc(
            "How many sites' noise must suffice; 0: threshold less colluders; 1: each site's own suffices."
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """One federation file, read and checked."""

    study: StudySection
    federation: FederationSection
    hub: HubSection
    site: tuple[SiteSection, ...]
    model: ModelSection
    learning: Learning
    privacy: PrivacySection | None = None

    def __post_init__(self) -> None:
        """Refuse what could never be played, before anybody approves it."""
        protection = self.learning.protection
        if (self.privacy is None) != (protection == "none"):
            code = "fed.privacy-missing" if self.privacy is None else "fed.privacy-unused"
            raise InvalidInput(code, protection=protection)
        if self.model.kind == "cox" and protection in ("patient", "each"):
            raise InvalidInput("learning.coupled", model="cox")
        if self.model.personal and protection == "patient":
            raise InvalidInput("learning.combination", first="personal", second="protection = patient")
        if self.federation.robust != "none" and self.learning.algorithm == "scaffold":
            raise InvalidInput("learning.combination", first="robust", second="scaffold")
        if len(self.groups()) < self.least_groups:
            raise InvalidInput(
                "fed.robust-groups", found=len(self.groups()), wanted=self.least_groups, hostile=self.federation.hostile
            )  # fmt: skip
        self.prices()

    @property
    def length(self) -> int:
        """How many numbers the model has."""
        return len(begun(self.model)[0])

    def start(self) -> Floats:
        """Return what the first round hands out: the same everywhere, from public settings."""
        return begun(self.model)[0]

    def to_json(self) -> Json:
        """Return everything that is approved, without floats."""
        return {"kind": "confide manifest 1", **_without_floats(asdict(self))}

    def digest(self) -> str:
        """Return the name of exactly this manifest, in 64 hexadecimal digits: what is approved."""
        return digest(self.to_json())

    def settings(self) -> Federation:
        """Return what all sites agree on: who sums what, with what noise; its digest covers the manifest's."""
        section, privacy = self.federation, self.privacy
        settings = Federation(
            name=self.study.name,
            hub=self.hub.key,
            members=tuple(Member(name=one.name, key=one.key, weight=one.weight) for one in self.site),
            threshold=section.threshold,
            colluders=section.colluders,
            length=sent_length(self.learning, self.length),
            grid=Grid(clip=section.clip, levels=section.levels),
            private=self.learning.protection == "each",
            manifest=self.digest(),
        )
        if privacy is not None and self.learning.protection != "each":
            settings = with_noise(
                settings,
                self.learning,
                epsilon=privacy.epsilon,
                delta=privacy.delta,
                honest=privacy.honest or (settings.honest if section.robust == "none" else FEWEST_HONEST),
                most=self.learning.patients or 1,
            )
        verify_together(self.learning, settings, self.length)
        return settings

    @property
    def least_groups(self) -> int:
        """How many groups must have a sum in a round, or it changes nothing: more honest ones than hostile ones."""
        return 2 * self.federation.hostile + 1

    def groups(self) -> tuple[Federation, ...]:
        """Return what the machines of a round know: all sites together, or the fixed groups that a robust rule compares."""
        return _groups(self)

    def group_of(self, name: str) -> Federation:
        """Return in which sum a site is.

        Raises:
            InvalidInput: it is no site of this manifest.
        """
        for group in self.groups():
            if any(member.name == name for member in group.members):
                return group
        raise InvalidInput("fed.foreign")

    def prices(self) -> Prices | None:
        """Return ε of all rounds against coalition, hub and outsider; None where no privacy is claimed.

        A patient is in one group's sum a round. What a rule makes of the sums is not their sum, so an outsider is granted no more
        noise than the hub.
        """
        privacy = self.privacy
        if privacy is None:
            return None
        if self.settings().noise is None:
            alike = self.local_plan(1).all_rounds()
            return Prices(coalition=alike, hub=alike, outsider=alike)
        told = [
            prices(group, sensitivity=sensitivity(self.learning, group), rounds=self.learning.rounds, delta=privacy.delta)
            for group in self.groups()
        ]  # fmt: skip
        return Prices(
            **{who: max(getattr(each, who) for each in told) for who in ("coalition", "hub", "outsider")}
        )

    def round_plan(self, number: int, member: Member) -> RoundPlan:
        """Return what a round with noise in parts costs a site.

        Raises:
            InvalidInput: the rounds have no such noise.
        """
        settings, privacy = self.group_of(member.name), self.privacy
        if privacy is None:
            raise InvalidInput("fed.no-noise")
        return RoundPlan(
            name=self._round_name(number),
            federation=settings,
            number=number,
            sensitivity=sensitivity(self.learning, settings),
            weight=member.weight,
            delta=privacy.delta,
        )

    def local_plan(self, number: int) -> LocalPlan:
        """Return what a round costs a site whose every local step is noisy, under `protection = "each"`.

        Raises:
            InvalidInput: nobody is protected so, or the file says a multiplier, which follows from epsilon.
        """
        learning, privacy = self.learning, self.privacy
        if privacy is None:
            raise InvalidInput("fed.no-noise")
        if learning.multiplier:
            raise InvalidInput("learning.combination", first="multiplier", second="[privacy] epsilon")
        found = multiplier_for(privacy.epsilon, privacy.delta, learning)
        return LocalPlan(
            name=self._round_name(number),
            learning=replace(learning, multiplier=found),
            length=self.length + len(begun(self.model)[1]),
            number=number,
            delta=privacy.delta,
        )

    def _round_name(self, number: int) -> str:
        """Return under which name a round stands in a ledger."""
        return f"{self.study.name} round {number}"


@lru_cache(maxsize=16)
def _groups(manifest: Manifest) -> tuple[Federation, ...]:
    whole, section = manifest.settings(), manifest.federation
    if section.robust == "none":
        return (whole,)
    return tuple(secret_groups(whole, colluders=section.colluders, size=section.group))


def summary(manifest: Manifest) -> Json:
    """Return what an officer reads before approving: public figures, who learns what at which price."""
    settings, groups, told = manifest.settings(), manifest.groups(), manifest.prices()
    return {
        "name": manifest.study.name,
        "purpose": manifest.study.purpose,
        "requester": manifest.study.requester,
        "digest": manifest.digest(),
        "code": manifest.federation.code,
        "expires": manifest.federation.expires,
        "hub": manifest.hub.address,
        "sites": [site.name for site in manifest.site],
        "threshold": min(group.threshold for group in groups),
        "colluders": settings.colluders,
        "honest": min(group.honest for group in groups),
        "robust": manifest.federation.robust,
        "hostile": manifest.federation.hostile,
        "groups": [[member.name for member in group.members] for group in groups],
        "model": manifest.model.kind,
        "columns": sorted(manifest.model.columns()),
        "base": manifest.model.base,
        "personal": manifest.model.personal,
        "rounds": manifest.learning.rounds,
        "numbers": settings.length,
        "bytes": 4 * settings.length,
        "status": "not private" if told is None else "dp",
        "protection": manifest.learning.protection,
        "epsilon": None if told is None else asdict(told),
        "delta": None if manifest.privacy is None else manifest.privacy.delta,
    }


def load_manifest(file: Path) -> Manifest:
    """Read and check a federation file.

    Raises:
        InvalidInput: naming the line and what to write instead; it wants another confide than this one.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InvalidInput("fed.no-file", file=file.name) from None
    except (UnicodeDecodeError, OSError):
        raise InvalidInput("study.unreadable", file=file.name) from None
    values, _ = read_sections(Manifest, text, file.name)
    manifest = Manifest(**values)
    if manifest.federation.code != code_digest():
        raise InvalidInput("fed.other-code", wanted=manifest.federation.code[:16], found=code_digest()[:16])
    return manifest


@cache
def code_digest() -> str:
    """Return the digest of the confide that is running: of every file of the package, but for what Python compiled."""
    whole = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(root).as_posix().encode()
            whole.update(b"%d:%s" % (len(name), name) + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _without_floats(value: object) -> Any:
    if isinstance(value, dict):
        return {key: _without_floats(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_floats(inner) for inner in value]
    return repr(value) if isinstance(value, float) else value
