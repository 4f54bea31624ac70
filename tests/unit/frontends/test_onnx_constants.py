"""What is known at import: weights, constants, and shape arithmetic."""

import time
from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from boltir.dialects.graph.values import WeightOp
from boltir.errors import BoltError, UnsupportedError
from boltir.frontends.onnx import import_onnx
from tests.unit.frontends.onnx_checks import (
    F32,
    Array,
    OneNode,
    check_model,
    integers,
    make_model,
    op_names,
    random,
    tensor_info,
)

X = random(2, 3, 4)


def multiply_by(array: Array) -> ModelProto:
    node = helper.make_node("Mul", ["x", "factor"], ["y"])
    x = np.ones((2, 30), np.float32 if array.dtype in (np.dtype(np.float64), np.dtype(np.uint16)) else array.dtype)
    return make_model([node], [tensor_info("x", x)], ["y"], {"factor": array})


def test_large_constants_are_weights_and_small_ones_are_text() -> None:
    large = import_onnx(multiply_by(random(30)))
    assert [op.weight_name for op in large.module.walk() if isinstance(op, WeightOp)] == ["factor"]
    np.testing.assert_array_equal(large.weights.get("factor"), random(30))
    small = import_onnx(multiply_by(random(1)))
    assert "graph.constant dense<0.125730217> : tensor<1xf32>" in str(small.module)
    assert not small.weights.added


def test_infinities_are_weights_because_text_does_not_keep_them() -> None:
    imported = import_onnx(multiply_by(np.array(-np.inf, np.float32)))
    assert imported.weights.get("factor") == -np.inf


def test_equal_infinities_are_one_weight() -> None:
    nodes = [helper.make_node("Max", ["x", "low"], ["a"]), helper.make_node("Max", ["a", "lowest"], ["y"])]
    infinity = np.array(-np.inf, np.float32)
    model = make_model(nodes, [tensor_info("x", X)], ["y"], {"low": infinity, "lowest": infinity})
    assert list(import_onnx(model).weights.added) == ["low"]


def test_a_constant_is_materialised_once() -> None:
    nodes = [helper.make_node("Mul", ["x", "w"], ["a"]), helper.make_node("Mul", ["a", "w"], ["y"])]
    module = import_onnx(make_model(nodes, [tensor_info("x", X)], ["y"], {"w": random(2, 3, 4)})).module
    assert len([op for op in module.walk() if isinstance(op, WeightOp)]) == 1


def test_doubles_become_singles() -> None:
    imported = import_onnx(multiply_by(np.linspace(0, 1, 30)))
    assert imported.weights.get("factor").dtype == np.float32


def test_doubles_that_singles_cannot_hold_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="tensor 'factor': it holds f64 numbers that f32 cannot"):
        import_onnx(multiply_by(np.full(30, 1e300)))


def test_half_precision_stays() -> None:
    for dtype in (np.float16, ml_dtypes.bfloat16):
        imported = import_onnx(multiply_by(random(30, dtype=dtype)))
        assert imported.weights.get("factor").dtype == dtype
        imported.module.verify()


def test_truth_values_survive_the_text() -> None:
    module = OneNode("And", [X > 0, np.array([True, False, True, True])], known=[1]).check()
    assert "dense<[true, false, true, true]> : tensor<4xi1>" in str(module)


@pytest.mark.parametrize(
    "constant",
    [
        helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(random(3, 1))),
        helper.make_node("Constant", [], ["c"], value_float=1.5),
        helper.make_node("Constant", [], ["c"], value_floats=[1.0, 2.0, 3.0, 4.0]),
    ],
    ids=lambda node: node.attribute[0].name,
)
def test_constant_nodes(constant: NodeProto) -> None:
    model = make_model([constant, helper.make_node("Mul", ["x", "c"], ["y"])], [tensor_info("x", X)], ["y"])
    check_model(model, [X])


@pytest.mark.parametrize(
    "constant",
    [
        helper.make_node("Constant", [], ["c"], value_int=24),
        helper.make_node("Constant", [], ["c"], value_ints=[4, 6]),
    ],
    ids=lambda node: node.attribute[0].name,
)
def test_constant_nodes_of_integers(constant: NodeProto) -> None:
    nodes = [
        constant,
        helper.make_node("Reshape", ["c", "flat"], ["shape"]),
        helper.make_node("Reshape", ["x", "shape"], ["y"]),
    ]
    check_model(make_model(nodes, [tensor_info("x", X)], ["y"], {"flat": integers(-1)}), [X])


def test_constant_nodes_of_text_are_refused() -> None:
    nodes = [helper.make_node("Constant", [], ["c"], value_string="text"), helper.make_node("Identity", ["c"], ["y"])]
    with pytest.raises(UnsupportedError, match="value_string"):
        import_onnx(make_model(nodes, [], ["y"]))


