"""What the CUTLASS templates share: matrix layouts, and the element types that tensor cores take."""

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused.broadcast import Broadcast
from boltir.target import Target

GEMM_PARAMETERS = (
    "m", "n", "k", "batch", "lda", "ldb", "ldd", "batch_stride_a", "batch_stride_b", "batch_stride_d",
)  # fmt: skip
"""The launch integers of every matrix product, in elements; a batch stride of 0 repeats one matrix."""


def gemm_divisors(alignment_a: int, alignment_b: int, alignment_c: int) -> dict[str, int]:
    """What the leading dimensions must be multiples of, for accesses of so many elements."""
    return {"lda": alignment_a, "ldb": alignment_b, "ldd": alignment_c}


class Layout(StrEnum):
    """row: consecutive elements of a row are adjacent; column: those of a column are."""

    ROW = "row"
    COLUMN = "column"


@irdl_attr_definition
class LayoutAttr(EnumAttribute[Layout], SpacedOpaqueSyntaxAttribute):
    name = "cutlass.layout"


def bytes_of(element: Attribute) -> int:
    """The size of a floating-point element."""
    return 4 if isinstance(element, Float32Type) else 2


def require(condition: bool, message: str) -> None:
    """A rule of a template.

    Raises:
        VerifyException: the rule is broken.
    """
    if not condition:
        raise VerifyException(message)


def is_power_of_two(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0


def check_element_types(target: Target, signature: KernelSignature) -> None:
    """Two 16-bit inputs of one type, one floating-point output, floating-point epilogue operands.

    Raises:
        VerifyException: the tensor-core templates do not take these types.
    """
    require(
        len(signature.inputs) == 2 and signature.inputs[0] == signature.inputs[1],
        f"expected two inputs of one type, got ({', '.join(map(str, signature.inputs))})",
    )
    element = signature.inputs[0]
    require(
        isinstance(element, Float16Type | BFloat16Type), f"the tensor cores are used for f16 and bf16, not {element}"
    )
    require(target.has_bfloat16 or not isinstance(element, BFloat16Type), f"{target.name} has no bf16 tensor cores")
    require(len(signature.outputs) == 1, f"the template stores one output, not {len(signature.outputs)}")
    for stored in (*signature.outputs, *signature.epilogue_operands):
        require(
            isinstance(stored, Float16Type | BFloat16Type | Float32Type),
            f"the epilogue reads and stores f16, bf16 and f32, not {stored}",
        )
    require(signature.count(Broadcast.GENERAL) == 0, "an epilogue operand broadcasts along inner dimensions")
