"""Arrange overlapping groups of columns as a junction tree, on which a joint distribution is exact and small.

Pure graph arithmetic on column numbers and sizes: no data, no noise. `confide.synth.graphical` puts
numbers on the tree.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Columns = tuple[int, ...]  # numbers of columns, rising


@dataclass(frozen=True, slots=True)
class Tree:
    """Maximal cliques; each but the first hangs on an earlier one by what the two share.

    Guarantee (running intersection): the cliques that hold a column are connected, and `shared` of a clique
    is its whole overlap with the cliques before it.
    """

    cliques: tuple[Columns, ...]
    parents: tuple[int, ...]  # -1 for the first; parents[i] < i
    shared: tuple[Columns, ...]

    def home(self, columns: Columns) -> int | None:
        """Return the first clique that holds all `columns`, or None."""
        wanted = set(columns)
        return next((at for at, clique in enumerate(self.cliques) if wanted <= set(clique)), None)


def cells(columns: Iterable[int], sizes: Sequence[int]) -> int:
    """Return the number of cells of a table over these columns."""
    return math.prod(sizes[column] for column in columns)


def junction_tree(sizes: Sequence[int], groups: Iterable[Columns]) -> Tree:
    """Return a junction tree over all columns, every group inside one of its cliques.

    Args:
        sizes: number of values of each column.
        groups: columns that are measured together.

    Source: Lauritzen, Spiegelhalter 1988; columns are eliminated greedily, the smallest table first.

    >>> junction_tree([2, 2, 2], [(0, 1), (1, 2)]).cliques
    ((0, 1), (1, 2))
    """
    cliques = _eliminated(sizes, groups)
    order, parents = [0], [-1]
    shared: list[Columns] = [()]
    left = list(range(1, len(cliques)))
    while left:  # Prim: the largest overlap first gives the running intersection
        _, child, parent = max(
            (len(set(cliques[i]) & set(cliques[order[at]])), -i, -at)
            for i in left
            for at in range(len(order))
        )
        child, parent = -child, -parent
        shared.append(tuple(sorted(set(cliques[child]) & set(cliques[order[parent]]))))
        parents.append(parent)
        order.append(child)
        left.remove(child)
    return Tree(tuple(cliques[at] for at in order), tuple(parents), tuple(shared))


def tree_cells(sizes: Sequence[int], groups: Iterable[Columns]) -> int:
    """Return how many cells a model of these groups would have."""
    return sum(cells(clique, sizes) for clique in _eliminated(sizes, groups))


def _eliminated(sizes: Sequence[int], groups: Iterable[Columns]) -> list[Columns]:
    """Return the maximal cliques of the graph after filling in, in rising order."""
    near: dict[int, set[int]] = {column: set() for column in range(len(sizes))}
    for group in groups:
        for column in group:
            near[column] |= set(group) - {column}
    found: list[set[int]] = []
    while near:
        column = min(near, key=lambda each: (cells({each, *near[each]}, sizes), each))
        clique = {column, *near[column]}
        if not any(clique <= other for other in found):
            found.append(clique)
        for other in near[column]:
            near[other] |= near[column] - {other}
            near[other].discard(column)
        del near[column]
    return sorted(tuple(sorted(clique)) for clique in found)
