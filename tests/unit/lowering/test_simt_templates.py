"""boltir's own kernel families: what is selected for a fused operation computes what the operation means.

Three views of each kernel below are compared: the fused operation on the interpreter, the selected template
with its launch integers on the interpreter, and the generated CUDA, compiled for the CPU by support/cuda_on_cpu.h.
"""

import ctypes
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.arith import AddfOp, ConstantOp, MulfOp
from xdsl.dialects.builtin import (
    FloatAttr,
    FunctionType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    bf16,
    f16,
    f32,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Region, SSAValue

from boltir.context import CompilerContext
from boltir.dialects.cutlass import KernelOp, LaunchOp, ReinterpretOp
from boltir.dialects.fused import FusedOp, YieldOp
from boltir.dialects.fused.linear import Conv2dOp, ConvTranspose2dOp, DepthwiseConv2dOp, GemmOp
from boltir.dialects.fused.movement import ConcatOp, GatherOp, PadOp, ResizeOp, SliceOp, TransposeOp
from boltir.dialects.fused.reduction import (
    LayerNormOp,
    PointwiseOp,
    Pool2dOp,
    ReduceOp,
    ReductionKind,
    ReductionKindAttr,
    SoftmaxOp,
)
from boltir.dialects.fused.unfold import UnfoldOp
from boltir.dialects.graph.enums import (
    CoordinateTransform,
    CoordinateTransformAttr,
    Layout,
    LayoutAttr,
    PadMode,
    PadModeAttr,
    ResizeMode,
    ResizeModeAttr,
)
from boltir.dialects.properties import bool_attr, float_attr, int_attr, ints
from boltir.dialects.tensors import compute_type, ui8
from boltir.interpreters.arrays import Array, shape_and_dtype
from boltir.interpreters.runner import run
from boltir.lowering.fused_to_cutlass.convert import ConvertFusedToCutlassPass
from boltir.lowering.render import render_kernel
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.runtime.nvcc import Nvcc
from boltir.target import Target
from boltir.weights import WeightStore

TESTS = Path(__file__).resolve().parents[2]
ELEMENTS = {"f16": f16, "bf16": bf16, "f32": f32, "i64": i64, "i32": i32, "i8": i8, "ui8": ui8, "i1": i1}
NO_F32_TENSOR_CORES = "sm_75"
"""A target that leaves products of f32 to the kernels under test."""
TOLERANCES = {"f16": 4e-3, "bf16": 3e-2, "f32": 1e-4}


@dataclass(frozen=True)
class Kernel:
    """An operation; tensors are written `2x3xf16`. The epilogue adds the operands, if any, to half the accumulator."""

    anchor: type[FusedOp]
    inputs: str = ""
    operands: str = ""
    output: str = "f16"
    properties: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])

    def module(self) -> ModuleOp:
        types = [tensor(text) for text in (*self.inputs.split(), *self.operands.split())]
        block = Block(arg_types=types)
        count = len(self.inputs.split())
        op = self.anchor.build_kernel(
            block.args[:count],
            self.properties,
            result_element_types=[ELEMENTS[self.output]],
            epilogue_operands=block.args[count:],
            epilogue=self.epilogue(types, count) if types[count:] else None,
        )
        block.add_ops([op, ReturnOp(op.outputs[0])])
        main = FuncOp("main", FunctionType.from_lists(types, [op.outputs[0].type]), Region(block))
        module = ModuleOp([main])
        module.verify()
        return module

    def epilogue(self, types: list[TensorType[Attribute]], inputs: int) -> Region:
        accumulator = [] if self.anchor is PointwiseOp else types[:1]
        block = Block(arg_types=[compute_type(kind.element_type) for kind in (*accumulator, *types[inputs:])])
        half = ConstantOp(FloatAttr(0.5, f32))
        scaled = MulfOp(block.args[0], half)
        block.add_ops([half, scaled])
        total: SSAValue = scaled.result
        for argument in block.args[1:]:
            added = AddfOp(total, argument)
            block.add_op(added)
            total = added.result
        block.add_op(YieldOp(operands=[[total]]))
        return Region(block)

    def arrays(self) -> list[Array]:
        rng = np.random.default_rng(0)
        return [random(tensor(text), rng) for text in (*self.inputs.split(), *self.operands.split())]


