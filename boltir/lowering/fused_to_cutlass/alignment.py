"""How many elements one access can move, which is what places in memory have in common."""

from collections.abc import Iterable, Mapping

from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.cutlass.tensor_op_epilogue import accessed, widest_access


def power_of_two_divisor(limit: int, values: Iterable[int]) -> int:
    """The largest power of two up to `limit` that divides all `values`."""
    divisor = limit
    while any(value % divisor for value in values):
        divisor //= 2
    return divisor


def epilogue_alignment(columns: int, stored: Mapping[str, int]) -> int:
    """Of how many elements, 8 at most, all is a multiple that the epilogue reads and stores by.

    Args:
        columns: of the result.
        stored: the launch integers of stores and general operands.
    """
    return power_of_two_divisor(8, (columns, *accessed(stored).values()))


def output_alignment(signature: KernelSignature, columns: int, stored: Mapping[str, int]) -> int:
    """How many elements one access to a result of so many columns moves.

    Args:
        stored: the launch integers of stores and general operands.
    """
    return power_of_two_divisor(widest_access(signature), (columns, *accessed(stored).values()))
