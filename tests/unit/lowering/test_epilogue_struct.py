"""The C++ of an epilogue computes what the interpreter says: compiled by g++ and compared on numbers."""

from pathlib import Path

import numpy as np
import pytest

from boltir.compiler import Network
from boltir.errors import UnsupportedError
from boltir.lowering.epilogue_struct import epilogue_struct
from tests.support.scalar_cpp import kernel_of, run_as_cpp

UNARY = ("absf", "ceil", "cos", "erf", "exp", "exp2", "expm1", "floor", "roundeven", "sin", "tanh", "tan")
POSITIVE_UNARY = ("log", "log1p", "log2", "rsqrt", "sqrt")
BINARY = ("addf", "subf", "mulf", "divf", "maximumf", "minimumf", "maxnumf", "minnumf")
OTHERS = ("math.powf %a, %b", "math.fma %a, %b, %a", "math.copysign %a, %b", "arith.negf %a")
PREDICATES = ("oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno")


def chain_of(operations: list[str]) -> str:
    """A body that applies every operation to %a or %b and sums the results."""
    lines = ["%s0 = arith.constant 0.0 : f32"]
    for index, operation in enumerate(operations):
        lines.append(operation.format(out=f"%v{index}"))
        lines.append(f"%s{index + 1} = arith.addf %s{index}, %v{index} : f32")
    total = len(operations)
    return "\n".join([*lines, f"%r = arith.addf %s{total}, %b : f32"])


@pytest.mark.parametrize(
    ("operations", "low"),
    [
        ([f"{{out}} = math.{name} %a : f32" for name in UNARY], -4.0),
        ([f"{{out}} = math.{name} %a : f32" for name in POSITIVE_UNARY], 0.1),
        ([f"{{out}} = arith.{name} %a, %b : f32" for name in BINARY], 0.5),
        ([f"{{out}} = {text} : f32" for text in OTHERS], 0.1),
    ],
    ids=["unary", "positive-unary", "binary", "others"],
)
def test_floating_point_operations(operations: list[str], low: float, tmp_path: Path) -> None:
    module, kernel = kernel_of(chain_of(operations))
    generator = np.random.default_rng(7)
    x, y = (generator.uniform(low, 4.0, 64).astype(np.float32) for _ in range(2))
    (expected,) = Network(module).run([x, y])
    result = run_as_cpp(epilogue_struct(kernel.epilogue.block), x, y, tmp_path)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("predicate", PREDICATES)
def test_comparisons_treat_nan_as_the_predicate_says(predicate: str, tmp_path: Path) -> None:
    module, kernel = kernel_of(
        f"%c = arith.cmpf {predicate}, %a, %b : f32\n%one = arith.constant 1.0 : f32\n"
        "%zero = arith.constant 0.0 : f32\n%r = arith.select %c, %one, %zero : f32"
    )
    x = np.array([np.nan, 1.0, 2.0, 1.0, np.nan, 3.0, -np.inf, np.inf] * 8, dtype=np.float32)
    y = np.array([1.0, np.nan, 1.0, 2.0, np.nan, 3.0, np.inf, np.inf] * 8, dtype=np.float32)
    (expected,) = Network(module).run([x, y])
    result = run_as_cpp(epilogue_struct(kernel.epilogue.block), x, y, tmp_path)
    np.testing.assert_array_equal(result, expected)


def test_maximum_and_minimum_propagate_nan(tmp_path: Path) -> None:
    module, kernel = kernel_of("%m = arith.maximumf %a, %b : f32\n%r = arith.minimumf %m, %b : f32")
    x = np.array([np.nan, 1.0, 2.0, -3.0] * 16, dtype=np.float32)
    y = np.array([1.0, np.nan, 1.0, 2.0] * 16, dtype=np.float32)
    (expected,) = Network(module).run([x, y])
    result = run_as_cpp(epilogue_struct(kernel.epilogue.block), x, y, tmp_path)
    np.testing.assert_array_equal(result, expected)
    assert np.isnan(result[:2]).all()


def test_saturating_into_8_bits_takes_every_float(tmp_path: Path) -> None:
    module, kernel = kernel_of(
        "%rounded = math.roundeven %a : f32\n%low = arith.constant -128.0 : f32\n%high = arith.constant 127.0 : f32\n"
        "%above = arith.maxnumf %rounded, %low : f32\n%within = arith.minnumf %above, %high : f32\n"
        "%q = arith.fptosi %within : f32 to i8\n%r = arith.sitofp %q : i8 to f32"
    )
    x = np.array([np.nan, np.inf, -np.inf, 126.5, 127.5, -128.5, 2.5, -1e30] * 8, dtype=np.float32)
    (expected,) = Network(module).run([x, x])
    result = run_as_cpp(epilogue_struct(kernel.epilogue.block), x, x, tmp_path)
    np.testing.assert_array_equal(result, expected)
    assert result[:8].tolist() == [-128, 127, -128, 126, 127, -128, 2, -128]


@pytest.mark.parametrize("constant", ["0x7FC00000", "0x7F800000", "0xFF800000", "1.17549435e-38", "3.4028234e+38"])
def test_constants_keep_every_bit(constant: str, tmp_path: Path) -> None:
    module, kernel = kernel_of(f"%r = arith.constant {constant} : f32")
    x = np.zeros(64, dtype=np.float32)
    (expected,) = Network(module).run([x, x])
    result = run_as_cpp(epilogue_struct(kernel.epilogue.block), x, x, tmp_path)
    np.testing.assert_array_equal(result.view(np.uint32) & 0xFF800000, expected.view(np.uint32) & 0xFF800000)
    np.testing.assert_array_equal(result, expected)


def test_an_operation_without_a_cuda_form_is_named() -> None:
    _, kernel = kernel_of("%r = math.cbrt %a : f32")
    with pytest.raises(UnsupportedError, match=r"math\.cbrt has no CUDA form in an epilogue"):
        epilogue_struct(kernel.epilogue.block)
