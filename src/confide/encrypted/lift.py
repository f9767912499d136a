"""Make a small network linear: the products of its inputs are the features, their weights are exact.

A network of one hidden layer whose activation is a polynomial of degree g is linear in the products of up to g
inputs. The hospital forms the products from its own record; the owner's weights stay with the owner.
Pure array functions on public shapes; the error of a polynomial that stands in for a sigmoid is stated.
"""

import math
from itertools import chain, combinations_with_replacement

import numpy as np
from numpy.polynomial import chebyshev, polynomial
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Monomials = tuple[tuple[int, ...], ...]


def monomials(features: int, degree: int) -> Monomials:
    """Return the products of 1 to `degree` of the features, each as the features it multiplies.

    >>> monomials(2, 2)
    ((0,), (1,), (0, 0), (0, 1), (1, 1))
    >>> len(monomials(30, 2))
    495
    """
    each = (combinations_with_replacement(range(features), size) for size in range(1, degree + 1))
    return tuple(chain.from_iterable(each))


def products(rows: Floats, wanted: Monomials) -> Floats:
    """Return the products of each row, shape (rows, monomials).

    >>> products(np.array([[2.0, 3.0]]), monomials(2, 2)).tolist()
    [[2.0, 3.0, 4.0, 6.0, 9.0]]
    """
    made = np.empty((len(rows), len(wanted)))
    start = 0
    for size in range(1, max(map(len, wanted)) + 1):
        chosen = np.array([one for one in wanted if len(one) == size], dtype=np.intp)
        if not len(chosen):
            continue
        part = rows[:, chosen[:, 0]]
        for column in range(1, size):
            part = part * rows[:, chosen[:, column]]
        made[:, start : start + len(chosen)] = part
        start += len(chosen)
    return made


def lifted(
    inner: Floats, shift: Floats, outer: Floats, bias: Floats, activation: Floats
) -> tuple[Monomials, Floats, Floats]:
    """Return monomials, weights and biases of outer · p(inner · x + shift) + bias, which they equal exactly.

    Args:
        inner: shape (hidden, features).
        shift: shape (hidden,).
        outer: shape (outputs, hidden).
        bias: shape (outputs,).
        activation: coefficients of the polynomial p, lowest power first.

    Returns:
        Monomials of up to the degree of p; weights, shape (outputs, monomials); biases, shape (outputs,).

    >>> one = np.ones((1, 1))
    >>> lifted(one, np.array([3.0]), one, np.zeros(1), np.array([0.0, 0.0, 1.0]))  # (x + 3)² = 6 x + x² + 9
    (((0,), (0, 0)), array([[6., 1.]]), array([9.]))
    """
    degree = len(activation) - 1
    wanted = monomials(inner.shape[1], degree)
    weights = np.zeros((len(outer), len(wanted)))
    start = 0
    for size in range(1, degree + 1):
        chosen = np.array([one for one in wanted if len(one) == size], dtype=np.intp)
        outside = sum(
            activation[power] * math.comb(power, size) * shift ** (power - size)
            for power in range(size, degree + 1)
        )
        many = np.prod(inner[:, chosen], axis=2) * np.array([_orders(one) for one in chosen.tolist()])
        weights[:, start : start + len(chosen)] = (outer * outside) @ many
        start += len(chosen)
    return wanted, weights, outer @ polynomial.polyval(shift, activation) + bias


def _orders(one: list[int]) -> int:
    """Return in how many orders the factors of a product can be written."""
    return math.factorial(len(one)) // math.prod(math.factorial(one.count(each)) for each in set(one))


def polynomial_sigmoid(degree: int, bound: float) -> tuple[Floats, float]:
    """Return a polynomial near 1/(1 + exp(-z)) for |z| ≤ bound, and the most by which it is off there.

    Guarantee: the stated error holds at every z of the interval: it is the largest on a grid of 20,001 points plus
    what both can move between two of them.

    Returns:
        Coefficients, lowest power first, and the error.

    >>> coefficients, error = polynomial_sigmoid(3, 4.0)
    >>> len(coefficients), round(error, 3)
    (4, 0.027)
    """
    nodes = np.cos(np.pi * (np.arange(200) + 0.5) / 200)
    fitted = chebyshev.chebfit(nodes, 1 / (1 + np.exp(-bound * nodes)), degree)
    found = chebyshev.cheb2poly(fitted) / bound ** np.arange(degree + 1)
    grid = np.linspace(-bound, bound, 20_001)
    off = np.abs(polynomial.polyval(grid, found) - 1 / (1 + np.exp(-grid))).max()
    slope = 0.25 + float(np.abs(polynomial.polyder(found)) @ bound ** np.arange(degree))
    return found, float(off + slope * bound / 20_000)
