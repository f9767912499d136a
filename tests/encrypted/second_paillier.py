"""Paillier as its paper writes it, in plain Python: a second implementation, slow and short, for the tests alone."""

import math


def decrypt(n, p, q, c):
    """Return the message by the Carmichael function, without the Chinese remainder theorem (section 4)."""
    lam = math.lcm(p - 1, q - 1)
    mu = pow((pow(n + 1, lam, n * n) - 1) // n, -1, n)
    return (pow(c, lam, n * n) - 1) // n * mu % n


def encrypt(n, message, r):
    return pow(n + 1, message % n, n * n) * pow(r, n, n * n) % (n * n)
