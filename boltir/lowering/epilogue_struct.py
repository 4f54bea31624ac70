"""Turns an epilogue region, scalar code in `arith` and `math`, into one C++ function."""

from collections.abc import Collection, Sequence

from xdsl.ir import Block, Operation, SSAValue

from boltir.dialects.fused import YieldOp
from boltir.lowering.narrow_math import Form, narrow_form
from boltir.lowering.scalar_code import cpp_scalar_type, expression


def epilogue_struct(
    block: Block, name: str = "Epilogue", *, narrow: bool = False, uniform: Collection[int] = ()
) -> str:
    """The epilogue as a C++ struct `name` with one static function `apply`.

    Its parameters are the block arguments, then one reference per yielded value.

    Args:
        narrow: whether all that it yields is stored in 16 bits or fewer, for which less exact functions do.
        uniform: the numbers of the block arguments that are the same for every element.

    Raises:
        UnsupportedError: the region holds an operation that has no C++ form.
    """
    same = {block.args[i] for i in uniform}
    forms: dict[Operation, Form] = {}
    results: Sequence[SSAValue] = ()
    for op in block.ops:
        if isinstance(op, YieldOp):
            results = op.values
            break
        cheaper = narrow_form(op, same) if narrow else None
        forms[op] = cheaper or (expression(op), tuple(op.operands))
    names: dict[SSAValue, str] = {argument: f"a{i}" for i, argument in enumerate(block.args)}
    lines: list[str] = []
    for op in _needed(forms, results):
        text, operands = forms[op]
        variable = f"v{len(lines)}"
        value = text.format(*(names[operand] for operand in operands))
        lines.append(f"{cpp_scalar_type(op.results[0].type)} {variable} = {value};")
        names[op.results[0]] = variable
    parameters = [f"{cpp_scalar_type(a.type)} {names[a]}" for a in block.args]
    parameters += [f"{cpp_scalar_type(v.type)}& r{i}" for i, v in enumerate(results)]
    lines += [f"r{i} = {names[value]};" for i, value in enumerate(results)]
    body = "\n".join(f"    {line}" for line in lines)
    return (
        f"struct {name} {{\n"
        f"  __device__ __forceinline__ static void apply({', '.join(parameters)}) {{\n{body}\n  }}\n"
        "};"
    )


def _needed(forms: dict[Operation, Form], results: Sequence[SSAValue]) -> list[Operation]:
    """The operations that the results depend on, in order: a form may do without the operands of its operands."""
    wanted = set(results)
    for op in reversed(forms):
        if op.results[0] in wanted:
            wanted.update(forms[op][1])
    return [op for op in forms if op.results[0] in wanted]
