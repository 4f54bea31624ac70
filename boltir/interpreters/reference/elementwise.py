"""Scalar functions, applied to every element; the dtype is the arguments'."""

from __future__ import annotations

import numpy as np

from boltir.interpreters.arrays import Array
from boltir.interpreters.reference.erf import erf


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def leaky_relu(x: Array, alpha: float) -> Array:
    return np.where(x >= 0, x, alpha * x)


def elu(x: Array, alpha: float) -> Array:
    return np.where(x >= 0, x, alpha * np.expm1(x))


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def hard_sigmoid(x: Array, alpha: float, beta: float) -> Array:
    return np.maximum(0, np.minimum(1, alpha * x + beta))


def hard_swish(x: Array) -> Array:
    return x * hard_sigmoid(x, 1 / 6, 0.5)


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), without overflow for large x."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def mish(x: Array) -> Array:
    return x * np.tanh(softplus(x))


def gelu(x: Array) -> Array:
    return 0.5 * x * (1 + erf(x * 0.5**0.5))


def gelu_tanh(x: Array) -> Array:
    """The tanh approximation of GELU (Hendrycks and Gimpel 2016)."""
    return 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x * x * x)))


def rsqrt(x: Array) -> Array:
    return 1 / np.sqrt(x)


def clip(x: Array, low: float, high: float) -> Array:
    return np.maximum(low, np.minimum(high, x))


def prelu(x: Array, slope: Array) -> Array:
    return np.where(x >= 0, x, slope * x)


def divide(a: Array, b: Array) -> Array:
    """a / b; integers truncate towards zero."""
    if not np.issubdtype(a.dtype, np.integer):
        return a / b
    quotient = a // b
    return np.asarray(quotient + ((a - quotient * b != 0) & ((a < 0) != (b < 0)))).astype(a.dtype)


def remainder(a: Array, b: Array) -> Array:
    """a - b * trunc(a / b): the remainder has the sign of a."""
    return np.fmod(a, b)


def round_half_away(x: Array) -> Array:
    """The nearest integer, halves away from zero."""
    whole = np.trunc(x)
    return np.where(np.abs(x - whole) >= 0.5, whole + np.sign(x), whole)


def quantize(x: Array, scale: Array, zero_point: Array, low: int, high: int) -> Array:
    """round(x / scale) + zero_point from `low` to `high`, halves to even (ONNX QuantizeLinear); NaN becomes `low`."""
    shifted = np.rint(x / scale) + zero_point.astype(scale.dtype)
    return np.fmin(np.fmax(shifted, low), high)


def dequantize(x: Array, scale: Array, zero_point: Array) -> Array:
    """(x - zero_point) * scale (ONNX DequantizeLinear)."""
    return (x.astype(scale.dtype) - zero_point.astype(scale.dtype)) * scale
