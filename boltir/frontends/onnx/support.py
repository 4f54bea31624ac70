"""Refusing a model that uses unsupported operators, all of them in one message."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from onnx import NodeProto

from boltir.errors import UnsupportedError
from boltir.frontends.onnx.evaluate import can_evaluate
from boltir.frontends.onnx.names import printable
from boltir.frontends.onnx.node import node_label
from boltir.frontends.onnx.registry import converters

_KNOWN_WITHOUT_OPERANDS = frozenset({"Constant", "Shape", "Size"})
_LISTED = 10

_HINTS = {
    "Loop": "loops are not supported; export the model without them, for example by tracing",
    "Scan": "loops are not supported; export the model without them, for example by tracing",
    **dict.fromkeys(
        (
            "DynamicQuantizeLinear",
            "QLinearConv",
            "QLinearMatMul",
            "ConvInteger",
            "MatMulInteger",
        ),
        "quantised models are not supported; export the model in f32 or f16",
    ),
}


def check_supported(nodes: Sequence[NodeProto], is_constant: Callable[[str], bool]) -> None:
    """Check that every node has a converter or only constant operands.

    Args:
        nodes: in topological order.
        is_constant: whether a name from outside of `nodes` stands for a constant.

    Raises:
        UnsupportedError: naming all operators that do not.
    """
    known: set[str] = {""}
    refused: dict[str, list[NodeProto]] = {}
    for node in nodes:
        is_standard = node.domain in ("", "ai.onnx")
        folds = can_evaluate(node) and all(name in known or is_constant(name) for name in node.input)
        if is_standard and (folds or node.op_type in _KNOWN_WITHOUT_OPERANDS):
            known.update(node.output)
        elif not is_standard or node.op_type not in converters():
            name = node.op_type if is_standard else f"{node.domain}.{node.op_type}"
            refused.setdefault(printable(name, 60), []).append(node)
    if refused:
        raise _refusal(refused)


def _refusal(refused: dict[str, list[NodeProto]]) -> UnsupportedError:
    listed = [f"{name} ({len(nodes)}, the first is {node_label(nodes[0])})" for name, nodes in refused.items()]
    if len(listed) > _LISTED:
        listed[_LISTED:] = [f"and {len(listed) - _LISTED} more"]
    hints = {_HINTS[name]: None for name in refused if name in _HINTS}
    if any("." in name for name in refused):
        hints["operators of custom domains are not supported"] = None
    hint = "; ".join(hints) or "docs/onnx-import.md lists what is supported"
    return UnsupportedError(f"the model uses operators that are not supported: {', '.join(listed)}", hint=hint)
