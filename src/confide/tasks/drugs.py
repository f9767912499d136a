"""Turn molecules into numbers, deal them out by scaffold, and rank a list by how sure several models are of it.

Molecules are no patients: nothing here is private, and nothing is learnt. A SMILES text that cannot be read is named by its
row and never quoted, for a company's list is its own secret. Where models come from: `confide.federated.learners`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from confide.dp.events import check_number, check_whole
from confide.errors import InvalidInput

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_NAMED = 10  # rows that a message names


@dataclass(frozen=True, kw_only=True, slots=True)
class Screened:
    """One molecule of a list: its row (from 1), the mean of the models' probabilities, how far they differ, its score."""

    row: int
    mean: float
    spread: float
    score: float


def unreadable(smiles: Sequence[str]) -> list[int]:
    """Return the rows, from 1, whose text is no molecule; `fingerprints` and `scaffolds` refuse them.

    Raises:
        InvalidInput: the extra is not installed.
    """
    return [row for row, each in enumerate(_parsed(smiles), start=1) if each is None]


def fingerprints(smiles: Sequence[str], *, bits: int = 1024, radius: int = 2) -> Floats:
    """Return Morgan fingerprints: which neighbourhoods of up to `radius` bonds a molecule has, hashed to `bits`.

    Args:
        smiles: one molecule each.
        bits: columns of the result.
        radius: in bonds; 2 is what is known as ECFP4.

    Returns:
        Shape (molecules, bits), zeros and ones.
    Raises:
        InvalidInput: a text is no molecule (its row is named), or the extra is not installed.

    Source: Rogers, Hahn 2010, "Extended-Connectivity Fingerprints", computed by RDKit.
    """
    check_whole("bits", bits, 8, 1 << 16)
    check_whole("radius", radius, 0, 8)
    found = _read(smiles)
    from rdkit.Chem import rdFingerprintGenerator

    morgan = rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=bits)
    rows: Floats = np.zeros((len(found), bits))
    for row, molecule in zip(rows, found, strict=True):
        row[:] = morgan.GetFingerprintAsNumPy(molecule)
    return rows


def scaffolds(smiles: Sequence[str]) -> list[str]:
    """Return each molecule's Bemis-Murcko scaffold (its rings and what links them) as SMILES; "" where it has no ring.

    Raises:
        InvalidInput: as `fingerprints`.

    Source: Bemis, Murcko 1996, "The Properties of Known Drugs", computed by RDKit without chirality.
    """
    found = _read(smiles)
    from rdkit.Chem.Scaffolds import MurckoScaffold

    return [MurckoScaffold.MurckoScaffoldSmiles(mol=each, includeChirality=False) for each in found]


def scaffold_split(
    names: Sequence[str], *, sites: int, held_out: float, seed: int = 0
) -> tuple[list[Rows], Rows]:
    """Deal molecules out to sites, and hold some out, so that no scaffold lies in two places.

    The commonest scaffolds go to the sites, each to the one that has fewest molecules so far; the rarest are held out: a model
    is asked about chemistry that no site has seen. The order of the rows does not matter; among equally common ones
    the seed decides.

    Args:
        names: a scaffold for each molecule.
        sites: among which to deal.
        held_out: share of the molecules, between 0 and 1.
        seed: public.

    Returns:
        The rows (from 0) of each site, and those held out.
    Raises:
        InvalidInput: a setting is out of range.

    Source: Wu et al. 2018, "MoleculeNet", section 3.3 (scaffold splitting); ties there fall by row, which would sort by label
    where the file does.

    >>> parts, rest = scaffold_split(["a", "a", "a", "b", "b", "c", "d"], sites=2, held_out=0.3)
    >>> [part.tolist() for part in parts], rest.tolist()
    ([[0, 1, 2], [3, 4]], [5, 6])
    """
    check_whole("sites", sites, 1, 1 << 10)
    check_number("held_out", held_out, 0, 1)
    check_whole("seed", seed, 0, 1 << 31)
    groups: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        groups.setdefault(name, []).append(row)

    def order(name: str) -> tuple[int, bytes]:
        return -len(groups[name]), hashlib.sha256(b"%d %s" % (seed, name.encode())).digest()

    parts: list[list[int]] = [[] for _ in range(sites)]
    rest: list[int] = []
    most = len(names) - round(held_out * len(names))
    for name in sorted(groups, key=order):
        dealt = sum(map(len, parts))
        (min(parts, key=len) if dealt + len(groups[name]) <= most else rest).extend(groups[name])
    return [np.sort(np.array(part, dtype=np.int64)) for part in parts], np.sort(
        np.array(rest, dtype=np.int64)
    )


def screened(probabilities: Floats, *, caution: float = 1.0) -> list[Screened]:
    """Rank molecules, best first, by the models' mean probability less `caution` times the spread between models.

    Args:
        probabilities: shape (models, molecules), of at least two models.
        caution: how much doubt counts against a molecule; 0 ranks by the mean alone.

    Raises:
        InvalidInput: fewer than two models, or a number that is no probability.

    >>> votes = np.array([[0.9, 0.6, 0.1], [0.3, 0.6, 0.1]])
    >>> [(each.row, round(each.score, 2)) for each in screened(votes)]
    [(2, 0.6), (1, 0.3), (3, 0.1)]
    """
    check_number("caution", caution, 0, 100)
    if probabilities.ndim != 2 or len(probabilities) < 2:
        raise InvalidInput("tasks.votes")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():  # false for what is not a number
        raise InvalidInput("tasks.votes")
    mean, spread = probabilities.mean(axis=0), probabilities.std(axis=0)
    score = mean - caution * spread
    return [
        Screened(row=int(at) + 1, mean=float(mean[at]), spread=float(spread[at]), score=float(score[at]))
        for at in np.argsort(-score, kind="stable")
    ]


def _parsed(smiles: Sequence[str]) -> list[Any]:
    """Return molecules, None for each text that is none; RDKit's own log, which would quote the text, stays shut."""
    try:
        from rdkit import Chem, rdBase
    except ImportError:
        raise InvalidInput("tasks.drugs-extra") from None
    with rdBase.BlockLogs():
        return [Chem.MolFromSmiles(each) if each.strip() else None for each in smiles]


def _read(smiles: Sequence[str]) -> list[Any]:
    found = _parsed(smiles)
    if bad := [row for row, each in enumerate(found, start=1) if each is None]:
        raise InvalidInput("tasks.molecule", rows=", ".join(map(str, bad[:_NAMED])), count=len(bad))
    return found
