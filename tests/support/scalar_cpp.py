"""Runs the C++ of an epilogue on the host, to be compared with what the interpreter says."""

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.dialects.math import Math
from xdsl.parser import Parser

from boltir.dialects.fused import Fused, PointwiseOp

Array = npt.NDArray[Any]

SHIM = """
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#define __device__
#define __forceinline__ inline
using std::max; using std::min;
static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline float __int_as_float(unsigned x) { float y; std::memcpy(&y, &x, 4); return y; }
"""


def kernel_of(body: str, size: int = 64) -> tuple[ModuleOp, PointwiseOp]:
    """A pointwise kernel of two f32 operands %a and %b of `size` elements; `body` defines %r."""
    ctx = Context()
    for dialect in (Arith, Builtin, Func, Fused, Math):
        ctx.load_dialect(dialect)
    tensor = f"tensor<{size}xf32>"
    text = f"""
      func.func @main(%x: {tensor}, %y: {tensor}) -> {tensor} {{
        %z = fused.pointwise epilogue(%x, %y : {tensor}, {tensor}) [full, full] -> {tensor} {{
        ^bb0(%a: f32, %b: f32):
          {body}
          fused.yield %r : f32
        }}
        func.return %z : {tensor}
      }}"""
    module = Parser(ctx, text).parse_module()
    module.verify()
    return module, next(op for op in module.walk() if isinstance(op, PointwiseOp))


def run_as_cpp(struct: str, x: Array, y: Array, folder: Path) -> Array:
    """Compile the struct with g++ and apply it to every pair of numbers."""
    loop = 'extern "C" void run(const float* x, const float* y, float* r, int n) {'
    loop += " for (int i = 0; i < n; ++i) Epilogue::apply(x[i], y[i], r[i]); }"
    (folder / "epilogue.cpp").write_text(SHIM + struct + "\n" + loop)
    library = folder / "epilogue.so"
    subprocess.run(["g++", "-O1", "-shared", "-fPIC", folder / "epilogue.cpp", "-o", library], check=True)
    result = np.full_like(x, np.nan)
    ctypes.CDLL(str(library)).run(*(array.ctypes.data_as(ctypes.c_void_p) for array in (x, y, result)), len(x))
    return result
