"""What the CUTLASS templates share: matrix layouts, and the element types that tensor cores take."""

from collections.abc import Mapping

from xdsl.dialects.builtin import AnyFloat, Float32Type, bf16, f16, f32
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.store import StoreKind
from boltir.dialects.cutlass.template import KernelSignature
from boltir.target import Target

GEMM_PARAMETERS = (
    "m", "n", "k", "batch", "lda", "ldb", "ldd", "batch_stride_a", "batch_stride_b", "batch_stride_d",
)  # fmt: skip
"""The launch integers of every matrix product, in elements; a batch stride of 0 repeats one matrix."""


FEWEST_ROWS = 4
"""Up to here a tile of 64 rows is nearly idle and reading B is what takes time: SIMT kernels spread K over threads."""
MOST_NODES = 16
"""Operands and outputs that an epilogue has at most."""
MOST_RANK = 8
"""Dimensions of what an epilogue addresses with strides."""


def gemm_divisors(alignment_a: int, alignment_b: int, alignment_c: int) -> dict[str, int]:
    """What the leading dimensions must be multiples of, for accesses of so many elements."""
    return {"lda": alignment_a, "ldb": alignment_b, "ldd": alignment_c}


def gemm_extents(integers: Mapping[str, int]) -> tuple[int, int, int]:
    """Batch, rows and columns of the product."""
    return integers["batch"], integers["m"], integers["n"]


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


def no_tensor_cores(rows: int, element: Attribute, target: Target) -> str | None:
    """Why a product of so many rows of `element` is not for the tensor cores of `target`; None if it is."""
    math = Math.of(element)
    if math is None:
        return f"tensor cores do not multiply {element}"
    try:
        math.check_target(target)
    except VerifyException as error:
        return str(error)
    return f"M = {rows} leaves a tensor-core tile of 64 rows nearly idle" if rows <= FEWEST_ROWS else None


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


def check_shared_memory(used: int, target: Target) -> None:
    """What a threadblock holds, in bytes, fits the target.

    Raises:
        VerifyException: it does not.
    """
    limit = target.shared_memory_per_block
    require(used <= limit, f"{used} bytes of shared memory exceed the {limit} of {target.name}")


def is_power_of_two(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0


def check_input_types(math: Math, target: Target, signature: KernelSignature) -> None:
    """Two inputs of the type that `math` takes.

    Raises:
        VerifyException: the tensor-core templates do not take these inputs, or `target` does not multiply so.
    """
    math.check_target(target)
    require(
        len(signature.inputs) == 2 and signature.inputs[0] == signature.inputs[1],
        f"expected two inputs of one type, got ({', '.join(map(str, signature.inputs))})",
    )
    element = signature.inputs[0]
    require(element == math.operand, f"math = {math.value} takes {math.operand} inputs, not {element}")


def check_epilogue(signature: KernelSignature) -> None:
    """The rules of every epilogue: what it addresses fits a kernel's parameters, and what it reduces can be reduced.

    Raises:
        VerifyException: a rule is broken.
    """
    nodes = len(signature.epilogue_operands) + len(signature.outputs)
    require(nodes <= MOST_NODES, f"{nodes} operands and outputs of the epilogue exceed {MOST_NODES}")
    rank = signature.general_rank
    require(rank <= MOST_RANK, f"general operands have at most {MOST_RANK} dimensions, got {rank}")
    for element, store in zip(signature.outputs, signature.output_stores, strict=True):
        require(store.rank <= MOST_RANK, f"a permuted store has at most {MOST_RANK} dimensions, got {store.rank}")
        if store.kind is StoreKind.REDUCED:
            require(isinstance(element, AnyFloat), f"a reduced store makes f16, bf16 or f32, not {element}")
            require(signature.accumulators == 1, "a reduced store counts the tiles of one product, not of two")
