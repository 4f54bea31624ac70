"""Walking an ONNX graph and building the module."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from onnx import GraphProto, NodeProto, TensorProto
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue

from boltir.errors import BoltError, UnsupportedError
from boltir.frontends.imported import ImportedModel
from boltir.frontends.onnx.builder import GraphBuilder
from boltir.frontends.onnx.evaluate import can_evaluate, evaluate
from boltir.frontends.onnx.inputs import input_types, network_inputs
from boltir.frontends.onnx.liveness import live_nodes
from boltir.frontends.onnx.names import printable, value_hint
from boltir.frontends.onnx.node import Node, node_label
from boltir.frontends.onnx.proto import Model
from boltir.frontends.onnx.registry import Converter, converters
from boltir.frontends.onnx.schema import checked_attributes
from boltir.frontends.onnx.support import check_supported
from boltir.frontends.onnx.values import Constant, Shape, Value

Scope = ChainMap[str, Value]
"""What each name of a model stands for; a subgraph adds a map of its own."""


def import_model(model: Model, input_shapes: Mapping[str, Shape]) -> ImportedModel:
    """The module and weights of `model`, specialised to `input_shapes`.

    Raises:
        BoltError: the model or the shapes are wrong, or boltir does not support the model.
    """
    graph = model.proto.graph
    if not graph.output:
        raise BoltError("the model has no outputs")
    inputs = network_inputs(graph)
    types = input_types(inputs, input_shapes)
    block = Block(arg_types=types)
    scope: Scope = ChainMap()
    for argument, value in zip(block.args, inputs, strict=True):
        argument.name_hint = value_hint(value.name)
        scope[value.name] = argument
    builder = GraphBuilder(block)
    results = [builder.tensor(value) for value in _GraphImport(model, builder).run(graph, scope)]
    block.add_op(ReturnOp(*results))
    main = FuncOp("main", (types, [result.type for result in results]), Region(block))
    attributes = {
        "graph.input_names": ArrayAttr(StringAttr(value.name) for value in inputs),
        "graph.output_names": ArrayAttr(StringAttr(value.name) for value in graph.output),
    }
    return ImportedModel(ModuleOp([main], attributes), builder.weights)


@dataclass
class _GraphImport:
    """Imports a graph and the subgraphs that its nodes hold, into one block."""

    model: Model
    builder: GraphBuilder

    def run(self, graph: GraphProto, scope: Scope) -> list[Value]:
        """Import `graph`, whose inputs are in `scope`; its outputs."""
        if graph.sparse_initializer:
            raise UnsupportedError("sparse tensors are not supported", where="model", hint="store them densely")
        for tensor in graph.initializer:
            scope[tensor.name] = self._constant(tensor)
        nodes, needed = live_nodes(graph)
        check_supported(nodes, lambda name: isinstance(scope.get(name), Constant))
        for node in nodes:
            self._import_node(node, scope, needed)
        return [_look_up(output.name, scope, "the model's outputs") for output in graph.output]

    def _constant(self, tensor: TensorProto) -> Constant:
        return Constant(tensor.name, lambda: self.model.array(tensor))

    def _import_node(self, node: NodeProto, scope: Scope, needed: set[str]) -> None:
        """Import one node and enter its results into `scope`."""
        where = node_label(node)
        inputs = [_look_up(name, scope, where) if name else None for name in node.input]
        attributes = checked_attributes(node, self.model.opset, where)
        converter = converters().get(node.op_type)
        results = self._folded(node, inputs, converter, where)
        if results is None and converter is None:
            raise UnsupportedError("this operator is supported on constants only", where=where)
        if results is None and converter is not None:
            inline = partial(self._inline, scope=scope)
            view = Node(node, self.model.opset, inputs, attributes, self.builder, inline, self.model.array)
            converted = converter.convert(view)
            results = list(converted) if isinstance(converted, Sequence) else [converted]
        _enter(node, results or [], scope, needed)

    def _inline(self, graph: GraphProto, scope: Scope) -> list[Value]:
        return self.run(graph, scope.new_child())

    def _folded(
        self, node: NodeProto, inputs: Sequence[Value | None], converter: Converter | None, where: str
    ) -> Sequence[Value] | None:
        """The results of a node whose operands are all known; None if its converter has to run."""
        known = [value for value in inputs if not isinstance(value, SSAValue)]
        if len(known) < len(inputs) or not can_evaluate(node) or not (converter is None or converter.fold):
            return None
        try:
            arrays = evaluate(node, self.model.opset, [value and value.array for value in known], where)
        except UnsupportedError:
            if converter is None:
                raise
            return None
        return [Constant.of(name, array) for name, array in zip(node.output, arrays, strict=False)]


def _enter(node: NodeProto, results: Sequence[Value], scope: Scope, needed: set[str]) -> None:
    """Give each of the node's `results` the name that the model has for it."""
    for index, name in enumerate(node.output):
        if not name:
            continue
        if name in scope.maps[0]:
            raise BoltError(f"the model defines '{printable(name)}' twice", where=node_label(node))
        if index < len(results):
            scope[name] = results[index]
        elif name in needed:
            raise UnsupportedError(f"its output {index} is used, which boltir does not compute", where=node_label(node))


def _look_up(name: str, scope: Scope, where: str) -> Value:
    value = scope.get(name)
    if value is None:
        hint = "the model is damaged, or its nodes are not in topological order"
        raise BoltError(f"it reads '{printable(name)}', which nothing before it defines", where=where, hint=hint)
    return value
