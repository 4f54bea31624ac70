"""Epilogues: scalar code that turns an accumulator into the values a kernel stores."""

from collections.abc import Sequence

from xdsl.dialects.builtin import AnyFloat, IntegerType
from xdsl.ir import Attribute, Region
from xdsl.irdl import IRDLOperation, irdl_op_definition, traits_def, var_operand_def
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.properties import check_attributes
from boltir.dialects.tensors import compute_type

_DIALECTS = ("arith.", "math.")
_OWNERS = ("fused.", "cutlass.")


@irdl_op_definition
class YieldOp(IRDLOperation):
    """Ends an epilogue with the values to store, or a chain with its result"""

    name = "fused.yield"
    values = var_operand_def()
    traits = traits_def(IsTerminator(), Pure())

    assembly_format = "$values attr-dict `:` type($values)"

    def verify_(self) -> None:
        check_attributes(self)
        owner = self.parent_op()
        if owner is not None and not owner.name.startswith(_OWNERS):
            raise VerifyException(f"must end the region of a kernel, not of {owner.name}")


def yield_of(epilogue: Region) -> YieldOp:
    """The terminator of `epilogue`.

    Raises:
        VerifyException: it is another operation, or missing.
    """
    last = epilogue.block.last_op
    if not isinstance(last, YieldOp):
        raise VerifyException("the epilogue must end with fused.yield")
    return last


def verify_epilogue(epilogue: Region, arguments: Sequence[Attribute], output_count: int) -> None:
    """Whether `epilogue` computes `output_count` storable values from scalars of the types `arguments`.

    Raises:
        VerifyException: it takes or yields something else, or holds more than scalar arithmetic.
    """
    given = [argument.type for argument in epilogue.block.args]
    if given != list(arguments):
        listed = (", ".join(map(str, types)) for types in (given, arguments))
        raise VerifyException("the epilogue takes ({}), this kernel gives ({})".format(*listed))
    yielded = yield_of(epilogue).values
    if len(yielded) != output_count:
        raise VerifyException(f"the epilogue yields {len(yielded)} values for {output_count} outputs")
    for value in yielded:
        if value.type != compute_type(value.type):
            raise VerifyException(f"the epilogue yields {value.type}, which is no compute type")
    _verify_scalar_code(epilogue)


def _verify_scalar_code(epilogue: Region) -> None:
    for op in epilogue.block.ops:
        if isinstance(op, YieldOp):
            continue
        if not op.name.startswith(_DIALECTS):
            raise VerifyException(f"an epilogue is scalar code in arith and math; {op.name} is neither")
        for result in op.results:
            if not isinstance(result.type, AnyFloat | IntegerType):
                raise VerifyException(f"an epilogue computes on scalars; {op.name} gives {result.type}")
