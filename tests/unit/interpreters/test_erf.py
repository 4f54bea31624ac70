import math

import numpy as np
import pytest

from boltir.interpreters.reference.erf import erf

POINTS = np.concatenate(
    [np.linspace(-7, 7, 4001), [0.46875, -0.46875, 4.0, -4.0, 1e-300, 1e-8, 27.0, -1e300, np.inf, -np.inf]]
)


def test_matches_the_c_library_in_f64() -> None:
    expected = np.array([math.erf(x) for x in POINTS])
    np.testing.assert_allclose(erf(POINTS), expected, rtol=1e-15, atol=0)


def test_f32_is_the_rounded_f64_value() -> None:
    points = POINTS[:4001].astype(np.float32)
    expected = np.array([math.erf(float(x)) for x in points]).astype(np.float32)
    result = erf(points)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=6e-8, atol=0)


@pytest.mark.parametrize("x", [0.0, -0.0])
def test_zero_keeps_its_sign(x: float) -> None:
    assert math.copysign(1, float(erf(np.array([x]))[0])) == math.copysign(1, x)


def test_nan_stays_nan() -> None:
    assert np.isnan(erf(np.array([np.nan])))[0]
