"""The problems on which benchmarks/own_kernels.py times boltir's own kernel families."""

from dataclasses import dataclass

WINDOW_3X3_S2 = "kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>"
WINDOW_3X3 = "kernel = array<i64: 3, 3>, padding = array<i64: 1, 1, 1, 1>"
SAME_3X3 = "padding = array<i64: 1, 1, 1, 1>"
MEAN, LARGEST = "kind = #fused.reduction_kind mean", "kind = #fused.reduction_kind max"
LINEAR, NEAREST = "mode = #graph.resize_mode linear", "mode = #graph.resize_mode nearest"
TO_NHWC, TO_NCHW = "permutation = array<i64: 0, 2, 3, 1>", "permutation = array<i64: 0, 3, 1, 2>"
PIXELS = "axes = array<i64: 1, 2>"
LAST = "axes = array<i64: -1>"
BY_COLUMNS = "transpose_b = true"


@dataclass(frozen=True)
class Problem:
    """A fused operation; tensors are written `2x3xf16`, operands of the epilogue `16xf16 row`.

    The epilogue adds the operands to half the accumulator.
    """

    name: str
    operation: str
    inputs: str
    result: str
    attributes: str = ""
    operands: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """A module at the fused level whose main is this one operation."""
        inputs = [f"tensor<{kind}>" for kind in self.inputs.split()]
        operands = [f"tensor<{operand.split()[0]}>" for operand in self.operands]
        values = [f"%t{i}" for i in range(len(inputs) + len(operands))]
        given, others = values[: len(inputs)], values[len(inputs) :]
        arguments = ", ".join(f"{value}: {kind}" for value, kind in zip(values, [*inputs, *operands], strict=True))
        anchor = f"({', '.join(given)} : {', '.join(inputs)})" if inputs else ""
        broadcasts = ", ".join(operand.split()[1] for operand in self.operands)
        epilogue = f" epilogue({', '.join(others)} : {', '.join(operands)}) [{broadcasts}]" if operands else ""
        attributes = f" {{{self.attributes}}}" if self.attributes else ""
        scalars = ", ".join(
            f"%{name}: f32" for name in (["acc"] if inputs else []) + [f"e{i}" for i in range(len(operands))]
        )
        return (
            f"func.func @main({arguments}) -> tensor<{self.result}> {{\n"
            f"  %y = fused.{self.operation}{anchor}{epilogue}{attributes} -> tensor<{self.result}> {{\n"
            f"  ^bb0({scalars}):\n{self._epilogue(bool(inputs))}  }}\n"
            f"  func.return %y : tensor<{self.result}>\n}}\n"
        )

    def _epilogue(self, has_accumulator: bool) -> str:
        if not self.operands:
            return "    fused.yield %acc : f32\n"
        lines = ["%half = arith.constant 5.0e-01 : f32"]
        lines.append(f"%s0 = arith.mulf {'%acc' if has_accumulator else '%e0'}, %half : f32")
        terms = [f"%e{i}" for i in range(0 if has_accumulator else 1, len(self.operands))]
        lines += [f"%s{i} = arith.addf %s{i - 1}, {term} : f32" for i, term in enumerate(terms, 1)]
        return "".join(f"    {line}\n" for line in (*lines, f"fused.yield %s{len(terms)} : f32"))


def rows(operation: str, count: int, length: int, *operands: str, attributes: str = "") -> Problem:
    """A reduction or normalisation of `count` rows."""
    name = f"{operation.replace('_', ' ')}, {count} rows of {length}"
    result = f"{count}x{1 if operation == 'reduce' else length}xf16"
    return Problem(name, operation, f"{count}x{length}xf16", result, attributes, operands)


