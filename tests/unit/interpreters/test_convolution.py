"""The convolutions of the reference against their definition, element by element."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from boltir.dialects.window import Slide
from boltir.interpreters.arrays import Array
from boltir.interpreters.reference.convolution import Pair, Window, conv2d, conv_transpose2d, depthwise_conv2d

POSITIVE = st.integers(1, 3)
Problem = tuple[Array, Array, Window, int]


def integers(shape: tuple[int, ...], seed: int) -> Array:
    """Small whole numbers, whose sums are exact in f32 in any order."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float32)


def pairs(values: st.SearchStrategy[int]) -> st.SearchStrategy[Pair]:
    return st.tuples(values, values)


@st.composite
def convolutions(draw: st.DrawFn) -> Problem:
    """x, weight, window and groups of a random convolution."""
    size, strides, dilations = draw(pairs(POSITIVE)), draw(pairs(POSITIVE)), draw(pairs(POSITIVE))
    begin, end = draw(pairs(st.integers(0, 3))), draw(pairs(st.integers(0, 3)))
    groups, c_group, k_group = draw(POSITIVE), draw(POSITIVE), draw(POSITIVE)
    reach = tuple(d * (s - 1) + 1 for d, s in zip(dilations, size, strict=True))
    h, w = (max(1, r - a - b) + draw(st.integers(0, 4)) for r, a, b in zip(reach, begin, end, strict=True))
    p, q = (
        Slide(stride, (a, b), d).positions(extent, s)
        for extent, s, stride, d, a, b in zip((h, w), size, strides, dilations, begin, end, strict=True)
    )
    seed = draw(st.integers(0, 1000))
    x = integers((draw(POSITIVE), h, w, groups * c_group), seed)
    weight = integers((groups * k_group, *size, c_group), seed + 1)
    return x, weight, Window(size, (p, q), strides, begin, dilations), groups


def naive_conv2d(x: Array, weight: Array, window: Window, groups: int) -> Array:
    """y[n, p, q, k] = sum over r, s, c of x[n, h, w, c] * weight[k, r, s, c]."""
    k_total, _, _, c_group = weight.shape
    result = np.zeros((x.shape[0], *window.extents, k_total), dtype=np.float32)
    for n, p, q, k in np.ndindex(*result.shape):
        group = k // (k_total // groups)
        for (r, s), c in ((tap, c) for tap in window.taps for c in range(c_group)):
            h = p * window.strides[0] + r * window.dilations[0] - window.padding[0]
            w = q * window.strides[1] + s * window.dilations[1] - window.padding[1]
            if 0 <= h < x.shape[1] and 0 <= w < x.shape[2]:
                result[n, p, q, k] += x[n, h, w, group * c_group + c] * weight[k, r, s, c]
    return result


@settings(max_examples=60, deadline=None)
@given(convolutions())
def test_conv2d_is_its_definition(problem: Problem) -> None:
    np.testing.assert_array_equal(conv2d(*problem), naive_conv2d(*problem))


@settings(max_examples=60, deadline=None)
@given(convolutions(), pairs(st.integers(1, 9)))
def test_conv_transpose2d_is_the_adjoint(problem: Problem, extents: Pair) -> None:
    """<conv(x), y> = <x, conv_transpose(y)> with the same filter, whose roles of C and K swap."""
    _, weight, window, groups = problem
    y = integers((2, *window.extents, weight.shape[0]), 7)
    back = conv_transpose2d(y, weight, window._replace(extents=extents), groups)
    x = integers(back.shape, 11)
    assert np.vdot(conv2d(x, weight, window, groups), y) == np.vdot(x, back)


def test_depthwise_conv2d_keeps_channels_apart() -> None:
    x = integers((1, 5, 6, 3), 0)
    weight = integers((3, 2, 3), 1)
    window = Window((3, 2), (5, 6), padding=(1, 0))
    result = depthwise_conv2d(x, weight, window)
    for channel in range(3):
        alone = conv2d(x[..., [channel]], weight[None, ..., [channel]], window)
        np.testing.assert_array_equal(result[..., [channel]], alone)
