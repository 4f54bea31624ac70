"""nvcc compiles the CUTLASS templates for every architecture they claim, as boltir instantiates them.

One translation unit per template and architecture. The results are in the compile cache (BOLTIR_CACHE_DIR).
"""

import pytest
from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin, ModuleOp, StringAttr
from xdsl.dialects.func import Func
from xdsl.parser import Parser

from boltir.compiler import Network, run_pipeline
from boltir.dialects.cutlass import KernelOp
from boltir.dialects.fused import Fused, FusedOp
from boltir.lowering.fused_to_cutlass.kernels import KernelTable
from boltir.lowering.fused_to_cutlass.selection import Selection, signature_of
from boltir.lowering.fused_to_cutlass.selectors import answers
from boltir.lowering.render import render_kernel
from boltir.pipelines import level_pipeline
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target
from tests.gpu.epilogue_cases import CASES

FOUR_OPERANDS = """
    func.func @f(%a: tensor<512x256xf16>, %b: tensor<256x128xf16>, %bias: tensor<128xf32>,
                 %x: tensor<512x128xf16>, %y: tensor<512x128xf16>, %s: tensor<1xf16>) {
      %d = fused.gemm(%a, %b : tensor<512x256xf16>, tensor<256x128xf16>)
          epilogue(%x, %bias, %s, %y : tensor<512x128xf16>, tensor<128xf32>, tensor<1xf16>, tensor<512x128xf16>)
          [full, row, scalar, full] -> tensor<512x128xf16> {
      ^bb0(%acc: f32, %e0: f32, %e1: f32, %e2: f32, %e3: f32):
        %0 = arith.addf %acc, %e1 : f32
        %1 = arith.mulf %0, %e2 : f32
        %2 = arith.addf %1, %e0 : f32
        %3 = arith.maximumf %2, %e3 : f32
        fused.yield %3 : f32
      }
      func.return
    }"""

ODD_EXTENTS = """
    func.func @f(%a: tensor<2x57x99xf16>, %b: tensor<2x99x33xf16>) {
      %d = fused.gemm(%a, %b : tensor<2x57x99xf16>, tensor<2x99x33xf16>) -> tensor<2x57x33xf32> {
      ^bb0(%acc: f32):
        fused.yield %acc : f32
      }
      func.return
    }"""

ODD_ROWS = """
    func.func @f(%a: tensor<2x57x99xf16>, %b: tensor<2x33x99xf16>) {
      %d = fused.gemm(%a, %b : tensor<2x57x99xf16>, tensor<2x33x99xf16>) {transpose_b = true} -> tensor<2x57x33xf32> {
      ^bb0(%acc: f32):
        fused.yield %acc : f32
      }
      func.return
    }"""


def convolution(channels: int, filters: int) -> str:
    """A 3x3 convolution with bias and residual."""
    x, w, y = (
        f"tensor<1x16x16x{channels}xf16>",
        f"tensor<{filters}x3x3x{channels}xf16>",
        f"tensor<1x14x14x{filters}xf16>",
    )
    return f"""
    func.func @f(%x: {x}, %w: {w}, %bias: tensor<{filters}xf16>, %residual: {y}) {{
      %y = fused.conv2d(%x, %w : {x}, {w}) epilogue(%bias, %residual : tensor<{filters}xf16>, {y}) [row, full] -> {y} {{
      ^bb0(%acc: f32, %e0: f32, %e1: f32):
        %0 = arith.addf %acc, %e0 : f32
        %1 = arith.addf %0, %e1 : f32
        fused.yield %1 : f32
      }}
      func.return
    }}"""


OPTIMIZED, FIXED_CHANNELS, FEW_CHANNELS, ANALYTIC = (
    convolution(*sizes) for sizes in ((64, 64), (8, 16), (3, 12), (9, 7))
)

ALONG_K = """
    func.func @f(%a: tensor<512x256xf16>, %b: tensor<128x256xf16>, %bias: tensor<128xf16>) {
      %d = fused.gemm(%a, %b : tensor<512x256xf16>, tensor<128x256xf16>)
          epilogue(%bias : tensor<128xf16>) [row] {transpose_b = true} -> tensor<512x128xf16> {
      ^bb0(%acc: f32, %e0: f32):
        %0 = arith.addf %acc, %e0 : f32
        fused.yield %0 : f32
      }
      func.return
    }"""