def tensor(text: str) -> TensorType[Attribute]:
    *shape, element = text.split("x")
    return TensorType(ELEMENTS[element], [int(extent) for extent in shape])


def random(kind: TensorType[Attribute], rng: np.random.Generator) -> Array:
    shape, dtype = shape_and_dtype(kind)
    if kind.element_type == ui8:
        return rng.integers(0, 256, shape).astype(dtype)
    if kind.element_type in (i64, i32, i8):
        return rng.integers(-3, 3, shape).astype(dtype)
    return rng.standard_normal(shape).astype(np.float32).astype(dtype)


def window(
    strides: tuple[int, ...] = (1, 1), padding: tuple[int, ...] = (0, 0, 0, 0), dilations: tuple[int, ...] = (1, 1)
) -> dict[str, Attribute]:
    return {"strides": ints(strides), "padding": ints(padding), "dilations": ints(dilations)}


def kind(name: ReductionKind) -> dict[str, Attribute]:
    return {"kind": ReductionKindAttr(name)}


def resize(mode: ResizeMode, transform: CoordinateTransform, *sizes: int) -> dict[str, Attribute]:
    transforms = {"mode": ResizeModeAttr(mode), "coordinate_transform": CoordinateTransformAttr(transform)}
    return {**transforms, "sizes": ints(sizes)}


GROUPED = {"groups": int_attr(2)}
BY_COLUMNS = {"transpose_b": bool_attr(True)}
MEAN, LARGEST, SUM = (kind(name) for name in (ReductionKind.MEAN, ReductionKind.MAX, ReductionKind.SUM))
EDGE, REFLECT = ({"mode": PadModeAttr(mode)} for mode in (PadMode.EDGE, PadMode.REFLECT))

