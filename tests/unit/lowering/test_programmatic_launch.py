"""Launch overlap: a kernel that may start before the one in front of it has finished waits for it first."""

import re

import pytest
from xdsl.parser import Parser

from boltir.compiler import compiler_context
from boltir.dialects.cutlass import KernelOp
from boltir.lowering.render import render_kernel

OWN = {
    "concat": "count = 2",
    "depthwise_conv2d": "kernel_shape = [3, 3], strides = [1, 1], dilations = [1, 1], outputs = 2",
    "direct_conv2d": "transposed = false, tile = [64, 64], output_vector = 4",
    "gather": "",
    "layer_norm": "lanes = 32, elements = 8",
    "pad": "mode = constant, dimensions = 2, access = 1",
    "pool2d": (
        "kernel_shape = [2, 2], strides = [2, 2], dilations = [1, 1], outputs = 1, kind = max, include_padding = false"
    ),
    "reduce": "kind = sum, algorithm = row, lanes = 32",
    "resize": "mode = linear, coordinates = half_pixel, rounding = floor, outputs = 2",
    "simt_gemm": (
        "transpose_a = false, transpose_b = true, algorithm = dot, tile = [0, 0], output_vector = 1, "
        "rows = 1, lanes = 32"
    ),
    "softmax": "algorithm = row, lanes = 32, elements = 8",
    "transpose": "channels = 4, outputs = 1",
}
"""The parameters of each of boltir's own families after `vector`, `rank` and `general`."""
TWO_INPUTS = ("concat", "depthwise_conv2d", "direct_conv2d", "simt_gemm")

WAIT = "cudaGridDependencySynchronize();"
OVERLAP = "cudaLaunchAttributeProgrammaticStreamSerialization"


def kernel(template: str, inputs: str, target: str, operand: str = "") -> str:
    """The CUDA of a kernel without arithmetic in its epilogue."""
    epilogue = f"epilogue [f16] [{operand}] " if operand else ""
    arguments = "%acc: f32, %e: f32" if operand else "%acc: f32"
    text = f"""cutlass.kernel @k "{target}" {template} [{inputs}] {epilogue}-> [f16] {{
    ^bb0({arguments}):
      fused.yield %acc : f32
    }}"""
    (op,) = Parser(compiler_context(), text).parse_module().ops
    assert isinstance(op, KernelOp)
    op.verify()
    return render_kernel(op)


def own_kernel(family: str, target: str) -> str:
    parameters = ", ".join(filter(None, ("vector = 1, rank = 0, general = []", OWN[family])))
    inputs = "f16, i64" if family == "gather" else "f16, f16" if family in TWO_INPUTS else "f16"
    return kernel(f"#cutlass.{family}<{parameters}>", inputs, target)


@pytest.mark.parametrize("family", OWN)
def test_own_kernels_wait_before_anything_else(family: str) -> None:
    code = own_kernel(family, "sm_90a")

    first_statements = re.findall(r"__global__[^{]*\{\n(.*?)\n", code)
    assert first_statements
    assert all(statement.strip().startswith(WAIT) for statement in first_statements)
    assert OVERLAP in code


@pytest.mark.parametrize("family", OWN)
def test_targets_without_programmatic_launch_run_kernels_one_after_the_other(family: str) -> None:
    code = own_kernel(family, "sm_80")
    assert WAIT not in code
    assert OVERLAP not in code


GEMM_SM90 = (
    "#cutlass.gemm_sm90<math = f16, tile = [64, 64, 64], cluster = [1, 1, 1], schedule = pingpong, "
    "alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row>"
)


def test_hopper_products_overlap_unless_they_read_a_scalar_at_once() -> None:
    assert "operation.run(caller, nullptr, true)" in kernel(GEMM_SM90, "f16, f16", "sm_90a", "row")
    assert "operation.run(caller)" in kernel(GEMM_SM90, "f16, f16", "sm_90a", "scalar")