def stored_as(element: str, *texts: str) -> tuple[str, ...]:
    return tuple(text.replace("xf16", f"x{element}") for text in texts)


GATED = "gated, kept, bias, residual"


def parse(text: str) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, Func, Arith, Fused):
        context.load_dialect(dialect)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


def kernels_of(texts: tuple[str, ...], target: Target) -> list[KernelOp]:
    table = KernelTable(target)
    for text in texts:
        for op in parse(text).walk():
            if isinstance(op, FusedOp):
                selection = next(answers(op, target))
                assert isinstance(selection, Selection), selection
                table.kernel_for(selection, signature_of(op), [op.detach_region(op.epilogue)])
    return list(table.kernels.values())


@pytest.mark.parametrize(
    ("target_name", "family", "texts"),
    [
        *((f"sm_{n}", "gemm", (FOUR_OPERANDS, ODD_EXTENTS)) for n in (75, 80, 86, 89)),
        ("sm_90a", "gemm", (ODD_EXTENTS,)),
        ("sm_80", "gemm_unaligned", (ODD_ROWS, *stored_as("bf16", ODD_ROWS))),
        ("sm_90a", "gemm_unaligned", (ODD_ROWS,)),
        ("sm_90a", "gemm_sm90", (FOUR_OPERANDS,)),
        *((f"sm_{n}", "conv2d", (OPTIMIZED, FIXED_CHANNELS, FEW_CHANNELS, ANALYTIC)) for n in (75, 80, 86, 89)),
        ("sm_90a", "conv2d", (FIXED_CHANNELS, FEW_CHANNELS, ANALYTIC)),
        ("sm_90a", "conv2d_sm90", (OPTIMIZED,)),
        ("sm_80", "gemm", stored_as("bf16", FOUR_OPERANDS)),
        ("sm_80", "gemm", stored_as("f32", FOUR_OPERANDS, ODD_EXTENTS, ALONG_K)),
        ("sm_80", "conv2d", stored_as("f32", OPTIMIZED, convolution(4, 16), FEW_CHANNELS, ANALYTIC)),
        ("sm_90a", "gemm_sm90", stored_as("f32", ALONG_K)),
        ("sm_90a", "conv2d_sm90", stored_as("f32", OPTIMIZED)),
    ],
)
def test_nvcc_compiles(target_name: str, family: str, texts: tuple[str, ...]) -> None:
    target = Target.named(target_name)
    kernels = kernels_of(texts, target)
    assert [kernel.template_attr.family for kernel in kernels] == [family] * len(texts)

    compile_with_nvcc(kernels, target)


@pytest.mark.parametrize(
    ("target_name", "family", "names"),
    [
        (
            "sm_80",
            "gemm",
            ("every kind of operand in five types", "every kind of store", "gated, kept, bias, residual"),
        ),
        ("sm_75", "gemm", ("every kind of store",)),
        ("sm_80", "conv2d", ("conv: every kind of operand in five types", "conv: every kind of store")),
        ("sm_90a", "gemm_sm90", ("every kind of store", GATED)),
        ("sm_90a", "conv2d_sm90", ("conv: every kind of store",)),
    ],
)
def test_nvcc_compiles_epilogues(target_name: str, family: str, names: tuple[str, ...]) -> None:
    """A few that hold much; check_epilogues.py has them all compiled."""
    kernels: list[KernelOp] = []
    for case in CASES:
        if case.name in names:
            network = Network(case.module())
            run_pipeline(network, level_pipeline("cutlass", target=target_name, dtype="f16"))
            kernels.append(next(op for op in network.module.ops if isinstance(op, KernelOp)))
    assert [kernel.template_attr.family for kernel in kernels] == [family] * len(names)
    for number, kernel in enumerate(kernels):
        kernel.sym_name = StringAttr(f"epilogue_{number}")
    compile_with_nvcc(kernels, Target.named(target_name))


def compile_with_nvcc(kernels: list[KernelOp], target: Target) -> None:
    """nvcc may be slow, and fails with a BoltError that names the kernel."""
    sources = [KernelSource(kernel.sym_name.data, render_kernel(kernel)) for kernel in kernels]
    Builder(target, jobs=1, show_progress=False).compile_kernels(sources)
