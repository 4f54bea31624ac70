"""Running the `main` function of a module on arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.interpreter import Interpreter
from xdsl.utils.exceptions import InterpretationError

from boltir.dialects.cutlass.memory import output_count
from boltir.errors import BoltError
from boltir.interpreters.arrays import Array, shape_and_dtype
from boltir.interpreters.cutlass import CutlassFunctions
from boltir.interpreters.function import FunctionFunctions
from boltir.interpreters.fused import FusedFunctions
from boltir.interpreters.graph import GraphFunctions
from boltir.interpreters.memory import poisoned
from boltir.interpreters.registry import require_type
from boltir.interpreters.scalar_arith import ArithFunctions
from boltir.interpreters.scalar_math import MathFunctions
from boltir.weights import WeightStore


def run(module: ModuleOp, inputs: Sequence[Array], weights: WeightStore) -> list[Array]:
    """The results of `@main`, at whatever levels its operations are.

    Results that are memref arguments (the cutlass level) are allocated here, filled with NaN.

    Args:
        inputs: one array per argument, of exactly its shape and dtype.
        weights: the bytes behind the module's weight symbols.

    Raises:
        BoltError: no `@main`, inputs that do not fit it, a missing weight, an operation without a meaning, or
            a kernel that leaves its buffers.
    """
    main = _main_function(module)
    types = main.function_type.inputs.data
    count = len(types) - output_count(main)
    if len(inputs) != count:
        raise BoltError(f"@main takes {count} inputs, got {len(inputs)}")
    for position, (array, expected) in enumerate(zip(inputs, types, strict=False)):
        require_type(array, expected, f"input {position}")
    arguments = [np.ascontiguousarray(array).reshape(array.shape) for array in inputs]
    results = [poisoned(*shape_and_dtype(output)) for output in types[count:]]
    interpreter = _interpreter(module, weights)
    try:
        with np.errstate(all="ignore"):
            returned = interpreter.call_op(main, (*arguments, *results))
    except InterpretationError as error:
        raise BoltError(str(error), where="interpreter") from error
    return results or [np.ascontiguousarray(value).reshape(value.shape) for value in returned]


def _main_function(module: ModuleOp) -> FuncOp:
    for op in module.ops:
        if isinstance(op, FuncOp) and op.sym_name.data == "main" and op.body.blocks:
            return op
    raise BoltError("the module has no function @main")


def _interpreter(module: ModuleOp, weights: WeightStore) -> Interpreter:
    interpreter = Interpreter(module)
    levels = (GraphFunctions(weights), FusedFunctions(), CutlassFunctions.of(module, weights))
    for functions in (FunctionFunctions(), ArithFunctions(), MathFunctions(), *levels):
        interpreter.register_implementations(functions)
    return interpreter
