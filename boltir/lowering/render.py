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
from boltir.dialects.fused.broadcast import Broadcast
from boltir.dialects.tensors import compute_type
from boltir.errors import UnsupportedError
from boltir.lowering.epilogue_struct import epilogue_struct
from boltir.lowering.narrow_math import is_narrow
from boltir.lowering.scalar_code import cpp_scalar_type
from boltir.target import Target

if TYPE_CHECKING:
    from jinja2 import Environment


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
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("boltir.lowering"),
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
    operands = [
        _view(element, compute_type(element), kind.value)
        for element, kind in zip(signature.epilogue_operands, signature.broadcasts, strict=True)
    ]
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
            "template": template.values(),
            "inputs": inputs,
            "epilogue_operands": operands,
            "outputs": outputs,
            "accumulators": signature.accumulators,
            "general_rank": signature.general_rank,
            "launch_parameters": kernel.launch_parameters,
            "accumulator_type": inputs[0].compute_type if inputs else "",
            "epilogue": epilogue,
        },
    )
    if "boltir::" not in epilogue:
        return code
    return render_template("narrow_math.cuh.jinja", {}) + code