KERNELS = {
    "pointwise_full": Kernel(PointwiseOp, operands="4x6x16xf16 4x6x16xf16 1xf32"),
    "pointwise_bias": Kernel(PointwiseOp, operands="2x5x7x24xf16 24xf16 2x1x1x24xf32 2x5x7x1xf16"),
    "pointwise_nchw_bias": Kernel(PointwiseOp, operands="2x6x5x3xf32 1x6x1x1xf32", output="f32"),
    "pointwise_to_ui8": Kernel(PointwiseOp, operands="5x16xf32 5x16xf32", output="ui8"),
    "pointwise_outer": Kernel(PointwiseOp, operands="9x1xbf16 1x10xbf16", output="bf16"),
    "slice_steps": Kernel(
        SliceOp,
        "7x9x11xf16",
        properties={"offsets": ints((5, 1, 2)), "sizes": ints((3, 3, 8)), "strides": ints((-2, 3, 1))},
    ),
    "slice_rows": Kernel(
        SliceOp,
        "6x8x4xi64",
        output="i64",
        properties={"offsets": ints((2, 0, 0)), "sizes": ints((3, 8, 4)), "strides": ints((1, 1, 1))},
    ),
    "transpose_image": Kernel(TransposeOp, "2x3x6x5xf32", "3xf16", properties={"permutation": ints((0, 2, 3, 1))}),
    "transpose_channels": Kernel(TransposeOp, "2x8x6x5xf16", "8xf16", properties={"permutation": ints((0, 2, 3, 1))}),
    "transpose_tiled": Kernel(
        TransposeOp, "3x70x34xf16", "70xf16 3x1x70xf16", properties={"permutation": ints((0, 2, 1))}
    ),
    "transpose_keys": Kernel(
        TransposeOp, "2x12x5x10xbf16", output="bf16", properties={"permutation": ints((0, 2, 3, 1))}
    ),
    "transpose_padded": Kernel(
        TransposeOp, "2x3x6x5xf32", "4xf16", properties={"permutation": ints((0, 2, 3, 1)), "padding": int_attr(1)}
    ),
    "transpose_padded_tiled": Kernel(
        TransposeOp,
        "2x19x6x5xf16",
        "2x6x5x24xf16",
        properties={"permutation": ints((0, 2, 3, 1)), "padding": int_attr(5)},
    ),
    "transpose_padded_column": Kernel(
        TransposeOp, "3x2x6x1xf16", properties={"permutation": ints((0, 1, 3, 2)), "padding": int_attr(2)}
    ),
    "transpose_heads": Kernel(TransposeOp, "2x12x5x8xf16", properties={"permutation": ints((0, 2, 1, 3))}),
    "transpose_ui8": Kernel(TransposeOp, "9x10x12xui8", output="ui8", properties={"permutation": ints((2, 1, 0))}),
    "transpose_reversed": Kernel(TransposeOp, "9x10x12xi32", output="i32", properties={"permutation": ints((2, 1, 0))}),
    "gather_rows": Kernel(GatherOp, "9x32xf16 4x3xi64", "32xf16", properties={"axis": int_attr(0)}),
    "gather_inner": Kernel(GatherOp, "3x7x5xi64 4xi32", output="i64", properties={"axis": int_attr(1)}),
    "concat_channels": Kernel(ConcatOp, "2x3x8xf16 2x3x16xf16 2x3x24xf16", "48xf16", properties={"axis": int_attr(-1)}),
    "concat_rows": Kernel(ConcatOp, "2x3x5xi32 2x1x5xi32", output="i32", properties={"axis": int_attr(1)}),
    "unfold_picture": Kernel(
        UnfoldOp,
        "2x3x9x8xf32",
        "24xf16",
        properties={
            "kernel": ints((2, 3)),
            "strides": ints((2, 2)),
            "padding": ints((1, 1, 2, 1)),
            "channels": int_attr(24),
            "layout": LayoutAttr(Layout.NCHW),
        },
    ),
    "unfold_channels_last": Kernel(
        UnfoldOp,
        "2x5x7x2xbf16",
        "12xf32 2x1x1x12xf16",
        "bf16",
        properties={"kernel": ints((1, 5)), "padding": ints((0, 2, 0, 0)), "channels": int_attr(12)},
    ),
    "pad_image": Kernel(
        PadOp,
        "2x5x6x16xf16",
        "16xf16",
        properties={"low": ints((0, 1, 2, 0)), "high": ints((0, 2, 0, 0)), "value": float_attr(1.5)},
    ),
    "pad_channels": Kernel(PadOp, "2x5x3xf16", properties={"low": ints((0, 0, 0)), "high": ints((0, 0, 5))}),
    "pad_edge": Kernel(
        PadOp, "2x5x6x8xf16", properties={"low": ints((0, 1, 2, 0)), "high": ints((0, 2, 0, 0)), **EDGE}
    ),
    "pad_reflect": Kernel(
        PadOp, "5x6xf32", output="f32", properties={"low": ints((2, 1)), "high": ints((0, 3)), **REFLECT}
    ),
    "resize_linear": Kernel(
        ResizeOp,
        "2x7x6x16xf16",
        "16xf16",
        properties=resize(ResizeMode.LINEAR, CoordinateTransform.HALF_PIXEL, 2, 13, 9, 16),
    ),
    "resize_nchw": Kernel(
        ResizeOp,
        "2x3x4x6xf32",
        output="f32",
        properties=resize(ResizeMode.NEAREST, CoordinateTransform.ASYMMETRIC, 2, 3, 8, 12),
    ),
    "resize_row": Kernel(
        ResizeOp,
        "2x5x6xf16",
        "15xf16",
        properties=resize(ResizeMode.LINEAR, CoordinateTransform.ALIGN_CORNERS, 2, 5, 15),
    ),
    "depthwise": Kernel(
        DepthwiseConv2dOp, "2x9x11x16xf16 3x3x16xf16", "16xf16 2x9x11x16xf16", properties=window((1, 1), (1, 1, 1, 1))
    ),
    "depthwise_large": Kernel(
        DepthwiseConv2dOp, "1x160x128x16xf16 5x5x16xf16", "16xf32", properties=window((2, 2), (2, 1, 2, 2))
    ),
    "depthwise_odd": Kernel(
        DepthwiseConv2dOp, "1x9x9x5xf32 2x4x5xf32", output="f32", properties=window((2, 1), (0, 3, 2, 1), (2, 2))
    ),
    "conv_grouped": Kernel(
        Conv2dOp, "2x9x8x16xf16 12x3x3x8xf16", "12xf16", properties={**window((2, 1), (1, 0, 1, 2)), **GROUPED}
    ),
    "conv_f32": Kernel(Conv2dOp, "1x9x8x3xf32 20x3x2x3xf32", "20xf32", "f32", window((1, 2), (1, 1, 1, 1), (1, 2))),
    "conv_transpose": Kernel(
        ConvTranspose2dOp,
        "2x5x4x8xf16 8x3x3x12xf16",
        "12xf16",
        properties={**window((2, 2), (1, 1, 1, 1)), "output_padding": ints((1, 1))},
    ),
    "conv_transpose_grouped": Kernel(
        ConvTranspose2dOp,
        "1x4x5x6xf32 6x2x3x5xf32",
        output="f32",
        properties={**window((1, 3), (0, 1, 1, 0)), **GROUPED},
    ),
    "gemm_f32": Kernel(GemmOp, "70x36xf32 36x52xf32", "52xf32 70x1xf32 70x52xf32", "f32"),
    "gemm_batched": Kernel(GemmOp, "2x3x17x9xf32 2x3x9x20xf32", "2x1x1x20xf32", "f32"),
    "gemm_transposed": Kernel(
        GemmOp, "24x40xf32 16x24xf32", output="f32", properties={**BY_COLUMNS, "transpose_a": bool_attr(True)}
    ),
    "gemm_row": Kernel(GemmOp, "1x136xf32 136x24xf32", "24xf32", "f32"),
    "gemm_rows": Kernel(GemmOp, "3x136xf32 10x136xf32", "10xf32", "f32", BY_COLUMNS),
    "gemm_shared": Kernel(GemmOp, "3x1x20xf32 20x7xf32", output="f32"),
    "pool_max": Kernel(
        Pool2dOp, "2x9x11x16xf16", properties={**LARGEST, **window((2, 2), (1, 1, 1, 1)), "kernel": ints((3, 3))}
    ),
    "pool_mean": Kernel(
        Pool2dOp, "2x9x11x6xbf16", "6xbf16", "bf16", {**MEAN, **window((1, 2), (1, 0, 0, 1)), "kernel": ints((2, 3))}
    ),
    "pool_padded": Kernel(
        Pool2dOp,
        "1x8x9x4xf32",
        output="f32",
        properties={
            **MEAN,
            **window((2, 2), (1, 1, 1, 1)),
            "kernel": ints((3, 3)),
            "count_include_pad": bool_attr(True),
            "ceil_mode": bool_attr(True),
        },
    ),
    "reduce_pixels": Kernel(ReduceOp, "3x5x7x24xf16", "24xf16", properties={**MEAN, "axes": ints((1, 2))}),
    "reduce_last": Kernel(ReduceOp, "4x6x40xf16", "4x6x1xf16", properties={**LARGEST, "axes": ints((-1,))}),
    "reduce_long": Kernel(
        ReduceOp, "3x2050xf32", output="f32", properties={**SUM, "axes": ints((1,)), "keepdims": bool_attr(False)}
    ),
    "reduce_i32": Kernel(ReduceOp, "5x9x3xi32", output="i32", properties={**SUM, "axes": ints((0,))}),
    "softmax_rows": Kernel(SoftmaxOp, "2x3x5x40xf16", "2x3x5x40xf16", properties={"axis": int_attr(-1)}),
    "softmax_odd": Kernel(SoftmaxOp, "7x77xf32", output="f32"),
    "softmax_long": Kernel(SoftmaxOp, "2x9001xf16"),
    "softmax_columns": Kernel(SoftmaxOp, "2x9x6xf32", "6xf32", "f32", {"axis": int_attr(1)}),
    "layer_norm_rows": Kernel(LayerNormOp, "3x5x96xf16", "96xf16 96xf16"),
    "layer_norm_wide": Kernel(LayerNormOp, "2x1800xf32", "1800xf32", "f32"),
    "layer_norm_image": Kernel(LayerNormOp, "2x4x6x8xf16", "4x6x8xf16", properties={"axis": int_attr(1)}),
}


