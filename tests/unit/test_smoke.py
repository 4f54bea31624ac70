"""The shortest way through the compiler's front: parse, verify and run a network of three operations."""

import numpy as np
from xdsl.parser import Parser
from xdsl.universe import XDSL_UNIVERSE

from boltir.context import CompilerContext
from boltir.interpreters import run
from boltir.universe import UNIVERSE

NETWORK = """
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %w = graph.weight @w : tensor<3x2xf32>
  %y = graph.gemm %x, %w : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %z = graph.relu %y : (tensor<2x2xf32>) -> tensor<2x2xf32>
  func.return %z : tensor<2x2xf32>
}
"""


def test_a_network_of_three_operations_runs() -> None:
    context = CompilerContext()
    for name, factory in (XDSL_UNIVERSE.all_dialects | UNIVERSE.all_dialects).items():
        context.register_dialect(name, factory)
    context.weights.add("w", np.array([[1, -1], [2, -2], [3, -3]], np.float32))

    module = Parser(context, NETWORK).parse_module()
    module.verify()
    (result,) = run(module, [np.array([[1, 1, 1], [0, 0, -1]], np.float32)], context.weights)

    np.testing.assert_array_equal(result, [[6, 0], [0, 3]])
