"""A launch must give its kernel what it takes; the whole module is checked through one symbol table."""

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp, StringAttr
from xdsl.dialects.func import Func
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass import (
    Conv2dAttr,
    Conv2dSm90Attr,
    Cutlass,
    GemmAttr,
    GemmSm90Attr,
    PointwiseAttr,
    TemplateAttr,
    launches,
)
from boltir.dialects.cutlass.template import ParameterValue
from boltir.dialects.fused import Fused
from boltir.lowering.cutlass_to_cuda.program import Program, program_of

KERNEL = """
cutlass.kernel @scale "sm_80" #cutlass.pointwise<inputs = 0, vector = 1, rank = 2, strided = [], innermost = []>
    [] epilogue [f16] [full] -> [f16] {
^bb0(%x: f32):
  fused.yield %x : f32
}
"""


def module(*lines: str, kernel: str = KERNEL) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, Func, Fused, Cutlass):
        context.load_dialect(dialect)
    body = "\n  ".join(lines)
    text = f"{kernel}\nfunc.func @main(%h: memref<4x8xf16>, %f: memref<4x8xf32>) {{\n  {body}\n  func.return\n}}"
    parsed = Parser(context, text).parse_module()
    parsed.verify()
    return parsed


def program(*lines: str) -> Program:
    parsed = module(*lines)
    parsed.attributes["cutlass.target"] = StringAttr("sm_80")
    return program_of(parsed)


def launch(
    kernel: str = "scale", arguments: str = "size_0 = 4, size_1 = 8", operand: str = "%h : memref<4x8xf16>"
) -> str:
    return f"cutlass.launch @{kernel} <{arguments}> epilogue({operand}) outs(%h : memref<4x8xf16>)"


def test_launches_come_with_their_kernels_in_order() -> None:
    found = list(launches(module(launch(), launch(arguments="size_0 = 2, size_1 = 16"))))
    assert [kernel.sym_name.data for _, kernel in found] == ["scale", "scale"]
    assert [dict(op.integers) for op, _ in found] == [{"size_0": 4, "size_1": 8}, {"size_0": 2, "size_1": 16}]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (launch(kernel="gone"), "there is no cutlass.kernel @gone"),
        (launch(kernel="main"), "there is no cutlass.kernel @main"),
        (launch(operand="%f : memref<4x8xf32>"), r"epilogue operands have elements \(f32\), the kernel takes \(f16\)"),
        (launch(operand="%h, %h : memref<4x8xf16>, memref<4x8xf16>"), r"\(f16, f16\), the kernel takes \(f16\)"),
        (launch(arguments="size_0 = 4"), r"launch arguments are \['size_0'\], the kernel takes \['size_0', 'size_1'\]"),
    ],
)
def test_a_launch_that_does_not_fit_is_refused(line: str, message: str) -> None:
    with pytest.raises(VerifyException, match=message):
        list(launches(module(line)))


def test_integers_go_by_name_for_mlir_sorts_them() -> None:
    (given,) = program(launch(arguments="size_1 = 8, size_0 = 4")).launches
    assert list(given.integers.items()) == [("size_0", 4), ("size_1", 8)]


POINTWISE = PointwiseAttr.of(inputs=0, vector=4, rank=2, strided=(), innermost=())
TILE: dict[str, ParameterValue] = {
    "math": "f16", "threadblock": (64, 64, 32), "warp": (32, 32, 32), "instruction": (16, 8, 16), "stages": 4,
    "swizzle": 1, "alignment_a": 8, "alignment_b": 4, "alignment_c": 2,
    "layout_a": "row", "layout_b": "column",
}  # fmt: skip
GEMM = GemmAttr.of(**TILE)
SPLIT: dict[str, ParameterValue] = {
    "math": "f16", "tile": (64, 64, 64), "cluster": (1, 1, 1), "schedule": "split_k",
    "alignment_a": 8, "alignment_b": 8, "alignment_c": 8,
}  # fmt: skip
SPLIT_GEMM = GemmSm90Attr.of(**SPLIT, layout_a="row", layout_b="column")
SPLIT_CONV = Conv2dSm90Attr.of(**SPLIT)
LONG = {"lda": 512, "ldb": 512, "ldd": 64, "k": 512}
ROWS = {"lda": 8, "ldb": 4, "ldd": 2}
CONV = Conv2dAttr.of(**{**TILE, "alignment_a": 4, "alignment_c": 8}, iterator_algorithm="fixed_channels")


@pytest.mark.parametrize(
    ("template", "integers", "message"),
    [
        (POINTWISE, {"size_0": 3, "size_1": 6}, "size_1 = 6 is no multiple of 4, which one access moves"),
        (GEMM, {"lda": 20, "ldb": 20, "ldd": 20}, "lda = 20 is no multiple of 8"),
        (GEMM, {"lda": 24, "ldb": 22, "ldd": 20}, "ldb = 22 is no multiple of 4"),
        (GEMM, {"lda": 24, "ldb": 20, "ldd": 21}, "ldd = 21 is no multiple of 2"),
        (GEMM, {**ROWS, "r0_begin": 3}, "r0_begin = 3 is no multiple of 2"),
        (GEMM, {**ROWS, "r1_columns": 3}, "r1_columns = 3 is no multiple of 2"),
        (GEMM, {**ROWS, "r0_begin": 0, "r0_pitch": 5, "r0_batch_stride": 0}, "r0_pitch = 5 is no multiple of 2"),
        (
            GEMM,
            {**ROWS, "r0_size_0": 6, "r0_size_1": 3, "r0_stride_0": 3, "r0_stride_1": 1},
            "r0_size_1 = 3 is no multiple of 2",
        ),
        (
            GEMM,
            {**ROWS, "r0_size_0": 6, "r0_size_1": 4, "r0_stride_0": 1, "r0_stride_1": 6},
            "r0_stride_1 = 6: a permuted store keeps the columns of an access next to each other",
        ),
        (GEMM, {**ROWS, "size_0": 3, "size_1": 7, "e0_stride_0": 1}, "size_1 = 7 is no multiple of 2"),
        (
            GEMM,
            {**ROWS, "m": 2**20, "n": 2, "batch": 2**12, "r0_size_0": 2, "r0_stride_0": 1},
            "4294967296 rows exceed the 2147483647",
        ),
        (SPLIT_GEMM, {**LONG, "slices": 9}, "a cluster holds 1 to 8 slices of the 8 tiles along K, not 9"),
        (SPLIT_GEMM, {**LONG, "k": 128, "slices": 3}, "a cluster holds 1 to 8 slices of the 2 tiles along K, not 3"),
        (SPLIT_CONV, {"c": 64, "k": 64, "r": 1, "s": 3, "slices": 4}, "slices of the 3 tiles along K, not 4"),
        (CONV, {"c": 4, "k": 12}, "k = 12 is no multiple of 8"),
        (CONV, {"c": 8, "k": 16}, "fixed_channels reads 4 channels, the launch gives c = 8"),
    ],
)
def test_a_launch_that_the_kernels_accesses_do_not_fit_is_refused(
    template: TemplateAttr, integers: dict[str, int], message: str
) -> None:
    with pytest.raises(VerifyException, match=message):
        template.check_launch(integers)


def test_every_launch_is_checked_against_its_kernels_accesses() -> None:
    wide = KERNEL.replace("vector = 1", "vector = 4")
    with pytest.raises(VerifyException, match="size_1 = 6 is no multiple of 4"):
        list(launches(module(launch(arguments="size_0 = 4, size_1 = 6"), kernel=wide)))