def converted(kernel: Kernel, target: str = NO_F32_TENSOR_CORES) -> ModuleOp:
    module = kernel.module()
    ConvertFusedToCutlassPass(target=target).apply(CompilerContext(), module)
    module.verify()
    return module


def deviation(got: Array, expected: Array) -> float:
    """The largest |got - expected| / (1 + |expected|); infinite where only one of them is NaN."""
    given, wanted = (np.nan_to_num(array.astype(np.float64), nan=np.inf) for array in (got, expected))
    return float(np.max(np.abs(given - wanted) / (1 + np.abs(wanted)), initial=0.0))


@pytest.mark.parametrize("name", KERNELS)
def test_the_launch_means_what_the_operation_means(name: str) -> None:
    kernel = KERNELS[name]
    (expected,) = run(kernel.module(), kernel.arrays(), WeightStore())

    (got,) = run(converted(kernel), kernel.arrays(), WeightStore())

    assert deviation(got, expected) <= TOLERANCES.get(kernel.output, 0)


def test_the_generated_code_computes_what_the_operation_means(tmp_path: Path) -> None:
    modules = {name: converted(kernel) for name, kernel in KERNELS.items()}
    library = emulate(
        "".join(render_kernel(renamed_kernel(module, name)) for name, module in modules.items()), tmp_path
    )

    wrong: list[str] = []
    for name, kernel in KERNELS.items():
        arrays = kernel.arrays()
        (expected,) = run(kernel.module(), arrays, WeightStore())
        got = call(library, name, modules[name], arrays, np.full(expected.shape, -1).astype(expected.dtype))
        if not deviation(got, expected) <= TOLERANCES.get(kernel.output, 0):
            wrong.append(f"{name}: {deviation(got, expected)}")
    assert wrong == []


