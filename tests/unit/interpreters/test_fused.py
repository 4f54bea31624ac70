"""Each fused kernel against the graph operations it stands for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from boltir.context import CompilerContext
from boltir.interpreters import run
from boltir.interpreters.arrays import Array
from boltir.lowering.fused_to_cutlass.convert import ConvertFusedToCutlassPass
from boltir.passes.plan_memory import PlanMemoryPass
from boltir.weights import WeightStore

Parse = Callable[[str], ModuleOp]


@dataclass(frozen=True)
class Case:
    """The body of a function in both dialects, which yields %y; `arguments` are names and types."""

    name: str
    arguments: tuple[tuple[str, str], ...]
    result: str
    graph: str
    fused: str

    def __str__(self) -> str:
        return self.name

    def module(self, body: str) -> str:
        arguments = ", ".join(f"%{name}: tensor<{kind}>" for name, kind in self.arguments)
        result = f"tensor<{self.result}>"
        return f"func.func @main({arguments}) -> {result} {{ {body}\n func.return %y : {result} }}"


def arrays(case: Case) -> list[Array]:
    random = np.random.default_rng(0)
    shapes = [tuple(map(int, kind.split("x")[:-1])) for _, kind in case.arguments]
    return [
        random.integers(0, 3, shape) if kind.endswith("i64") else random.normal(size=shape).astype(np.float32)
        for shape, (_, kind) in zip(shapes, case.arguments, strict=True)
    ]


IDENTITY = "{ ^bb0(%acc: f32): fused.yield %acc : f32 }"

CASES: Sequence[Case] = (
    Case(
        "conv2d-bias-residual-relu",
        (("x", "2x7x6x4xf32"), ("w", "6x3x3x2xf32"), ("b", "6xf32"), ("r", "2x4x6x6xf32")),
        "2x4x6x6xf32",
        """
        %c = graph.conv2d %x, %w {strides = array<i64: 2, 1>, padding = array<i64: 1, 1, 1, 1>, groups = 2 : i64,
          layout = #graph.layout nhwc} : (tensor<2x7x6x4xf32>, tensor<6x3x3x2xf32>) -> tensor<2x4x6x6xf32>
        %d = graph.bias_add %c, %b {axis = 3 : i64} : (tensor<2x4x6x6xf32>, tensor<6xf32>) -> tensor<2x4x6x6xf32>
        %e = graph.add %d, %r : (tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
        %y = graph.relu %e : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
        """,
        """
        %y = fused.conv2d(%x, %w : tensor<2x7x6x4xf32>, tensor<6x3x3x2xf32>)
          epilogue(%b, %r : tensor<6xf32>, tensor<2x4x6x6xf32>) [row, full]
          {strides = array<i64: 2, 1>, padding = array<i64: 1, 1, 1, 1>, groups = 2 : i64} -> tensor<2x4x6x6xf32> {
        ^bb0(%acc: f32, %bias: f32, %res: f32):
          %zero = arith.constant 0.0 : f32
          %1 = arith.addf %acc, %bias : f32
          %2 = arith.addf %1, %res : f32
          %3 = arith.maximumf %2, %zero : f32
          fused.yield %3 : f32
        }
        """,
    ),
    Case(
        "depthwise_conv2d",
        (("x", "1x6x5x4xf32"), ("w", "3x2x4xf32")),
        "1x3x2x4xf32",
        """
        %t = graph.transpose %w {permutation = array<i64: 2, 0, 1>} : (tensor<3x2x4xf32>) -> tensor<4x3x2xf32>
        %f = graph.reshape %t {shape_to = array<i64: 4, 3, 2, 1>} : (tensor<4x3x2xf32>) -> tensor<4x3x2x1xf32>
        %y = graph.conv2d %x, %f {strides = array<i64: 2, 2>, padding = array<i64: 1, 0, 0, 0>, groups = 4 : i64,
          layout = #graph.layout nhwc} : (tensor<1x6x5x4xf32>, tensor<4x3x2x1xf32>) -> tensor<1x3x2x4xf32>
        """,
        f"""
        %y = fused.depthwise_conv2d(%x, %w : tensor<1x6x5x4xf32>, tensor<3x2x4xf32>)
          {{strides = array<i64: 2, 2>, padding = array<i64: 1, 0, 0, 0>}} -> tensor<1x3x2x4xf32> {IDENTITY}
        """,
    ),
    Case(
        "conv_transpose2d",
        (("x", "1x4x3x4xf32"), ("w", "4x3x2x3xf32")),
        "1x9x4x6xf32",
        """
        %y = graph.conv_transpose2d %x, %w {strides = array<i64: 2, 1>, output_padding = array<i64: 1, 0>,
          padding = array<i64: 1, 0, 0, 0>, groups = 2 : i64, layout = #graph.layout nhwc}
          : (tensor<1x4x3x4xf32>, tensor<4x3x2x3xf32>) -> tensor<1x9x4x6xf32>
        """,
        f"""
        %y = fused.conv_transpose2d(%x, %w : tensor<1x4x3x4xf32>, tensor<4x3x2x3xf32>)
          {{strides = array<i64: 2, 1>, output_padding = array<i64: 1, 0>, padding = array<i64: 1, 0, 0, 0>,
          groups = 2 : i64}} -> tensor<1x9x4x6xf32> {IDENTITY}
        """,
    ),
    Case(
        "gemm-batched-column-scale",
        (("a", "2x4x3xf32"), ("b", "5x4xf32"), ("s", "2x3x1xf32")),
        "2x3x5xf32",
        """
        %c = graph.batch_matmul %a, %b {transpose_a = true, transpose_b = true}
          : (tensor<2x4x3xf32>, tensor<5x4xf32>) -> tensor<2x3x5xf32>
        %y = graph.mul %c, %s : (tensor<2x3x5xf32>, tensor<2x3x1xf32>) -> tensor<2x3x5xf32>
        """,
        """
        %y = fused.gemm(%a, %b : tensor<2x4x3xf32>, tensor<5x4xf32>) epilogue(%s : tensor<2x3x1xf32>) [column]
          {transpose_a = true, transpose_b = true} -> tensor<2x3x5xf32> {
        ^bb0(%acc: f32, %scale: f32):
          %1 = arith.mulf %acc, %scale : f32
          fused.yield %1 : f32
        }
        """,
    ),
    *(
        Case(
            f"pool2d-{kind}",
            (("x", "1x6x7x2xf32"),),
            "1x3x4x2xf32",
            f"""
            %y = graph.{name} %x {{kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, ceil_mode = true,
              padding = array<i64: 0, 1, 1, 0>, layout = #graph.layout nhwc {count}}}
              : (tensor<1x6x7x2xf32>) -> tensor<1x3x4x2xf32>
            """,
            f"""
            %y = fused.pool2d(%x : tensor<1x6x7x2xf32>) {{kind = #fused.reduction_kind {kind}, ceil_mode = true,
              kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 1, 0> {count}}}
              -> tensor<1x3x4x2xf32> {IDENTITY}
            """,
        )
        for kind, name, count in (
            ("max", "max_pool2d", ""),
            ("mean", "avg_pool2d", ""),
            ("mean", "avg_pool2d", ", count_include_pad = true"),
        )
    ),
    Case(
        "reduce",
        (("x", "3x4x5xf32"),),
        "3x5xf32",
        "%y = graph.reduce_mean %x {axes = array<i64: 1>, keepdims = false} : (tensor<3x4x5xf32>) -> tensor<3x5xf32>",
        f"""
        %y = fused.reduce(%x : tensor<3x4x5xf32>) {{kind = #fused.reduction_kind mean, axes = array<i64: 1>,
          keepdims = false}} -> tensor<3x5xf32> {IDENTITY}
        """,
    ),
    Case(
        "softmax",
        (("x", "3x4x5xf32"),),
        "3x4x5xf32",
        "%y = graph.softmax %x {axis = 1 : i64} : (tensor<3x4x5xf32>) -> tensor<3x4x5xf32>",
        f"%y = fused.softmax(%x : tensor<3x4x5xf32>) {{axis = 1 : i64}} -> tensor<3x4x5xf32> {IDENTITY}",
    ),
    Case(
        "layer_norm",
        (("x", "3x4x5xf32"), ("s", "5xf32"), ("b", "5xf32")),
        "3x4x5xf32",
        """
        %y = graph.layer_norm %x, %s, %b : (tensor<3x4x5xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<3x4x5xf32>
        """,
        """
        %y = fused.layer_norm(%x : tensor<3x4x5xf32>) epilogue(%s, %b : tensor<5xf32>, tensor<5xf32>) [row, row]
          -> tensor<3x4x5xf32> {
        ^bb0(%acc: f32, %scale: f32, %bias: f32):
          %1 = arith.mulf %acc, %scale : f32
          %2 = arith.addf %1, %bias : f32
          fused.yield %2 : f32
        }
        """,
    ),
    Case(
        "transpose",
        (("x", "2x3x4xf32"),),
        "4x2x3xf32",
        "%y = graph.transpose %x {permutation = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>",
        f"""
        %y = fused.transpose(%x : tensor<2x3x4xf32>) {{permutation = array<i64: 2, 0, 1>}}
          -> tensor<4x2x3xf32> {IDENTITY}
        """,
    ),
    Case(
        "slice",
        (("x", "6x8xf32"),),
        "3x4xf32",
        """
        %y = graph.slice %x {offsets = array<i64: 5, 1>, sizes = array<i64: 3, 4>, strides = array<i64: -2, 2>}
          : (tensor<6x8xf32>) -> tensor<3x4xf32>
        """,
        f"""
        %y = fused.slice(%x : tensor<6x8xf32>) {{offsets = array<i64: 5, 1>, sizes = array<i64: 3, 4>,
          strides = array<i64: -2, 2>}} -> tensor<3x4xf32> {IDENTITY}
        """,
    ),
    *(
        Case(
            f"pad-{mode}",
            (("x", "4x5xf32"),),
            "7x6xf32",
            f"""
            %y = graph.pad %x {{low = array<i64: 1, 0>, high = array<i64: 2, 1>, mode = #graph.pad_mode {mode},
              value = 2.5 : f32}} : (tensor<4x5xf32>) -> tensor<7x6xf32>
            """,
            f"""
            %y = fused.pad(%x : tensor<4x5xf32>) {{low = array<i64: 1, 0>, high = array<i64: 2, 1>,
              mode = #graph.pad_mode {mode}, value = 2.5 : f32}} -> tensor<7x6xf32> {IDENTITY}
            """,
        )
        for mode in ("constant", "reflect", "edge")
    ),
    Case(
        "gather",
        (("x", "2x3x4xf32"), ("i", "5xi64")),
        "2x5x4xf32",
        "%y = graph.gather %x, %i {axis = 1 : i64} : (tensor<2x3x4xf32>, tensor<5xi64>) -> tensor<2x5x4xf32>",
        f"""
        %y = fused.gather(%x, %i : tensor<2x3x4xf32>, tensor<5xi64>) {{axis = 1 : i64}}
          -> tensor<2x5x4xf32> {IDENTITY}
        """,
    ),
    Case(
        "concat-negated",
        (("a", "2x1x3xf32"), ("b", "2x4x3xf32")),
        "2x5x3xf32",
        """
        %c = graph.concat %a, %b {axis = 1 : i64} : (tensor<2x1x3xf32>, tensor<2x4x3xf32>) -> tensor<2x5x3xf32>
        %y = graph.neg %c : (tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
        """,
        """
        %y = fused.concat(%a, %b : tensor<2x1x3xf32>, tensor<2x4x3xf32>) {axis = 1 : i64} -> tensor<2x5x3xf32> {
        ^bb0(%acc: f32):
          %1 = arith.negf %acc : f32
          fused.yield %1 : f32
        }
        """,
    ),
    *(
        Case(
            f"resize-{mode}",
            (("x", "1x3x4x2xf32"),),
            "1x6x3x2xf32",
            f"""
            %y = graph.resize %x {{sizes = array<i64: 1, 6, 3, 2>, mode = #graph.resize_mode {mode}}}
              : (tensor<1x3x4x2xf32>) -> tensor<1x6x3x2xf32>
            """,
            f"""
            %y = fused.resize(%x : tensor<1x3x4x2xf32>) {{sizes = array<i64: 1, 6, 3, 2>,
              mode = #graph.resize_mode {mode}}} -> tensor<1x6x3x2xf32> {IDENTITY}
            """,
        )
        for mode in ("nearest", "linear")
    ),
    Case(
        "pointwise-general-broadcast",
        (("a", "2x1x4xf32"), ("b", "3x1xf32")),
        "2x3x4xf32",
        """
        %c = graph.add %a, %b : (tensor<2x1x4xf32>, tensor<3x1xf32>) -> tensor<2x3x4xf32>
        %y = graph.tanh %c : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
        """,
        """
        %y = fused.pointwise epilogue(%a, %b : tensor<2x1x4xf32>, tensor<3x1xf32>) [general, general]
          -> tensor<2x3x4xf32> {
        ^bb0(%l: f32, %r: f32):
          %1 = arith.addf %l, %r : f32
          %2 = math.tanh %1 : f32
          fused.yield %2 : f32
        }
        """,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_kernel_means_its_graph_operations(parse: Parse, case: Case) -> None:
    inputs = arrays(case)
    (expected,) = run(parse(case.module(case.graph)), inputs, WeightStore())
    (result,) = run(parse(case.module(case.fused)), inputs, WeightStore())
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)


def test_a_chain_rounds_its_intermediate(parse: Parse) -> None:
    module = parse(f"""
    func.func @main(%x: tensor<1x2xf16>, %a: tensor<2x2xf16>, %b: tensor<2x1xf16>) -> tensor<1x1xf16> {{
      %y = fused.chain(%x, %a, %b : tensor<1x2xf16>, tensor<2x2xf16>, tensor<2x1xf16>)
        {{residence = #fused.residence rf}} -> tensor<1x1xf16> {{
      ^bb0(%cx: tensor<1x2xf16>, %ca: tensor<2x2xf16>, %cb: tensor<2x1xf16>):
        %0 = fused.gemm(%cx, %ca : tensor<1x2xf16>, tensor<2x2xf16>) -> tensor<1x2xf16> {IDENTITY}
        %1 = fused.gemm(%0, %cb : tensor<1x2xf16>, tensor<2x1xf16>) -> tensor<1x1xf16> {IDENTITY}
        fused.yield %1 : tensor<1x1xf16>
      }}
      func.return %y : tensor<1x1xf16>
    }}
    """)
    # 2048 + 1 is no f16: the intermediate loses the 1, in f32 it would survive the subtraction of 2048.
    x, a, b = np.array([[1, 1]]), np.array([[2048, 2048], [1, 0]]), np.array([[1], [-1]])
    (result,) = run(module, [array.astype(np.float16) for array in (x, a, b)], WeightStore())
    assert float(result[0, 0]) == 0


def test_an_epilogue_rounds_only_when_it_stores(parse: Parse) -> None:
    module = parse("""
    func.func @main(%x: tensor<2xf16>, %b: tensor<2xf16>) -> (tensor<2xf16>, tensor<2xi8>) {
      %y, %z = fused.pointwise epilogue(%x, %b : tensor<2xf16>, tensor<2xf16>) [full, full]
        -> tensor<2xf16>, tensor<2xi8> {
      ^bb0(%e: f32, %f: f32):
        %1 = arith.addf %e, %f : f32
        %2 = arith.subf %1, %e : f32
        fused.yield %2, %1 : f32, f32
      }
      func.return %y, %z : tensor<2xf16>, tensor<2xi8>
    }
    """)
    x, b = np.array([2048, -2048], np.float16), np.array([1, 0.5], np.float16)
    small, saturated = run(module, [x, b], WeightStore())
    np.testing.assert_array_equal(small, b)
    np.testing.assert_array_equal(saturated, np.array([127, -128], np.int8))


@pytest.mark.parametrize("element", ["f32", "f16"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_lowered_kernel_means_the_same(parse: Parse, case: Case, element: str) -> None:
    module = parse(case.module(case.fused).replace("xf32>", f"x{element}>"))
    inputs = [
        array.astype(element.replace("f", "float")) if array.dtype == np.float32 else array for array in arrays(case)
    ]
    expected = run(module, inputs, WeightStore())
    context = CompilerContext()
    ConvertFusedToCutlassPass(target="sm_80").apply(context, module)
    PlanMemoryPass().apply(context, module)
    module.verify()
    np.testing.assert_array_equal(run(module, inputs, context.weights), expected)
