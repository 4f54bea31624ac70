"""Building small networks at the graph level, with weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from xdsl.builder import Builder
from xdsl.dialects.builtin import (
    FunctionType,
    ModuleOp,
    NameLoc,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnknownLoc,
    f32,
    i64,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, SSAValue
from xdsl.rewriter import InsertPoint

from boltir.context import CompilerContext
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.values import WeightOp
from boltir.dialects.tensors import Shape
from boltir.interpreters import run
from boltir.interpreters.arrays import numpy_dtype

Array = npt.NDArray[Any]
T = TypeVar("T")


def named(name: str) -> NameLoc:
    """The location of a node of that name."""
    return NameLoc(StringAttr(name), UnknownLoc())


@dataclass
class NetworkBuilder:
    """Adds operations to the body of `@main` and keeps the weights they read."""

    random: np.random.Generator
    context: CompilerContext = field(default_factory=CompilerContext)
    inputs: list[Array] = field(default_factory=list[Array])
    function: FuncOp = field(default_factory=lambda: FuncOp("main", ([], [])))

    def __post_init__(self) -> None:
        self.build = GraphBuilder(Builder(InsertPoint.at_end(self.function.body.block)), named("inputs"))

    def argument(self, array: Array, element: Attribute = f32) -> SSAValue:
        """A new argument of `@main`, for which `array` is the input."""
        self.inputs.append(array)
        block = self.function.body.block
        return block.insert_arg(TensorType(element, array.shape), len(block.args))

    def image(self, n: int, c: int, h: int, w: int) -> SSAValue:
        """A new argument of normally distributed numbers."""
        return self.argument(self.random.standard_normal((n, c, h, w)).astype(np.float32))

    def ids(self, batch: int, tokens: int, vocabulary: int) -> SSAValue:
        """A new argument of indices below `vocabulary`."""
        return self.argument(self.random.integers(0, vocabulary, (batch, tokens)), i64)

    def add(self, op_type: type[GraphOp], *operands: SSAValue, **properties: Attribute) -> SSAValue:
        """The result of a new operation, which has a location of its own."""
        self.build = GraphBuilder(self.build.builder, named(f"node_{self.size}"))
        return self.build.add(op_type, operands, properties)

    @property
    def size(self) -> int:
        """Grows with the network: a source of fresh names."""
        return len(self.context.weights.added) + len(self.inputs)

    def weight(self, array: Array, element: Attribute = f32) -> SSAValue:
        """A weight that holds `array`."""
        name = self.context.weights.add(f"w{self.size}", array.astype(numpy_dtype(element)))
        result = TensorType(element, array.shape)
        return self.build.insert(WeightOp(result_types=[result], properties={"symbol": SymbolRefAttr(name)}))

    def normal(self, *shape: int, fan_in: int = 1) -> SSAValue:
        """A weight of normally distributed numbers, scaled such that products of `fan_in` stay small."""
        return self.weight(self.random.standard_normal(shape) / np.sqrt(fan_in))

    def mask(self, tokens: int) -> SSAValue:
        """A weight that hides later tokens, with the lowest f32 as infinity."""
        return self.weight(np.triu(np.full((tokens, tokens), np.finfo(np.float32).min), 1))

    def concat(self, values: Sequence[SSAValue], axis: int) -> SSAValue:
        """The values joined along `axis`."""
        return self.build.concat(values, axis)

    def scalar(self, value: float, shape: Shape = ()) -> SSAValue:
        """A constant of equal elements."""
        return self.build.splat(value, TensorType(f32, shape))

    def chance(self, probability: float = 0.5) -> bool:
        """True with that probability."""
        return bool(self.random.random() < probability)

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`."""
        return choices[int(self.random.integers(len(choices)))]

    def finish(self, *results: SSAValue) -> Network:
        """The module whose `@main` returns `results`."""
        block = self.function.body.block
        block.add_op(ReturnOp(*results))
        self.function.function_type = FunctionType.from_lists(block.arg_types, [value.type for value in results])
        module = ModuleOp([self.function])
        module.verify()
        return Network(module, self.context, self.inputs)


@dataclass
class Network:
    """A module, the context that has its weights, and inputs for it."""

    module: ModuleOp
    context: CompilerContext
    inputs: list[Array]

    def outputs(self) -> list[Array]:
        """What `@main` computes from the inputs."""
        return run(self.module, self.inputs, self.context.weights)

    def ops(self, op_type: type[GraphOp]) -> list[GraphOp]:
        """The operations of one kind, in order."""
        return [op for op in self.module.walk() if isinstance(op, op_type)]