def test_template_variants_that_no_small_problem_selects(tmp_path: Path) -> None:
    script = TESTS / "gpu" / "check_simt_templates.py"
    done = subprocess.run([sys.executable, script, "emulate", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("target_name", ["sm_75", "sm_80", "sm_90a"])
def test_nvcc_compiles(target_name: str) -> None:
    sources: list[KernelSource] = []
    for kernel in KERNELS.values():
        for op in converted(kernel, target_name).ops:
            if isinstance(op, KernelOp) and not is_tensor_op(op):
                op.sym_name = StringAttr(f"kernel_{len(sources)}")
                sources.append(KernelSource(op.sym_name.data, render_kernel(op)))
    # nvcc may be slow, and fails with a BoltError that names the kernel.
    builder = Builder(Target.named(target_name), jobs=1, batch_size=len(sources), show_progress=False)
    builder.compile_kernels(sources)


def is_tensor_op(kernel: KernelOp) -> bool:
    return kernel.template_attr.family in ("gemm", "gemm_sm90", "conv2d", "conv2d_sm90")


def renamed_kernel(module: ModuleOp, name: str) -> KernelOp:
    """The module's one kernel, now called `name`, as is its launch."""
    (kernel,) = (op for op in module.ops if isinstance(op, KernelOp))
    kernel.sym_name = StringAttr(name)
    for op in module.walk():
        if isinstance(op, LaunchOp):
            op.kernel = SymbolRefAttr(name)
    return kernel


def emulate(cuda: str, folder: Path) -> ctypes.CDLL:
    """The kernels compiled for the CPU."""
    source, library = folder / "kernels.cpp", folder / "kernels.so"
    source.write_text(f'#include "{TESTS / "support" / "cuda_on_cpu.h"}"\n{cuda}')
    # nvcc hands C++ to g++ with the include folders of its headers.
    command = [Nvcc.find().path, "-x", "c++", "-std=c++17", "-O1", "-w", "-shared", "-Xcompiler=-fPIC", "-cudart=none"]
    subprocess.run([*command, source, "-o", library], check=True)
    return ctypes.CDLL(str(library))


def call(library: ctypes.CDLL, name: str, module: ModuleOp, arrays: list[Array], output: Array) -> Array:
    """Runs the module's one launch; every buffer is an argument of main, or a view of one."""
    (launch,) = (op for op in module.walk() if isinstance(op, LaunchOp))
    buffers = [np.ascontiguousarray(array) for array in (*arrays, output)]
    addresses = [buffers[argument_index(value)].ctypes.data for value in launch.operands]
    integers = list(launch.integers.values())
    status = library[f"boltir_{name}"](
        (ctypes.c_void_p * len(addresses))(*addresses), (ctypes.c_int64 * len(integers))(*integers), None
    )
    assert status == 0
    return buffers[-1]


def argument_index(value: SSAValue) -> int:
    while isinstance(value.owner, ReinterpretOp):
        value = value.owner.input
    assert isinstance(value.owner, Block)
    return value.owner.args.index(value)
