"""What kernels of dependent products compute: each product and its epilogue, up to the last accumulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from xdsl.interpreter import Interpreter

from boltir.dialects.cutlass.chain import ChainAttr, ChainConv2dParameters
from boltir.dialects.cutlass.kernel import KernelOp
from boltir.interpreters.arrays import Array, convert, widen
from boltir.interpreters.epilogue import run_epilogue
from boltir.interpreters.launch import Anchored, Launch
from boltir.interpreters.reference.linear import matmul
from boltir.interpreters.templates import ANCHORS


def last_product(
    interpreter: Interpreter, kernel: KernelOp, template: ChainAttr, launch: Launch
) -> tuple[Anchored, Launch]:
    """The last accumulator [rows, columns], and the launch with no operands but those of the last epilogue."""
    rows, columns = template.rows(launch.integers), template.columns(launch.integers)
    *stages, last = _by_epilogue(kernel, launch)
    values = _first_product(template, launch)
    for i, (stage, (depth, width)) in enumerate(zip(stages, pairwise(columns), strict=True)):
        shape = (rows, columns[i])
        operands = (stage.epilogue_operand(j, shape, None) for j in range(len(stage.epilogue_operands)))
        (result,) = run_epilogue(interpreter, kernel.stages[i], [values, *operands], shape)
        intermediate = widen(convert(result, launch.inputs[0].dtype))
        values = matmul(intermediate, _weight(launch, i + 1, depth, width))
    return Anchored(values), last


def _by_epilogue(kernel: KernelOp, launch: Launch) -> Iterator[Launch]:
    """The launch with the operands of each epilogue alone."""
    first = 0
    for stage in (*kernel.signature.stages, kernel.signature):
        end = first + len(stage.epilogue_operands)
        yield replace(launch, epilogue_operands=launch.epilogue_operands[first:end], broadcasts=stage.broadcasts)
        first = end


def _first_product(template: ChainAttr, launch: Launch) -> Array:
    rows, depth, width = (
        template.rows(launch.integers),
        template.depth(launch.integers),
        template.columns(launch.integers)[0],
    )
    if isinstance(template, ChainConv2dParameters):
        return ANCHORS["conv2d"](launch).accumulator.reshape(rows, width)
    return matmul(launch.input(0, (rows, depth)), _weight(launch, 0, depth, width))


def _weight(launch: Launch, product: int, depth: int, width: int) -> Array:
    """The second operand [depth, width] of a product."""
    strides = (width, 1) if launch.template.get("layout_b") == "row" else (1, depth)
    return launch.input(product + 1, (depth, width), strides)
