"""Writing ONNX models in few words, with random weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import GraphProto, ModelProto, TensorProto, ValueInfoProto, helper, numpy_helper, shape_inference

Array = npt.NDArray[Any]
Attribute = int | float | str | Sequence[int] | Sequence[float]


@dataclass
class OnnxModel:
    """A model under construction. Every method that adds a value returns the value's name.

    Attributes:
        opset: the version of the operators.
        random: where weights come from.
    """

    opset: int = 17
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    graph: GraphProto = field(default_factory=lambda: GraphProto(name="main_graph"))

    def input(self, name: str, shape: Sequence[int | str], dtype: int = TensorProto.FLOAT) -> str:
        """A network input; a named extent is dynamic."""
        self.graph.input.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def constant(self, array: Array, name: str | None = None) -> str:
        """An initializer."""
        name = name or f"onnx::constant_{len(self.graph.initializer)}"
        self.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, name: str, *shape: int) -> str:
        """An f32 initializer of such a scale that a sum over all dimensions but the first keeps the variance."""
        fan_in = int(np.prod(shape[1:])) or 1
        array = self.random.standard_normal(shape, dtype=np.float32) * np.float32(np.sqrt(2 / fan_in))
        return self.constant(array, name)

    def matrix(self, name: str, rows: int, columns: int) -> str:
        """An f32 initializer to multiply with from the right."""
        array = self.random.standard_normal((rows, columns), dtype=np.float32) / np.float32(np.sqrt(rows))
        return self.constant(array, name)

    def vector(self, name: str, size: int, low: float = -0.2, high: float = 0.2) -> str:
        """An f32 initializer, uniform between two numbers: a bias, a scale, a statistic."""
        return self.constant(self.random.uniform(low, high, size).astype(np.float32), name)

    def integers(self, *values: int) -> str:
        """An i64 initializer: a shape, axes, indices."""
        return self.constant(np.array(values, np.int64))

    def number(self, value: float) -> str:
        """A scalar in a Constant node, the way torch.onnx writes the numbers in a formula."""
        return self.node("Constant", value=numpy_helper.from_array(np.array(value, np.float32)))

    def node(self, op_type: str, *inputs: str, **attributes: Attribute | TensorProto) -> str:
        """A node with one output."""
        return self.nodes(op_type, inputs, 1, attributes)[0]

    def nodes(
        self, op_type: str, inputs: Sequence[str], outputs: int, attributes: Mapping[str, Attribute | TensorProto]
    ) -> list[str]:
        """A node with several outputs."""
        index = len(self.graph.node)
        names = [f"/{op_type}_{index}_output_{i}" for i in range(outputs)]
        made = helper.make_node(op_type, inputs, names, f"/{op_type}_{index}")
        made.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.graph.node.append(made)
        return names

    def build(self, **outputs: str) -> ModelProto:
        """The model, whose outputs are values by the names they get; checked by ONNX's shape inference."""
        for name, value in outputs.items():
            self.graph.node.append(helper.make_node("Identity", [value], [name], f"/{name}"))
            self.graph.output.append(ValueInfoProto(name=name))
        opsets = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(self.graph, opset_imports=opsets, ir_version=8, producer_name="pytorch")
        inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        del model.graph.output[:]
        model.graph.output.extend(inferred.graph.output)
        return model