LARGE = (
    Problem("sum of three tensors", "pointwise", "", "67108864xf16", "", ("67108864xf16 full",) * 3),
    Problem(
        "gate per image and channel",
        "pointwise",
        "",
        "64x56x56x256xf16",
        "",
        ("64x56x56x256xf16 full", "64x1x1x256xf16 general"),
    ),
    Problem(
        "transpose of matrices", "transpose", "8x4096x2048xf16", "8x2048x4096xf16", "permutation = array<i64: 0, 2, 1>"
    ),
    Problem("NHWC to NCHW, 256 channels", "transpose", "64x56x56x256xf16", "64x256x56x56xf16", TO_NCHW),
    Problem("NCHW to NHWC, 256 channels", "transpose", "64x256x56x56xf16", "64x56x56x256xf16", TO_NHWC),
    Problem("NHWC to NCHW, 7x7 pixels", "transpose", "256x7x7x2048xf16", "256x2048x7x7xf16", TO_NCHW),
    Problem("NCHW to NHWC, 7x7 pixels", "transpose", "256x2048x7x7xf16", "256x7x7x2048xf16", TO_NHWC),
    Problem("NCHW f32 to NHWC, 8 channels", "transpose", "64x8x224x224xf32", "64x224x224x8xf16", TO_NHWC),
    Problem("NCHW f32 to NHWC, 4 channels", "transpose", "64x4x224x224xf32", "64x224x224x4xf16", TO_NHWC),
    Problem(
        "depthwise 3x3",
        "depthwise_conv2d",
        "64x56x56x256xf16 3x3x256xf16",
        "64x56x56x256xf16",
        SAME_3X3,
        ("256xf16 row",),
    ),
    Problem(
        "depthwise 3x3, residual, gate",
        "depthwise_conv2d",
        "32x56x56x256xf16 3x3x256xf16",
        "32x56x56x256xf16",
        SAME_3X3,
        ("256xf16 row", "32x56x56x256xf16 full", "32x1x1x256xf32 general"),
    ),
    Problem(
        "depthwise 3x3, stride 2",
        "depthwise_conv2d",
        "64x112x112x96xf16 3x3x96xf16",
        "64x56x56x96xf16",
        "strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>",
        ("96xf16 row",),
    ),
    Problem(
        "depthwise 5x5",
        "depthwise_conv2d",
        "64x28x28x672xf16 5x5x672xf16",
        "64x28x28x672xf16",
        "padding = array<i64: 2, 2, 2, 2>",
        ("672xf16 row",),
    ),
    Problem(
        "1 row times 8192x8192, B by columns",
        "gemm",
        "1x8192xf16 8192x8192xf16",
        "1x8192xf16",
        BY_COLUMNS,
        ("8192xf16 row",),
    ),
    Problem(
        "4 rows times 8192x8192, B by columns",
        "gemm",
        "4x8192xf16 8192x8192xf16",
        "4x8192xf16",
        BY_COLUMNS,
        ("8192xf16 row",),
    ),
    Problem(
        "1 row times 8192x8192, B by rows", "gemm", "1x8192xf16 8192x8192xf16", "1x8192xf16", "", ("8192xf16 row",)
    ),
    Problem(
        "4 rows times 8192x8192, B by rows", "gemm", "4x8192xf16 8192x8192xf16", "4x8192xf16", "", ("8192xf16 row",)
    ),
    Problem(
        "1 row times 25088x4096 (VGG)",
        "gemm",
        "1x25088xf16 4096x25088xf16",
        "1x4096xf16",
        BY_COLUMNS,
        ("4096xf16 row",),
    ),
    Problem("max pool 3x3, stride 2", "pool2d", "64x112x112x64xf16", "64x56x56x64xf16", f"{LARGEST}, {WINDOW_3X3_S2}"),
    Problem(
        "max pool 2x2, stride 2",
        "pool2d",
        "32x224x224x64xf16",
        "32x112x112x64xf16",
        f"{LARGEST}, kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>",
    ),
    Problem("mean pool 3x3", "pool2d", "64x56x56x256xf16", "64x56x56x256xf16", f"{MEAN}, {WINDOW_3X3}"),
    Problem("mean over 28x28 pixels", "reduce", "256x28x28x512xf16", "256x1x1x512xf16", f"{MEAN}, {PIXELS}"),
    Problem("mean over 7x7 pixels", "reduce", "512x7x7x2048xf16", "512x1x1x2048xf16", f"{MEAN}, {PIXELS}"),
    *(rows("reduce", (1 << 26) // n, n, attributes=f"{MEAN}, {LAST}") for n in (197, 768, 1000, 3072)),
    *(rows("softmax", (1 << 26) // n, n) for n in (197, 512, 768, 1000, 3072, 20000)),
    Problem("softmax over 64 channels of NCHW", "softmax", "64x64x128x128xf16", "64x64x128x128xf16", "axis = 1 : i64"),
    *(rows("layer_norm", (1 << 26) // n, n, f"{n}xf16 row", f"{n}xf16 row") for n in (197, 768, 1000, 3072, 20000)),
    Problem("gather of rows", "gather", "30522x768xf16 65536xi64", "65536x768xf16", "axis = 0 : i64", ("768xf16 row",)),
    Problem(
        "concat of three", "concat", "131072x256xf16 131072x128xf16 131072x128xf16", "131072x512xf16", "axis = 1 : i64"
    ),
    Problem(
        "zero padding",
        "pad",
        "64x56x56x256xf16",
        "64x58x58x256xf16",
        "low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>",
    ),
    Problem(
        "linear resize to 2x",
        "resize",
        "32x56x56x128xf16",
        "32x112x112x128xf16",
        f"{LINEAR}, sizes = array<i64: 32, 112, 112, 128>",
    ),
    Problem(
        "nearest resize to 2x",
        "resize",
        "32x56x56x128xf16",
        "32x112x112x128xf16",
        f"{NEAREST}, sizes = array<i64: 32, 112, 112, 128>",
    ),
)
"""Problems far larger than the L2 cache."""

SMALL = (
    Problem("NCHW f32 to NHWC, 8 channels", "transpose", "1x8x224x224xf32", "1x224x224x8xf16", TO_NHWC),
    Problem("max pool 3x3, stride 2", "pool2d", "1x112x112x64xf16", "1x56x56x64xf16", f"{LARGEST}, {WINDOW_3X3_S2}"),
    Problem("mean over 7x7 pixels", "reduce", "1x7x7x2048xf16", "1x1x1x2048xf16", f"{MEAN}, {PIXELS}"),
    Problem("mean over 112x112 pixels", "reduce", "1x112x112x64xf16", "1x1x1x64xf16", f"{MEAN}, {PIXELS}"),
    Problem("1 row times 2048x1000", "gemm", "1x2048xf16 1000x2048xf16", "1x1000xf16", BY_COLUMNS, ("1000xf16 row",)),
    Problem("1 row times 4096x4096", "gemm", "1x4096xf16 4096x4096xf16", "1x4096xf16", BY_COLUMNS, ("4096xf16 row",)),
    Problem("1 row times 768x768, B by rows", "gemm", "1x768xf16 768x768xf16", "1x768xf16", "", ("768xf16 row",)),
    *(rows("layer_norm", n, 768, "768xf16 row", "768xf16 row") for n in (1, 40, 197, 1280)),
    rows("softmax", 480, 40),
    rows("softmax", 2364, 197),
    Problem(
        "depthwise 3x3",
        "depthwise_conv2d",
        "1x28x28x192xf16 3x3x192xf16",
        "1x28x28x192xf16",
        SAME_3X3,
        ("192xf16 row",),
    ),
    Problem("sum of two tensors", "pointwise", "", "197x768xf16", "", ("197x768xf16 full",) * 2),
    Problem("gather of rows", "gather", "30522x768xf16 40xi64", "40x768xf16", "axis = 0 : i64"),
)
"""What runs between matrix products and convolutions at batch 1."""
