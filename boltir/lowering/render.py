"""Renders one `cutlass.kernel` to the CUDA C++ of its template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, IntegerType
from xdsl.ir import Attribute, Region
from xdsl.utils.hints import isa

from boltir.dialects.cutlass.kernel import KernelOp
from boltir.dialects.cutlass.store import Store
from boltir.dialects.cutlass.template import KernelSignature, StageSignature
from boltir.dialects.fused.broadcast import Broadcast
from boltir.dialects.fused.epilogue import yield_of
from boltir.dialects.tensors import compute_type
from boltir.errors import UnsupportedError
from boltir.lowering.epilogue_struct import epilogue_struct
from boltir.lowering.narrow_math import is_narrow
from boltir.lowering.scalar_code import cpp_scalar_type
from boltir.target import Target

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATE_GROUPS = ("attention", "chain", "simt", "sm90", "tensor_op")
"""The folders of templates, whose files are called by their names alone; those that several groups share lie beside."""


@dataclass(frozen=True)
class OperandView:
    """What a template knows of an operand: its C++ types, and how it broadcasts."""

    cuda_type: str
    cutlass_type: str
    compute_type: str
    broadcast: str = "full"


@dataclass(frozen=True)
class OutputView:
    """What a template knows of an output: its C++ types, that of the value it stores, and how it is stored.

    `rank`, `column_rank` (permuted), `combiner` and `along` (reduced) are as in `cutlass.store.Store`.
    """

    cuda_type: str
    cutlass_type: str
    compute_type: str
    store: str
    rank: int
    column_rank: int
    combiner: str
    along: str


@dataclass(frozen=True)
class StageView:
    """What a template of dependent products knows of an epilogue before the last: its operands, and its C++ struct.

    `first_operand` is the number of its first operand among those of all epilogues. Its value is of `compute_type`
    until it is rounded to the type of the inputs.
    """

    operands: list[OperandView]
    first_operand: int
    compute_type: str
    struct: str
    epilogue: str


def storage_types(element: Attribute) -> tuple[str, str]:
    """The C++ names of `element` in plain CUDA and in CUTLASS.

    Raises:
        UnsupportedError: there is no such type on the device.
    """
    if isinstance(element, Float16Type):
        return "__half", "cutlass::half_t"
    if isinstance(element, BFloat16Type):
        return "__nv_bfloat16", "cutlass::bfloat16_t"
    if isinstance(element, Float32Type):
        return "float", "float"
    if isa(element, IntegerType):
        name = cpp_scalar_type(element)
        return name, name
    raise UnsupportedError(f"tensors of {element} have no CUDA type")


def _view(element: Attribute, compute: Attribute, broadcast: str = "full") -> OperandView:
    return OperandView(*storage_types(element), cpp_scalar_type(compute), broadcast)


def _operand_views(stage: StageSignature | KernelSignature) -> list[OperandView]:
    operands = zip(stage.epilogue_operands, stage.broadcasts, strict=True)
    return [_view(element, compute_type(element), kind.value) for element, kind in operands]


def _stage_views(kernel: KernelOp) -> list[StageView]:
    """The epilogues before the last, as structs `Epilogue0`, `Epilogue1`, ..."""
    views: list[StageView] = []
    first = 0
    for i, (stage, region) in enumerate(zip(kernel.signature.stages, kernel.stages, strict=True)):
        operands, struct = _operand_views(stage), f"Epilogue{i}"
        yielded = cpp_scalar_type(yield_of(region).values[0].type)
        # Every stage gives its result to the next one in the type of the inputs.
        code = _epilogue(region, struct, [kernel.signature.inputs[0]], 1, stage.broadcasts)
        views.append(StageView(operands, first, yielded, struct, code))
        first += len(operands)
    return views


def _epilogue(
    region: Region, name: str, stored: Sequence[Attribute], accumulators: int, broadcasts: Sequence[Broadcast]
) -> str:
    uniform = [accumulators + i for i, kind in enumerate(broadcasts) if kind is Broadcast.SCALAR]
    return epilogue_struct(region.block, name, narrow=all(map(is_narrow, stored)), uniform=uniform)


def _output_view(element: Attribute, compute: Attribute, store: Store) -> OutputView:
    return OutputView(
        *storage_types(element),
        cpp_scalar_type(compute),
        store.kind.value,
        store.rank,
        store.column_rank,
        "" if store.combiner is None else store.combiner.value,
        "" if store.along is None else store.along.value,
    )


@cache
def _environment() -> "Environment":
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    folders = ("templates", *(f"templates/{group}" for group in TEMPLATE_GROUPS))
    return Environment(
        loader=ChoiceLoader([PackageLoader("boltir.lowering", folder) for folder in folders]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render_template(file: str, values: Mapping[str, object]) -> str:
    """The text of one of boltir's templates."""
    return _environment().get_template(file).render(values)


def render_kernel(kernel: KernelOp) -> str:
    """The CUDA C++ of `kernel`: one translation unit with the C function `boltir_<symbol>`.

    Raises:
        UnsupportedError: an element type or an epilogue operation has no CUDA form.
    """
    template, signature = kernel.template_attr, kernel.signature
    inputs = [_view(element, compute_type(element)) for element in signature.inputs]
    stages = _stage_views(kernel)
    yielded = [value.type for value in kernel.epilogue_yield.values]
    accumulators = signature.accumulators if template.has_accumulator else 0
    epilogue = _epilogue(kernel.epilogue, "Epilogue", signature.outputs, accumulators, signature.broadcasts)
    outputs = list(map(_output_view, signature.outputs, yielded, signature.output_stores))
    code = render_template(
        f"{template.source(signature)}.cu.jinja",
        {
            "name": kernel.sym_name.data,
            "target": kernel.target.data,
            "programmatic_launch": Target.named(kernel.target.data).has_programmatic_launch,
            "template": {**template.values(), **template.derived},
            "inputs": inputs,
            "stages": stages,
            "first_operand": sum(len(stage.operands) for stage in stages),
            "epilogue_operands": _operand_views(signature),
            "outputs": outputs,
            "accumulators": signature.accumulators,
            "general_rank": signature.general_rank,
            "launch_parameters": kernel.launch_parameters,
            "accumulator_type": inputs[0].compute_type if inputs else "",
            "epilogue": epilogue,
        },
    )
    if not any("boltir::" in text for text in (epilogue, *(stage.epilogue for stage in stages))):
        return code
    return render_template("narrow_math.cuh.jinja", {}) + code
