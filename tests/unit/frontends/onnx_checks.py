"""Small ONNX models, and the check that an imported one computes what onnxruntime computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper
from onnxruntime import InferenceSession
from xdsl.dialects.builtin import ModuleOp

from boltir.frontends.imported import ImportedModel
from boltir.frontends.onnx import import_onnx
from boltir.interpreters import run

Array = npt.NDArray[Any]
Attribute = Any

F32 = TensorProto.FLOAT


def random(*shape: int, dtype: npt.DTypeLike = np.float32) -> Array:
    """Normal numbers with a fixed seed."""
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def integers(*values: int) -> Array:
    return np.array(values, np.int64)


def tensor_info(name: str, array: Array) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


def make_model(
    nodes: Sequence[NodeProto],
    inputs: Sequence[ValueInfoProto],
    outputs: Sequence[str],
    weights: Mapping[str, Array] | None = None,
    *,
    opset: int = 17,
) -> ModelProto:
    """A model whose outputs have whatever types its nodes give them."""
    graph = helper.make_graph(
        list(nodes),
        "graph",
        list(inputs),
        [ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


@dataclass(frozen=True)
class OneNode:
    """A model of one node; operands that are not inputs of the network are weights.

    Attributes:
        operands: None where an optional one is left out.
        known: which operands are weights.
    """

    op: str
    operands: Sequence[Array | None]
    known: Sequence[int] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])
    outputs: int = 1
    opset: int = 17

    def __str__(self) -> str:
        options = [f"{name}={value}" for name, value in self.attributes.items()]
        return "-".join([self.op, *options, f"opset{self.opset}"]).replace(" ", "")

    def model(self) -> ModelProto:
        names = [f"in{i}" if operand is not None else "" for i, operand in enumerate(self.operands)]
        outputs = [f"out{i}" for i in range(self.outputs)]
        node = helper.make_node(self.op, names, outputs, "the_node", **dict(self.attributes))
        given = {name: operand for name, operand in zip(names, self.operands, strict=True) if operand is not None}
        weights = {name: array for name, array in given.items() if int(name[2:]) in self.known}
        inputs = [tensor_info(name, array) for name, array in given.items() if name not in weights]
        return make_model([node], inputs, outputs, weights, opset=self.opset)

    def inputs(self) -> list[Array]:
        """The network's inputs."""
        return [array for i, array in enumerate(self.operands) if array is not None and i not in self.known]

    def module(self) -> ModuleOp:
        return import_onnx(self.model()).module

    def check(self, tolerance: float = 1e-5) -> ModuleOp:
        """The imported module, which computes what onnxruntime computes."""
        return check_model(self.model(), self.inputs(), tolerance=tolerance).module


def check_model(model: ModelProto, inputs: Sequence[Array], *, tolerance: float = 1e-5) -> ImportedModel:
    """The imported model, whose results agree with onnxruntime's in type, shape and value."""
    imported = import_onnx(model)
    imported.module.verify()
    results = run(imported.module, inputs, imported.weights)
    expected = run_onnxruntime(model, inputs)
    for result, reference in zip(results, expected, strict=True):
        assert result.dtype == reference.dtype
        assert result.shape == reference.shape
        np.testing.assert_allclose(
            result.astype(np.float64), reference.astype(np.float64), rtol=tolerance, atol=tolerance
        )
    return imported


def run_onnxruntime(model: ModelProto, inputs: Sequence[Array]) -> list[Array]:
    """The model's outputs by onnxruntime, as the model is written."""
    session = InferenceSession(model.SerializeToString())
    feeds = {value.name: array for value, array in zip(model.graph.input, inputs, strict=True)}
    return [np.asarray(result) for result in session.run(None, feeds)]


def op_names(module: ModuleOp) -> list[str]:
    """The graph operations of `module`, in order, without those that only bring constants in."""
    names = [op.name for op in module.walk() if op.name.startswith("graph.")]
    return [name.removeprefix("graph.") for name in names if name not in ("graph.constant", "graph.weight")]
