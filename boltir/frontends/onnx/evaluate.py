"""Computing nodes whose operands are known at import, such as shape arithmetic, with ONNX's reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import NodeProto

from boltir.errors import BoltError, UnsupportedError
from boltir.frontends.onnx.element_types import Array
from boltir.frontends.onnx.names import printable

LARGEST_RESULT = 1 << 28
"""Elements that a constant may grow to; a small hostile file could ask for any number."""

_RANDOM = frozenset(
    {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
)


def can_evaluate(node: NodeProto) -> bool:
    """Whether `node` is a function of its operands alone, and of at least one."""
    has_subgraph = any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)
    return len(node.input) > 0 and node.domain in ("", "ai.onnx") and node.op_type not in _RANDOM and not has_subgraph


def evaluate(node: NodeProto, opset: int, operands: Sequence[Array | None], where: str) -> tuple[Array, ...]:
    """The results of `node`.

    Raises:
        BoltError: the operands do not fit the operator.
        UnsupportedError: ONNX's reference does not know the operator, or the result is too large.
    """
    from onnx.reference import ReferenceEvaluator
    from onnx.reference.ops import load_op

    given = [operand for operand in operands if operand is not None]
    if _result_size(node.op_type, given) > LARGEST_RESULT:
        raise UnsupportedError(f"its constant result has more than {LARGEST_RESULT} elements", where=where)
    parameters: dict[str, Any] = {"log": _ignore, "opsets": {"": opset}, "verbose": 0, "new_ops": None}
    try:
        implementation = load_op("", node.op_type, opset, evaluator_cls=ReferenceEvaluator)
    except Exception:  # no implementation, or one for which the reference wants to know more
        raise UnsupportedError("it cannot be computed at import", where=where) from None
    try:
        with np.errstate(all="ignore"):
            results = implementation(node, parameters).run(*operands)
    except Exception as error:  # the reference checks nothing: numpy raises whatever it likes
        brief = printable((str(error).splitlines() or [""])[0], 200)
        raise BoltError(f"computing its constant result failed: {type(error).__name__}: {brief}", where=where) from None
    if not all(isinstance(result, np.ndarray | np.generic) for result in results):
        raise UnsupportedError("results that are not tensors are not supported", where=where)
    return tuple(np.asarray(result) for result in results)


def _ignore(*_: object) -> None:
    """The reference reports each step to its log."""


def _result_size(op_type: str, operands: Sequence[Array]) -> float:
    """The elements of the result of an operator whose operands' values decide them; 0 for others."""
    try:
        match op_type, operands:
            case "ConstantOfShape", [shape]:
                return math.prod(float(extent) for extent in shape.ravel())
            case "Expand", [data, shape]:
                return data.size * math.prod(float(extent) for extent in shape.ravel())
            case "Tile", [data, repeats]:
                return data.size * math.prod(float(count) for count in repeats.ravel())
            case "Range", [start, limit, delta]:
                return abs((float(limit) - float(start)) / float(delta))
            case _:
                return 0
    except (ArithmeticError, TypeError, ValueError):  # the reference will say what is wrong
        return 0
