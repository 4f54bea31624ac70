"""Resize against onnxruntime."""

import numpy as np
import pytest

from boltir.errors import UnsupportedError
from tests.unit.frontends.onnx_checks import Array, OneNode, integers, op_names, random

X = random(1, 2, 6, 10)


def scales(*values: float) -> Array:
    return np.array(values, np.float32)


def resize(target: Array, *, opset: int = 13, **attributes: str | int | list[int]) -> OneNode:
    """X resized by scales (floats) or to sizes (integers)."""
    if target.dtype == np.float32:
        return OneNode("Resize", [X, None, target], known=[2], attributes=attributes, opset=opset)
    return OneNode("Resize", [X, None, None, target], known=[3], attributes=attributes, opset=opset)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("coordinates", ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"])
@pytest.mark.parametrize("target", [scales(1, 1, 2, 2), scales(1, 1, 0.5, 1.5), integers(1, 2, 9, 7)], ids=str)
def test_coordinates(mode: str, coordinates: str, target: Array) -> None:
    resize(target, mode=mode, coordinate_transformation_mode=coordinates).check(1e-4)


@pytest.mark.parametrize("nearest", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
def test_rounding(nearest: str) -> None:
    resize(scales(1, 1, 2, 2), coordinate_transformation_mode="asymmetric", nearest_mode=nearest).check()


def test_sizes_of_some_axes() -> None:
    resize(integers(12, 20), axes=[2, 3], mode="linear", opset=18).check(1e-4)


def test_the_form_of_opset_11_with_an_empty_region() -> None:
    OneNode("Resize", [X, scales(), scales(1, 1, 2, 2)], known=[1, 2], opset=11).check()


def test_a_scale_of_one_is_no_operation() -> None:
    assert op_names(resize(scales(1, 1, 1, 1)).module()) == []


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (resize(scales(1, 1, 2, 2), mode="cubic"), "mode 'cubic' is not supported"),
        (resize(scales(1, 1, 1.25, 2), mode="linear"), "scale 1.25 of 6 elements gives no whole number"),
        (resize(integers(1, 2, 3, 5), mode="linear", antialias=1, opset=18), "antialias"),
        (resize(integers(1, 2, 3, 5), keep_aspect_ratio_policy="not_larger", opset=18), "not_larger"),
    ],
    ids=str,
)
def test_refusals(case: OneNode, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        case.module()
