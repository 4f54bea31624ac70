"""Running whole functions: what goes in, what comes out, what is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr, TensorType, f32

from boltir.dialects.graph.values import WeightOp
from boltir.errors import BoltError
from boltir.interpreters import evaluate, run
from boltir.weights import WeightStore

Parse = Callable[[str], ModuleOp]

LINEAR = """
func.func @main(%x: tensor<2x3xf32>) -> (tensor<2x2xf32>, tensor<2x3xf32>) {
  %w = graph.weight @w : tensor<3x2xf32>
  %c = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %y = graph.gemm %x, %w : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %z = graph.add %y, %c : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  func.return %z, %x : tensor<2x2xf32>, tensor<2x3xf32>
}
"""


def weights(**arrays: np.ndarray[Any, np.dtype[Any]]) -> WeightStore:
    return WeightStore(added=dict(arrays))


def test_returns_one_array_per_result(parse: Parse) -> None:
    x = np.array([[1, 0, 0], [0, 0, 1]], dtype=np.float32)
    w = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32)
    z, same = run(parse(LINEAR), [x], weights(w=w))
    np.testing.assert_array_equal(z, [[2, 4], [6, 8]])
    np.testing.assert_array_equal(same, x)


def test_levels_mix_within_a_function(parse: Parse) -> None:
    module = parse("""
    func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
      %a = graph.relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
      %b = fused.pointwise epilogue(%a : tensor<2x3xf32>) [full] -> tensor<2x3xf32> {
      ^bb0(%e: f32):
        %two = arith.constant 2.0 : f32
        %double = arith.mulf %e, %two : f32
        fused.yield %double : f32
      }
      func.return %b : tensor<2x3xf32>
    }
    """)
    (result,) = run(module, [np.array([[-1, 0, 1], [2, -3, 4]], dtype=np.float32)], WeightStore())
    np.testing.assert_array_equal(result, [[0, 0, 2], [4, 0, 8]])


def test_concat_joins_any_number_of_tensors(parse: Parse) -> None:
    module = parse("""
    func.func @main(%a: tensor<2x1xi32>, %b: tensor<2x2xi32>) -> tensor<2x4xi32> {
      %y = graph.concat %a, %b, %a {axis = -1 : i64}
        : (tensor<2x1xi32>, tensor<2x2xi32>, tensor<2x1xi32>) -> tensor<2x4xi32>
      func.return %y : tensor<2x4xi32>
    }
    """)
    (result,) = run(module, [np.array([[1], [2]], np.int32), np.array([[3, 4], [5, 6]], np.int32)], WeightStore())
    np.testing.assert_array_equal(result, [[1, 3, 4, 1], [2, 5, 6, 2]])


def test_infinities_and_nan_pass_without_warnings(parse: Parse) -> None:
    module = parse("""
    func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
      %y = graph.log %x : (tensor<3xf32>) -> tensor<3xf32>
      func.return %y : tensor<3xf32>
    }
    """)
    (result,) = run(module, [np.array([0, -1, np.inf], dtype=np.float32)], WeightStore())
    np.testing.assert_array_equal(result, np.array([-np.inf, np.nan, np.inf], dtype=np.float32))


def test_the_wrong_number_of_inputs_is_an_error(parse: Parse) -> None:
    with pytest.raises(BoltError, match="@main takes 1 inputs, got 0"):
        run(parse(LINEAR), [], WeightStore())


@pytest.mark.parametrize("array", [np.zeros((3, 2), np.float32), np.zeros((2, 3), np.float16)], ids=["shape", "dtype"])
def test_an_input_of_another_type_is_an_error(parse: Parse, array: np.ndarray[Any, np.dtype[Any]]) -> None:
    with pytest.raises(BoltError, match=r"input 0: the array is .*, the module needs 2x3 float32"):
        run(parse(LINEAR), [array], WeightStore())


def test_a_weight_of_another_type_is_an_error(parse: Parse) -> None:
    with pytest.raises(BoltError, match="weight @w: the array is 2x2 float32, the module needs 3x2 float32"):
        run(parse(LINEAR), [np.zeros((2, 3), np.float32)], weights(w=np.zeros((2, 2), np.float32)))


def test_a_module_without_main_is_an_error(parse: Parse) -> None:
    with pytest.raises(BoltError, match="the module has no function @main"):
        run(parse("func.func private @main(tensor<1xf32>) -> ()"), [], WeightStore())


def test_an_operation_without_meaning_is_an_error(parse: Parse) -> None:
    module = parse("""
    func.func @main(%x: tensor<2xf32>) -> tensor<2xi32> {
      %y = arith.bitcast %x : tensor<2xf32> to tensor<2xi32>
      func.return %y : tensor<2xi32>
    }
    """)
    with pytest.raises(BoltError, match=r"Could not find interpretation function for op arith\.bitcast"):
        run(module, [np.zeros(2, np.float32)], WeightStore())


def test_evaluate_takes_operations_with_a_value_of_their_own() -> None:
    weight = WeightOp(properties={"symbol": SymbolRefAttr("w")}, result_types=[TensorType(f32, [1])])
    with pytest.raises(BoltError, match=r"graph\.weight: the interpreter has no meaning for this operation"):
        evaluate(weight, [])


def test_an_index_beyond_its_axis_is_an_error(parse: Parse) -> None:
    module = parse("""
    func.func @main(%x: tensor<4x2xf32>, %i: tensor<2xi64>) -> tensor<2x2xf32> {
      %y = graph.gather %x, %i : (tensor<4x2xf32>, tensor<2xi64>) -> tensor<2x2xf32>
      func.return %y : tensor<2x2xf32>
    }
    """)
    x = np.arange(8, dtype=np.float32).reshape(4, 2)
    (last_and_first,) = run(module, [x, np.array([-1, 0])], WeightStore())
    np.testing.assert_array_equal(last_and_first, x[[3, 0]])
    with pytest.raises(BoltError, match="gather index 4 is outside an axis of 4 elements"):
        run(module, [x, np.array([0, 4])], WeightStore())
