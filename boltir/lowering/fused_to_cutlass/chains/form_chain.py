"""Putting products that feed each other into one `fused.chain`."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.dialects.cutlass import CHOICE_ATTRIBUTE, ChoiceAttr
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.cutlass.matrix import Layout
from boltir.dialects.fused import ChainOp, FusedOp, GemmOp, ResidenceAttr, YieldOp
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.properties import bool_attr
from boltir.dialects.tensors import static_shape
from boltir.lowering.fused_to_cutlass.chains.candidates import ChainCandidate
from boltir.lowering.fused_to_cutlass.chains.runs import inputs_of, members


def form_chain(anchors: Sequence[FusedOp], candidate: ChainCandidate) -> ChainOp:
    """Replace `anchors`, which are a run, by one kernel of the candidate's template."""
    _lay_out_weights(anchors, candidate.template)
    ops = members(anchors)
    inputs = inputs_of(ops)
    block = Block(arg_types=[value.type for value in inputs])
    arguments: dict[SSAValue, SSAValue] = dict(zip(inputs, block.args, strict=True))
    last = anchors[-1].outputs[0]
    chain = ChainOp(
        operands=[inputs],
        properties={"residence": ResidenceAttr(candidate.template.intermediates)},
        result_types=[last.type],
        regions=[Region(block)],
    )
    chain.location = anchors[0].location
    chain.attributes[CHOICE_ATTRIBUTE] = ChoiceAttr.of(candidate.template, candidate.arguments)
    set_origin(chain, (name for op in anchors for name in origin_of(op)))
    Rewriter.insert_op(chain, InsertPoint.after(anchors[-1]))
    chain.output.name_hint = last.name_hint
    last.replace_all_uses_with(chain.output)
    for op in ops:
        op.detach()
        block.add_op(op)
        op.operands = [arguments.get(value, value) for value in op.operands]
    block.add_op(YieldOp(operands=[[last]]))
    return chain


def _lay_out_weights(anchors: Sequence[FusedOp], template: ChainAttr) -> None:
    """Have products read the transpose of their weights where `template` takes column-major ones."""
    if template.values().get("layout_b", Layout.COLUMN.value) != Layout.COLUMN.value:
        return
    for op in anchors:
        if isinstance(op, GemmOp) and not op.transpose_b.value.data:
            *batch, k, n = range(len(static_shape(op.inputs[1])))
            op.operands[1] = GraphBuilder.before(op).transpose(op.inputs[1], (*batch, n, k))
            op.transpose_b = bool_attr(True)
