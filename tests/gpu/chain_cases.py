"""Kernels of dependent products as fused-level IR, with the template attached that is to compute them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp, TensorType, bf16, f16, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Region, SSAValue

from boltir.compiler import Network, run_pipeline
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.cutlass.chain_conv2d import ChainConv2dAttr
from boltir.dialects.cutlass.chain_gemm import ChainGemmAttr
from boltir.dialects.cutlass.choice import CHOICE_ATTRIBUTE, ChoiceAttr
from boltir.dialects.cutlass.template import ParameterValue
from boltir.dialects.fused import ChainOp, Conv2dOp, FusedOp, GemmOp, YieldOp
from boltir.dialects.fused.chain import ResidenceAttr
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.properties import bool_attr, ints
from boltir.dialects.tensors import Shape, compute_type, element_type
from boltir.interpreters.arrays import numpy_dtype
from boltir.interpreters.reference.convolution import conv2d, window_of
from boltir.lowering.fused_to_cutlass.chains.problem import legal_chain_selection
from boltir.lowering.fused_to_cutlass.selection import Selection
from boltir.target import Target
from tests.gpu.epilogue_cases import Array, Epilogue, Exact, Tensor, everything, gelu, relu, same, silu, total


@dataclass(frozen=True, eq=False)
class Stage:
    """A product of a chain, and what becomes of it."""

    columns: int
    epilogue: Epilogue = same
    operands: tuple[Tensor, ...] = ()

    def result(self, product: Array, operands: Iterator[Array]) -> Array:
        """The epilogue of `product` with the next of `operands`, in f64."""
        (value,) = self.epilogue(Exact(), product, *(next(operands) for _ in self.operands))
        return value


@dataclass(frozen=True, eq=False)
class ChainCase:
    """A chain of products of an [M, K] matrix, or of a 3x3 convolution of images and 1x1 convolutions behind it."""

    name: str
    target: str
    template: ChainAttr
    a: Shape
    stages: tuple[Stage, ...]
    element: Attribute = f16
    output: Attribute = f16
    stride: int = 1

    @property
    def is_convolution(self) -> bool:
        return len(self.a) == 4

    @property
    def is_transposed(self) -> bool:
        """Whether weights are [columns, depth], as filters are, instead of [depth, columns]."""
        return self.template.values().get("layout_b") != "row"

    @property
    def weights(self) -> tuple[Shape, ...]:
        columns = [stage.columns for stage in self.stages]
        if not self.is_convolution:
            depths = (self.a[-1], *columns[:-1])
            return tuple(zip(*((columns, depths) if self.is_transposed else (depths, columns)), strict=True))
        behind = zip(columns[1:], columns[:-1], strict=True)
        return ((columns[0], 3, 3, self.a[-1]), *((n, 1, 1, k) for n, k in behind))

    @property
    def arguments(self) -> tuple[Tensor, ...]:
        """What `@main` takes: A, the weights, the operands of each epilogue."""
        operands = (tensor for stage in self.stages for tensor in stage.operands)
        return ((self.a, self.element), *((shape, self.element) for shape in self.weights), *operands)

    def module(self) -> ModuleOp:
        """A module at the fused level."""
        types = [TensorType(element, shape) for shape, element in self.arguments]
        block = Block(arg_types=types)
        chain = self._chain(block.args)
        block.add_ops([chain, ReturnOp(chain.output)])
        return ModuleOp([FuncOp("main", (types, [chain.output.type]), Region(block))])

    def lowered(self) -> Network:
        """The case at the cutlass level: the template is selected."""
        network = Network(self.module())
        network.module.verify()
        run_pipeline(network, (f"convert-fused-to-cutlass{{target={self.target}}}", "plan-memory"))
        return network

    @property
    def intermediate_dtype(self) -> str:
        return numpy_dtype(self.element).name

    @property
    def output_dtype(self) -> str:
        return numpy_dtype(self.output).name

    def _chain(self, arguments: Sequence[SSAValue]) -> ChainOp:
        body = Block(arg_types=[value.type for value in arguments])
        value, operands = body.args[0], iter(body.args[1 + len(self.stages) :])
        for i, stage in enumerate(self.stages):
            element = self.output if stage is self.stages[-1] else self.element
            op = self._anchor(i, value, body.args[1 + i], [next(operands) for _ in stage.operands], element)
            body.add_op(op)
            value = op.outputs[0]
        body.add_op(YieldOp(operands=[[value]]))
        chain = ChainOp.build(
            operands=[arguments],
            properties={"residence": ResidenceAttr(self.template.intermediates)},
            result_types=[value.type],
            regions=[Region(body)],
        )
        answer = legal_chain_selection(chain, self.template, Target.named(self.target))
        assert isinstance(answer, Selection), (self.name, answer)
        chain.attributes[CHOICE_ATTRIBUTE] = ChoiceAttr.of(self.template, answer.arguments)
        return chain

    def _anchor(
        self, i: int, value: SSAValue, weight: SSAValue, operands: Sequence[SSAValue], element: Attribute
    ) -> FusedOp:
        scalar = Block(arg_types=[compute_type(self.element), *(compute_type(element_type(one)) for one in operands)])
        results = list(self.stages[i].epilogue(ScalarBuilder(scalar), *scalar.args))
        scalar.add_op(YieldOp(operands=[results]))
        border, step = (1, self.stride) if i == 0 else (0, 1)
        window = {"padding": ints((border,) * 4), "strides": ints((step, step))}
        properties = window if self.is_convolution else {"transpose_b": bool_attr(self.is_transposed)}
        return (Conv2dOp if self.is_convolution else GemmOp).build_kernel(
            [value, weight],
            properties,
            result_element_types=[element],
            epilogue_operands=operands,
            epilogue=Region(scalar),
        )

    def random_arguments(self, seed: int) -> list[Array]:
        """Uniform numbers between -1 and 1; weights so small that no product grows."""
        random = np.random.default_rng(seed)
        arrays = [random.uniform(-1, 1, shape) for shape, _ in self.arguments]
        for i, shape in enumerate(self.weights, 1):
            arrays[i] *= 2 / np.sqrt(np.prod(shape[1:]) if self.is_transposed else shape[0])
        return [array.astype(numpy_dtype(element)) for array, (_, element) in zip(arrays, self.arguments, strict=True)]

    def expected(self, arguments: Sequence[Array]) -> list[Array]:
        """The output in f64, but for the intermediates, which are rounded to their type."""
        exact = [array.astype(np.float64) for array in arguments]
        first, *weights = exact[1 : 1 + len(self.stages)]
        operands = iter(exact[1 + len(self.stages) :])
        product = self._convolved(exact[0], first) if self.is_convolution else exact[0] @ self._matrix(first)
        for stage, weight in zip(self.stages, weights, strict=False):
            value = stage.result(product, operands).astype(numpy_dtype(self.element)).astype(np.float64)
            product = value @ self._matrix(weight)
        return [self.stages[-1].result(product, operands)]

    def _matrix(self, weight: Array) -> Array:
        """[depth, columns]."""
        return weight.reshape(weight.shape[0], -1).T if self.is_transposed else weight

    def _convolved(self, image: Array, filters: Array) -> Array:
        steps = (self.stride, self.stride)
        extents = tuple((extent + 2 - 3) // self.stride + 1 for extent in self.a[1:3])
        return conv2d(image, filters, window_of((3, 3), extents, steps, (1, 1), (1, 1)), 1)


def biased_relu(b: Any, x: Any, bias: Any) -> tuple[Any, ...]:
    return (relu(b, b.add(x, bias)),)


def biased_gelu(b: Any, x: Any, bias: Any) -> tuple[Any, ...]:
    return (gelu(b, b.add(x, bias)),)


def scaled_silu(b: Any, x: Any, bias: Any, scalar: Any, scale: Any) -> tuple[Any, ...]:
    return (b.multiply(silu(b, b.add(b.multiply(x, scale), bias)), scalar),)


@dataclass(frozen=True)
class Tiles:
    """Tiles of a kernel of CUTLASS 2.x.

    Attributes:
        warps: how many share each product along M and N; one pair, with `(rows, 1)`, keeps intermediates in registers.
        last: the columns of the last product's tile, if it has more than the product.
        depth: what a step sums over.
        layout_b: of the weights of matrix products.
    """

    rows: int = 64
    warps: tuple[tuple[int, int], ...] = ((4, 1),)
    last: int | None = None
    depth: int = 32
    layout_b: str = "column"

    def template(self, target: str, columns: Sequence[int], math: str, convolution: bool) -> ChainAttr:
        machine, count = Target.named(target), len(columns)
        tile_n = (*columns[:-1], self.last or columns[-1])
        warps = self.warps if len(self.warps) > 1 else self.warps * count
        values: dict[str, ParameterValue] = {
            "math": math,
            "residence": "smem" if len(self.warps) > 1 else "rf",
            "threadblock_m": self.rows,
            "threadblock_n": tile_n,
            "threadblock_k": (self.depth,) * count,
            "warp_m": tuple(self.rows // down for down, _ in warps),
            "warp_n": tuple(n // across for n, (_, across) in zip(tile_n, warps, strict=True)),
            "instruction": (16, 8, 16) if machine.has_async_copy else (16, 8, 8),
            "stages": 3 if machine.has_async_copy else 2,
        }
        return ChainConv2dAttr.of(**values) if convolution else ChainGemmAttr.of(**values, layout_b=self.layout_b)


PLAIN = Tiles()
SHARED = Tiles(warps=((2, 2), (2, 2)))


def chain(
    name: str, a: Shape, stages: Sequence[Stage], tiles: Tiles = PLAIN, target: str = "sm_80", **rest: Any
) -> ChainCase:
    element = rest.get("element", f16)
    columns = [stage.columns for stage in stages]
    template = tiles.template(target, columns, str(element), len(a) == 4)
    form = f"{template.intermediates.value}-{tiles.rows}x{'x'.join(map(str, columns))}"
    return ChainCase(f"{name}, {form}, {target}", target, template, a, tuple(stages), **rest)


def biased(columns: int, epilogue: Epilogue = biased_relu, element: Attribute = f16) -> Stage:
    return Stage(columns, epilogue, (((columns,), element),))


def finished(rows: Shape, columns: int) -> Stage:
    """Operands of every kind in five types."""
    return Stage(
        columns,
        everything,
        (((columns,), f32), ((*rows, 1), bf16), ((1,), f16), ((*rows, columns), f32), ((columns,), bf16)),
    )


def residual(rows: Shape, columns: int) -> Stage:
    return Stage(columns, total, (((columns,), f16), ((*rows, columns), f16)))


def cases() -> Iterator[ChainCase]:
    for target in ("sm_80", "sm_75"):
        yield chain("bias relu, bias gelu", (1000, 72), [biased(64), biased(128, biased_gelu)], target=target)
        yield chain("no epilogue", (1000, 96), [Stage(32), Stage(96)], Tiles(last=128), target)
        yield chain("residual", (200, 256), [biased(128), residual((200,), 64)], SHARED, target)
        yield chain("three", (1000, 64), [biased(64), biased(96, biased_gelu), residual((1000,), 32)], PLAIN, target)
        image, rows = (3, 14, 14, 24), (3, 14, 14)
        yield chain("conv", image, [biased(64), residual(rows, 64)], PLAIN, target)
        yield chain("conv, strided", image, [biased(64), biased(128)], SHARED, target, stride=2)
    scale = Stage(64, scaled_silu, (((64,), f32), ((1,), f16), ((64,), f32)))
    yield chain("scale, scalar; everything", (333, 64), [scale, finished((333,), 64)], output=f32)
    yield chain("bf16", (777, 40), [biased(64, element=bf16), biased(64, element=bf16)], element=bf16, output=bf16)
    yield chain("narrow", (2464, 8), [biased(32), biased(8)], Tiles(last=32))
    yield chain("wide", (1000, 64), [biased(256), biased(16)], Tiles(last=32))
    yield chain("steps of 64", (1000, 576), [biased(128), biased(64)], Tiles(rows=128, warps=((8, 1),), depth=64))
    yield chain("warps of 32 rows", (1000, 96), [biased(96), biased(64)], Tiles(rows=128, warps=((4, 1),)))
    yield chain("many", (130000, 96), [biased(32), biased(96)], Tiles(rows=128, last=128))
    wide = Tiles(warps=((2, 2), (1, 4)))
    yield chain("other warps", (999, 64), [biased(64), biased(256)], wide)
    yield chain("scale in shared memory", (333, 64), [scale, finished((333,), 64)], SHARED, output=f32)
    yield chain("four", (500, 64), [biased(64), biased(32), biased(64, biased_gelu), residual((500,), 128)])
    rows = [biased(64), biased(128, biased_gelu)]
    for target in ("sm_80", "sm_75"):
        yield chain("row-major", (500, 72), rows, Tiles(layout_b="row"), target)
        yield chain("row-major", (500, 72), rows, Tiles(warps=SHARED.warps, layout_b="row"), target)
        yield chain("three row-major", (500, 136), [*rows, residual((500,), 64)], Tiles(layout_b="row"), target)
    image = (2, 15, 13, 32)
    threes = [biased(96), biased(64, biased_gelu), residual((2, 15, 13), 32)]
    yield chain("conv, three", image, threes)
    yield chain("conv, everything", image, [biased(64), finished((2, 15, 13), 96)], Tiles(last=128), output=f32)


CHAIN_CASES = tuple(cases())