def test_shape_arithmetic_leaves_no_trace() -> None:
    """x.reshape(x.shape[0], -1) as TorchScript writes it."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"], axis=0),
        helper.make_node("Unsqueeze", ["batch", "first"], ["row"]),
        helper.make_node("Concat", ["row", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    weights = {"zero": np.array(0), "first": integers(0), "rest": integers(-1)}
    imported = check_model(make_model(nodes, [tensor_info("x", X)], ["y"], weights), [X])
    assert op_names(imported.module) == ["reshape"]
    assert len(list(imported.module.walk())) == 4


def test_a_causal_mask_is_computed_at_import() -> None:
    """where(arange(n)[:, None] < arange(n), -inf, 0) + x, with n = x.shape[-1]"""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"], start=2),
        helper.make_node("Squeeze", ["shape"], ["n"]),
        helper.make_node("Range", ["zero", "n", "one"], ["row"]),
        helper.make_node("Unsqueeze", ["row", "last"], ["column"]),
        helper.make_node("Less", ["column", "row"], ["later"]),
        helper.make_node("Where", ["later", "lowest", "none"], ["mask"]),
        helper.make_node("Add", ["x", "mask"], ["y"]),
    ]
    weights = {"zero": np.array(0), "one": np.array(1), "last": integers(1)}
    weights |= {"lowest": np.array(-np.inf, np.float32), "none": np.array(0, np.float32)}
    x = random(1, 5, 5)
    imported = check_model(make_model(nodes, [tensor_info("x", x)], ["y"], weights), [x])
    assert op_names(imported.module) == ["add"]


def test_operators_without_a_converter_are_computed_on_constants() -> None:
    nodes = [helper.make_node("CumSum", ["w", "axis"], ["c"]), helper.make_node("Mul", ["x", "c"], ["y"])]
    weights = {"w": random(3, 4), "axis": np.array(1)}
    check_model(make_model(nodes, [tensor_info("x", X)], ["y"], weights), [X])


def test_entries_picked_from_a_constant_are_known() -> None:
    """The token types of BERT: a buffer as long as the longest text, cut to this one's length."""
    nodes = [helper.make_node("GatherElements", ["w", "i"], ["c"], axis=1), helper.make_node("Add", ["x", "c"], ["y"])]
    weights = {"w": random(2, 512), "i": np.array([[0, 40, -1, 511], [3, 3, -512, 0]])}
    imported = check_model(make_model(nodes, [tensor_info("x", X[:, :2])], ["y"], weights), [X[:, :2]])
    assert op_names(imported.module) == ["add"]


def test_the_size_of_a_tensor_is_known() -> None:
    nodes = [helper.make_node("Size", ["x"], ["n"]), helper.make_node("Identity", ["n"], ["y"])]
    check_model(make_model(nodes, [tensor_info("x", X)], ["y"]), [X])


def test_what_no_output_needs_is_not_imported() -> None:
    nodes = [helper.make_node("NoSuchOperator", ["x", "missing"], ["dead"]), helper.make_node("Relu", ["x"], ["y"])]
    imported = import_onnx(make_model(nodes, [tensor_info("x", X)], ["y"], {"w": random(100)}))
    assert op_names(imported.module) == ["relu"]
    assert not imported.weights.added


def test_a_constant_that_grows_without_bound_is_refused() -> None:
    nodes = [helper.make_node("ConstantOfShape", ["shape"], ["c"]), helper.make_node("Add", ["x", "c"], ["y"])]
    weights = {"shape": integers(1 << 40, 1 << 40)}
    with pytest.raises(UnsupportedError, match="constant result has more than"):
        import_onnx(make_model(nodes, [tensor_info("x", X)], ["y"], weights))


def test_arithmetic_that_fails_names_the_node() -> None:
    nodes = [helper.make_node("Add", ["a", "b"], ["c"], "sum"), helper.make_node("Reshape", ["x", "c"], ["y"])]
    weights = {"a": integers(1, 2), "b": integers(1, 2, 3)}
    with pytest.raises(BoltError, match="Add node 'sum': computing its constant result failed"):
        import_onnx(make_model(nodes, [tensor_info("x", X)], ["y"], weights))


def chain(length: int) -> ModelProto:
    """Convolutions with a bias, and reshapes with computed shapes."""
    nodes = [helper.make_node("Identity", ["x"], ["v0"])]
    for i in range(length // 4):
        nodes += [
            helper.make_node("Conv", [f"v{i}", "filter"], [f"c{i}"], pads=[1, 1, 1, 1]),
            helper.make_node("Add", [f"c{i}", "bias"], [f"a{i}"]),
            helper.make_node("Shape", [f"a{i}"], [f"s{i}"]),
            helper.make_node("Reshape", [f"a{i}", f"s{i}"], [f"v{i + 1}"]),
        ]
    weights = {"filter": random(4, 4, 3, 3), "bias": random(4, 1, 1)}
    x = helper.make_tensor_value_info("x", F32, [1, 4, 8, 8])
    return make_model(nodes, [x], [f"v{length // 4}"], weights)


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def test_time_is_linear_in_the_number_of_nodes() -> None:
    small, large = chain(400), chain(4000)
    import_onnx(small)
    per_node = min(seconds(lambda: import_onnx(small)) for _ in range(3)) / 400
    assert seconds(lambda: import_onnx(large)) / 4000 < 4 * per_node


def test_many_weights_of_one_name_take_linear_time() -> None:
    """Names without a letter of the Latin alphabet all become the same symbol, plus a number."""
    nodes = [helper.make_node("Relu", ["x"], ["v0"])]
    weights: dict[str, Array] = {}
    for i in range(2000):
        name = "".join(chr(0x4E00 + int(digit)) for digit in str(i))
        weights[name] = random(20)
        nodes.append(helper.make_node("Mul", [f"v{i}", name], [f"v{i + 1}"]))
    imported = import_onnx(make_model(nodes, [tensor_info("x", random(2, 20))], ["v2000"], weights))
    assert len(imported.weights.added) == 2000


def test_unsupported_types_are_refused_only_where_an_operation_reads_them() -> None:
    nodes = [helper.make_node("Cast", ["c"], ["f"], to=TensorProto.FLOAT), helper.make_node("Mul", ["x", "f"], ["y"])]
    weights = {"c": np.arange(4, dtype=np.uint16)}
    check_model(make_model(nodes, [tensor_info("x", X)], ["y"], weights), [X])
    with pytest.raises(UnsupportedError, match="tensor 'factor': elements of type uint16 are not supported"):
        import_onnx(multiply_by(np.arange(30, dtype=np.uint16)))
