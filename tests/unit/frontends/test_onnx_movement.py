"""Operators that move elements, against onnxruntime."""

import numpy as np
import pytest

from boltir.errors import BoltError, UnsupportedError
from tests.unit.frontends.onnx_checks import OneNode, integers, op_names, random

X = random(2, 3, 4, 6)
FAR = 2**63 - 1
POSITIONS = np.random.default_rng(0).integers(-3, 3, (2, 5, 3, 6))

RESHAPES = [
    OneNode("Reshape", [X, integers(6, -1)], known=[1]),
    OneNode("Reshape", [X, integers(0, 0, 24)], known=[1]),
    OneNode("Reshape", [X, integers(-1)], known=[1]),
    OneNode("Reshape", [X, integers(2, 3, 4, 6)], known=[1], attributes={"allowzero": 1}),
    *(OneNode("Flatten", [X], attributes={"axis": axis}) for axis in (0, 1, 2, 4, -1)),
    OneNode("Squeeze", [random(1, 3, 1, 2)], attributes={"axes": [0, -2]}, opset=11),
    OneNode("Squeeze", [random(1, 3, 1, 2), integers(2)], known=[1], opset=13),
    OneNode("Squeeze", [random(1, 3, 1, 2)]),
    OneNode("Unsqueeze", [X], attributes={"axes": [0, -1]}, opset=11),
    OneNode("Unsqueeze", [X, integers(3, 1)], known=[1], opset=13),
    OneNode("DepthToSpace", [random(1, 8, 2, 3)], attributes={"blocksize": 2}),
    OneNode("DepthToSpace", [random(1, 8, 2, 3)], attributes={"blocksize": 2, "mode": "CRD"}),
    OneNode("SpaceToDepth", [random(1, 2, 4, 6)], attributes={"blocksize": 2}),
]

BROADCASTS = [
    OneNode("Expand", [random(3, 1), integers(2, 3, 4)], known=[1]),
    OneNode("Expand", [random(3, 4), integers(1, 1)], known=[1]),
    OneNode("Expand", [random(1, 4), integers(3, 1)], known=[1]),
    OneNode("Tile", [random(2, 3), integers(2, 3)], known=[1]),
    OneNode("Tile", [random(2, 3), integers(1, 1)], known=[1]),
]

SLICES = [
    OneNode("Slice", [X, integers(1, 0), integers(3, 4), integers(1, -1), integers(1, 2)], known=range(1, 5)),
    OneNode("Slice", [X, integers(-3), integers(FAR), integers(3)], known=range(1, 4)),
    OneNode("Slice", [X, integers(-1), integers(-FAR), integers(3), integers(-1)], known=range(1, 5)),
    OneNode("Slice", [X, integers(4), integers(0), integers(3), integers(-2)], known=range(1, 5)),
    OneNode("Slice", [X, integers(0, 1), integers(1, 3)], known=range(1, 3)),
    OneNode("Split", [X], attributes={"axis": 3}, outputs=3),
    OneNode("Split", [X], attributes={"axis": 3, "split": [1, 5]}, outputs=2, opset=11),
    OneNode("Split", [X, integers(4, 2)], known=[1], attributes={"axis": -1}, outputs=2),
    OneNode("Split", [X], attributes={"axis": 1, "num_outputs": 2}, outputs=2, opset=18),
]

GATHERS = [
    OneNode("Gather", [X, np.array(1)], known=[1], attributes={"axis": 1}),
    OneNode("Gather", [X, np.array(-1)], known=[1], attributes={"axis": 3}),
    OneNode("Gather", [X, integers(2)], known=[1], attributes={"axis": 1}),
    OneNode("Gather", [X, np.array([[0, 2], [1, -1]])], known=[1], attributes={"axis": 2}),
    OneNode("Gather", [X, np.array([[0, 1], [2, -1]])], known=[1], attributes={"axis": 2}),
    OneNode("Gather", [X, integers(5, 3, 1)], known=[1], attributes={"axis": 3}),
    OneNode("Gather", [X, integers(1, 1)], known=[1], attributes={"axis": 1}),
    OneNode("Gather", [random(20, 4), np.array([[3, 7], [19, 0]])], known=[0]),
    OneNode("GatherElements", [X, POSITIONS], known=[1], attributes={"axis": 1}),
    OneNode("GatherElements", [X, POSITIONS], attributes={"axis": 1}),
    OneNode("GatherElements", [X, POSITIONS.astype(np.int32)], attributes={"axis": -3}),
    OneNode("GatherElements", [X, POSITIONS], known=[0], attributes={"axis": 1}),
    OneNode("GatherND", [X, np.array([[0, 1], [1, -1]])], known=[1]),
    OneNode("GatherND", [X, np.array([1, 2, 3])], known=[1]),
    OneNode("GatherND", [X, np.array([[0], [1]])], known=[1]),
]

