"""QuantizeLinear and DequantizeLinear against onnxruntime, bit by bit."""

import numpy as np
import pytest
from onnx import TensorProto

from boltir.errors import BoltError, UnsupportedError
from tests.unit.frontends.onnx_checks import OneNode, op_names, random

X = random(2, 6, 3, 5) * 4
TIES = (np.arange(-300, 300, dtype=np.float32) / 2 * np.float32(0.25)).reshape(2, 6, 50)
LIMITS = np.array([[np.inf, -np.inf, 3e38, -3e38, 0.0, -0.0]], np.float32)
INTEGERS = np.arange(-128, 128, dtype=np.int8).reshape(2, 8, 16)

SCALE, ZERO = np.array(0.037, np.float32), np.array(-9, np.int8)
SCALES, ZEROS = np.array([0.01, 0.02, 0.5, 0.031, 3.0, 0.25], np.float32), np.array([0, 1, -2, 127, -128, 5], np.int8)
PLAIN = np.array(0, np.int8)
QUARTER = np.array(0.25, np.float32)

QUANTIZE = [
    OneNode("QuantizeLinear", [X, SCALE, ZERO], known=[1, 2]),
    OneNode("QuantizeLinear", [X, SCALE.reshape(1), ZERO.reshape(1)], known=[1, 2]),
    OneNode("QuantizeLinear", [X, SCALE, ZERO]),
    OneNode("QuantizeLinear", [X, SCALES, ZEROS], known=[1, 2]),
    OneNode("QuantizeLinear", [X, SCALES, ZEROS]),
    OneNode("QuantizeLinear", [X, SCALES[:5], ZEROS[:5]], known=[1, 2], attributes={"axis": -1}),
    OneNode("QuantizeLinear", [TIES, QUARTER, PLAIN], known=[1, 2]),
    OneNode("QuantizeLinear", [TIES, QUARTER, ZERO], known=[1, 2]),
    OneNode("QuantizeLinear", [LIMITS, SCALE, ZERO], known=[1, 2]),
    OneNode("QuantizeLinear", [X, SCALE], known=[1], attributes={"output_dtype": TensorProto.INT8}, opset=21),
    OneNode("QuantizeLinear", [X, SCALE, np.array(131, np.uint8)], known=[1, 2]),
    OneNode("QuantizeLinear", [X, SCALE], known=[1]),
    OneNode("QuantizeLinear", [LIMITS, SCALE, np.array(131, np.uint8)], known=[1, 2]),
    OneNode("QuantizeLinear", [X.astype(np.float16), QUARTER.astype(np.float16), ZERO], known=[1, 2], opset=19),
]

DEQUANTIZE = [
    OneNode("DequantizeLinear", [INTEGERS, SCALE, ZERO], known=[1, 2]),
    OneNode("DequantizeLinear", [INTEGERS, SCALE], known=[1]),
    OneNode("DequantizeLinear", [INTEGERS.view(np.uint8), SCALE, np.array(131, np.uint8)], known=[1, 2]),
    OneNode("DequantizeLinear", [INTEGERS[:, :6], SCALES, ZEROS], known=[1, 2]),
    OneNode("DequantizeLinear", [INTEGERS.astype(np.int32) * 1000, SCALE], known=[1]),
    OneNode("DequantizeLinear", [INTEGERS, SCALE.astype(np.float16), ZERO], known=[1, 2], opset=19),
]


@pytest.mark.parametrize("case", [*QUANTIZE, *DEQUANTIZE], ids=str)
def test_agrees_with_onnxruntime(case: OneNode) -> None:
    assert op_names(case.check(0))[-1] in ("quantize", "dequantize")


def test_a_quantized_weight_is_computed_at_import() -> None:
    assert op_names(OneNode("DequantizeLinear", [INTEGERS, SCALE, ZERO], known=[0, 1, 2], opset=19).check()) == []


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (
            OneNode("QuantizeLinear", [X, SCALE, np.array(3, np.int16)], known=[1, 2], opset=21),
            "type int16 are not",
        ),
        (
            OneNode(
                "QuantizeLinear",
                [X, np.ones((2, 3, 3, 5), np.float32), np.zeros((2, 3, 3, 5), np.int8)],
                known=[1, 2],
                attributes={"axis": 1, "block_size": 2},
                opset=21,
            ),
            "scales by block are not supported",
        ),
    ],
    ids=["int16", "block"],
)
def test_what_is_not_supported_is_refused(case: OneNode, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        case.module()


def test_each_channel_needs_its_scale() -> None:
    with pytest.raises(BoltError, match="5 scales for 6 entries of axis 1"):
        OneNode("QuantizeLinear", [X, SCALES[:5], ZEROS[:5]], known=[1, 2]).module()
