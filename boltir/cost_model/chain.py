"""Kernels of dependent products as work, and what they move."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from boltir.cost_model.chain_conv2d_sm90 import conv2d_sm90_work
from boltir.cost_model.chain_gemm_simt import simt_work
from boltir.cost_model.chain_gemm_sm90 import gemm_sm90_work
from boltir.cost_model.chain_tensor_op import tensor_op_chain_work
from boltir.cost_model.traffic import Traffic, operand_bytes, window_elements
from boltir.cost_model.work import Pace, Work
from boltir.dialects.cutlass.chain import ChainAttr, ChainConv2dParameters
from boltir.dialects.cutlass.chain_conv2d_sm90 import ChainConv2dSm90Attr
from boltir.dialects.cutlass.chain_gemm_simt import ChainGemmSimtAttr
from boltir.dialects.cutlass.chain_gemm_sm90 import ChainGemmSm90Attr
from boltir.dialects.cutlass.chain_tensor_op import ChainTensorOpAttr
from boltir.dialects.cutlass.memory import element_bits
from boltir.dialects.cutlass.template import KernelSignature
from boltir.target import Target


def chain_work(
    template: ChainAttr,
    integers: Mapping[str, int],
    signature: KernelSignature,
    target: Target,
    instructions: Sequence[int],
) -> tuple[Work, Pace]:
    """The work of a launch of a chain.

    Args:
        instructions: of each epilogue for each element, beyond those of the epilogues that were measured.

    Raises:
        TypeError: `template` is of a family that has no model.
    """
    match template:
        case ChainGemmSm90Attr():
            return gemm_sm90_work(template, integers, target, instructions)
        case ChainConv2dSm90Attr():
            return conv2d_sm90_work(template, integers, signature, target, instructions)
        case ChainTensorOpAttr():
            return tensor_op_chain_work(template, integers, signature, target)
        case ChainGemmSimtAttr():
            return simt_work(template, integers, target, instructions)
        case _:
            raise TypeError(f"there is no model of {template.family}")


def chain_traffic(template: ChainAttr, integers: Mapping[str, int], signature: KernelSignature) -> Traffic:
    """The bytes that a launch of a chain moves at least: intermediates stay on chip."""
    rows, columns = template.rows(integers), template.columns(integers)
    extents = (template.depth(integers), *columns)
    is_convolution = isinstance(template, ChainConv2dParameters)
    a = window_elements(integers) if is_convolution else rows * extents[0]
    operands = sum(
        operand_bytes(stage.epilogue_operands, stage.broadcasts, rows, width)
        for stage, width in zip((*signature.stages, signature), columns, strict=True)
    )
    stored = rows * columns[-1] * element_bits(signature.outputs[0]) // 8
    return Traffic(2 * a, 2 * sum(k * n for k, n in pairwise(extents)), operands, stored)