PADS = [
    OneNode("Pad", [X, integers(0, 0, 1, 2, 0, 0, 3, 4)], known=[1]),
    OneNode("Pad", [X, integers(0, 1, 0, 0, 0, 0, 0, 0), np.array(7, np.float32)], known=[1, 2]),
    OneNode("Pad", [X, integers(0, 0, 1, 2, 0, 0, 3, 1)], known=[1], attributes={"mode": "reflect"}),
    OneNode("Pad", [X, integers(0, 0, 1, 2, 0, 0, 9, 1)], known=[1], attributes={"mode": "edge"}),
    OneNode("Pad", [X, integers(0, 0, -1, 2, 0, 0, 1, -2)], known=[1]),
    OneNode("Pad", [X, integers(1, 2, 0, 3), None, integers(2, -1)], known=[1, 3], opset=18),
]

OTHERS = [
    OneNode("Transpose", [X]),
    OneNode("Transpose", [X], attributes={"perm": [0, 2, 3, 1]}),
    OneNode("Concat", [X, random(2, 5, 4, 6)], attributes={"axis": 1}),
    OneNode("Concat", [X, random(2, 3, 4, 1), X], known=[1], attributes={"axis": -1}),
    OneNode("Trilu", [X]),
    OneNode("Trilu", [X, np.array(1)], known=[1], attributes={"upper": 0}),
]


@pytest.mark.parametrize("case", [*RESHAPES, *BROADCASTS, *SLICES, *GATHERS, *PADS, *OTHERS], ids=str)
def test_agrees_with_onnxruntime(case: OneNode) -> None:
    case.check()


@pytest.mark.parametrize(
    "case",
    [
        OneNode("Reshape", [X, integers(0, -1, 4, 6)], known=[1]),
        OneNode("Transpose", [X], attributes={"perm": [0, 1, 2, 3]}),
        OneNode("Concat", [X, np.zeros((2, 0, 4, 6), np.float32)], known=[1], attributes={"axis": 1}),
        OneNode("Slice", [X, integers(0), integers(FAR), integers(1)], known=range(1, 4)),
        OneNode("Expand", [X, integers(1, 1, 1, 1)], known=[1]),
    ],
    ids=str,
)
def test_what_changes_nothing_is_no_operation(case: OneNode) -> None:
    assert op_names(case.module()) == []


@pytest.mark.parametrize(
    ("indices", "operations"),
    [
        (np.array(0), ["slice", "reshape"]),
        (np.array([[0, 2], [4, -2]])[:, :1], ["slice", "reshape"]),
        (integers(5, 3, 1), ["slice"]),
        (np.arange(6).reshape(2, 3), ["reshape"]),
        (integers(1, 1), ["gather"]),
        (integers(0, 1, 3), ["gather"]),
    ],
    ids=lambda value: str(value).replace("\n", ""),
)
def test_indices_that_step_evenly_are_a_slice(indices: np.ndarray, operations: list[str]) -> None:
    case = OneNode("Gather", [X, indices], known=[1], attributes={"axis": 3})
    assert op_names(case.module()) == operations


REFUSED = [
    (OneNode("Reshape", [X, integers(7, -1)], known=[1]), "does not fit a tensor of shape"),
    (OneNode("Reshape", [X, integers(4)]), r"input 1 \(shape\) is computed from the network's inputs"),
    (OneNode("Slice", [X, integers(3), integers(3), integers(1)], known=range(1, 4)), "leave a dimension|no elements"),
    (OneNode("Gather", [X, np.array(9)], known=[1]), "indices leave dimension 0"),
    (OneNode("GatherElements", [X, POSITIONS], known=[1], attributes={"axis": 2}), "indices of shape .* for data of"),
    (OneNode("GatherElements", [X, np.full((1, 1, 1, 1), 9)], known=[1]), "indices leave dimension 0"),
    (OneNode("Concat", [X, random(2, 5, 4, 7)], attributes={"axis": 1}), "differ outside axis 1"),
    (OneNode("Transpose", [X], attributes={"perm": [0, 0, 1, 2]}), "not a permutation"),
    (OneNode("Squeeze", [X], attributes={"axes": [1]}, opset=11), "not all of extent 1"),
    (OneNode("Split", [X], attributes={"axis": 3, "split": [1, 4]}, outputs=2, opset=11), "do not split 6 elements"),
    (OneNode("Expand", [X, integers(5, 1)], known=[1]), "do not broadcast"),
]


@pytest.mark.parametrize(("case", "message"), REFUSED, ids=str)
def test_refusals_name_the_node(case: OneNode, message: str) -> None:
    with pytest.raises(BoltError, match=message) as caught:
        case.module()
    assert caught.value.where == f"{case.op} node 'the_node'"


def test_padding_by_wrapping_around_is_refused() -> None:
    case = OneNode("Pad", [X, integers(0, 0, 1, 1, 0, 0, 1, 1)], known=[1], attributes={"mode": "wrap"}, opset=19)
    with pytest.raises(UnsupportedError, match=r"mode 'wrap' is not supported \(supported: constant, reflect, edge\)"):
        case.module()
