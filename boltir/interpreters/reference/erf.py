"""The error function.

W. J. Cody, "Rational Chebyshev Approximations for the Error Function", Math. Comp. 23 (1969), in the form of
his CALERF (netlib specfun/erf), whose relative error in double precision is below 1e-15.
"""

from __future__ import annotations

import numpy as np

from boltir.interpreters.arrays import Array

# erf(x) = x * A(x^2) / B(x^2) for |x| <= 0.46875; highest power first.
_A = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
_B = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)

# erfc(y) = exp(-y^2) * C(y) / D(y) for 0.46875 <= y <= 4.
_C = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
_D = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)

# erfc(y) = exp(-y^2) / y * (1 / sqrt(pi) - z * P(z) / Q(z)) with z = 1 / y^2, for y > 4.
_P = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
_Q = (
    1.0,
    2.56852019228982242e0,
    1.87295284992346725e0,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)


def erf(x: Array) -> Array:
    """The error function of every element, computed in f64, returned in x's dtype."""
    value = x.astype(np.float64)
    y = np.abs(value)
    result = np.where(y <= 0.46875, _small(value), np.sign(value) * (1.0 - np.where(y <= 4.0, _middle(y), _large(y))))
    return result.astype(x.dtype)


def _small(x: Array) -> Array:
    inside = np.clip(x, -1.0, 1.0)
    square = inside * inside
    return x * np.polyval(_A, square) / np.polyval(_B, square)


def _middle(y: Array) -> Array:
    inside = np.minimum(y, 4.0)
    return np.exp(-inside * inside) * np.polyval(_C, inside) / np.polyval(_D, inside)


def _large(y: Array) -> Array:
    inside = np.clip(y, 4.0, 6.0)  # beyond 6, erf is 1 in f64
    z = 1.0 / (inside * inside)
    tail = 1.0 / np.sqrt(np.pi) - z * np.polyval(_P, z) / np.polyval(_Q, z)
    return np.exp(-inside * inside) / inside * tail
