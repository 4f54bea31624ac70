"""What the CUTLASS templates share: matrix layouts, and the element types that tensor cores take."""

from collections.abc import Mapping

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, bf16, f16, f32
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


def gemm_flops(integers: Mapping[str, int]) -> int:
    """Two operations per element of A for each column of B."""
    return 2 * integers["batch"] * integers["m"] * integers["n"] * integers["k"]


class Layout(StrEnum):
    """row: consecutive elements of a row are adjacent; column: those of a column are."""

    ROW = "row"
    COLUMN = "column"


@irdl_attr_definition
class LayoutAttr(EnumAttribute[Layout], SpacedOpaqueSyntaxAttribute):
    name = "cutlass.layout"


class Math(StrEnum):
    """What tensor cores multiply; they add the products up in f32.

    f16, bf16: the operands as they are stored.
    tf32: f32 operands, rounded to the 10 bits of mantissa that f16 has, with the 8 bits of exponent that f32 has.
    """

    F16 = "f16"
    BF16 = "bf16"
    TF32 = "tf32"

    @staticmethod
    def of(element: Attribute) -> "Math | None":
        """How tensor cores multiply operands of type `element`, if they do."""
        return next((math for math in Math if math.operand == element), None)

    @property
    def operand(self) -> Attribute:
        """The element type in which A and B are stored."""
        return {Math.F16: f16, Math.BF16: bf16, Math.TF32: f32}[self]

    @property
    def bytes(self) -> int:
        """The size of an element of A and B."""
        return bytes_of(self.operand)

    @property
    def vector(self) -> int:
        """Elements of A and B in the 16 bytes that one access moves at most."""
        return 16 // self.bytes

    def check_target(self, target: Target) -> None:
        """Whether `target` multiplies so.

        Raises:
            VerifyException: its tensor cores do not.
        """
        has_it = {Math.F16: True, Math.BF16: target.has_bfloat16, Math.TF32: target.has_tf32}[self]
        require(has_it, f"{target.name} has no {self.value} tensor cores")


@irdl_attr_definition
class MathAttr(EnumAttribute[Math], SpacedOpaqueSyntaxAttribute):
    name = "cutlass.math"


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


def check_element_types(math: Math, target: Target, signature: KernelSignature) -> None:
    """Two inputs of the type that `math` takes, one floating-point output, floating-point epilogue operands.

    Raises:
        VerifyException: the tensor-core templates do not take these types, or `target` does not multiply so.
    """
    math.check_target(target)
    require(
        len(signature.inputs) == 2 and signature.inputs[0] == signature.inputs[1],
        f"expected two inputs of one type, got ({', '.join(map(str, signature.inputs))})",
    )
    element = signature.inputs[0]
    require(element == math.operand, f"math = {math.value} takes {math.operand} inputs, not {element}")
    require(len(signature.outputs) == 1, f"the template stores one output, not {len(signature.outputs)}")
    for stored in (*signature.outputs, *signature.epilogue_operands):
        require(
            isinstance(stored, Float16Type | BFloat16Type | Float32Type),
            f"the epilogue reads and stores f16, bf16 and f32, not {stored}",
        )
    require(signature.count(Broadcast.GENERAL) == 0, "an epilogue operand broadcasts along inner dimensions")
