"""Launches on buffers: memory is shared as planned, and kernels see pointers and integers only."""

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from boltir.dialects.cutlass import TEMPLATES
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.errors import BoltError
from boltir.interpreters import run
from boltir.interpreters.memory import poisoned, strided_view
from boltir.interpreters.templates import ANCHORS
from boltir.weights import WeightStore

Parse = Callable[[str], ModuleOp]

DOUBLE = """
cutlass.kernel @double "sm_80" #cutlass.pointwise<inputs = 1, vector = 1, rank = 1, strided = [], innermost = []>
  [f32] -> [f32] {
^bb0(%x: f32):
  %0 = arith.addf %x, %x : f32
  fused.yield %0 : f32
}
cutlass.kernel @add "sm_80" #cutlass.pointwise<inputs = 0, vector = 1, rank = 1, strided = [], innermost = []>
  [] epilogue [f32, f32] [full, full] -> [f32] {
^bb0(%a: f32, %b: f32):
  %0 = arith.addf %a, %b : f32
  fused.yield %0 : f32
}
"""


def two_buffers(first: int, second: int, size: int = 64) -> str:
    """y = 2 * x + 4 * x, whose intermediates lie at these byte offsets of the arena."""
    return f"""
    {DOUBLE}
    func.func @main(%x: memref<{size}xf32>, %y: memref<{size}xf32>) attributes {{cutlass.outputs = 1 : i64}} {{
      %arena = cutlass.arena : memref<1024xi8>
      %a = cutlass.view %arena {{offset = {first} : i64}} : memref<1024xi8> -> memref<{size}xf32>
      %b = cutlass.view %arena {{offset = {second} : i64}} : memref<1024xi8> -> memref<{size}xf32>
      cutlass.launch @double <size_0 = {size}> (%x : memref<{size}xf32>) outs(%a : memref<{size}xf32>)
      cutlass.launch @double <size_0 = {size}> (%a : memref<{size}xf32>) outs(%b : memref<{size}xf32>)
      cutlass.launch @add <size_0 = {size}> epilogue(%a, %b : memref<{size}xf32>, memref<{size}xf32>)
        outs(%y : memref<{size}xf32>)
      func.return
    }}
    """


X = np.arange(64, dtype=np.float32)


def test_buffers_are_views_of_one_arena(parse: Parse) -> None:
    (result,) = run(parse(two_buffers(0, 256)), [X], WeightStore())
    np.testing.assert_array_equal(result, 6 * X)


def test_a_kernel_that_overwrites_its_own_operand_destroys_it(parse: Parse) -> None:
    (result,) = run(parse(two_buffers(256, 256)), [X], WeightStore())
    assert np.isnan(result).all()


def test_overlapping_lifetimes_corrupt_the_result(parse: Parse) -> None:
    # Both intermediates are 384 bytes: the second begins inside the first, which is read again after it.
    x = np.arange(96, dtype=np.float32)
    module = two_buffers(0, 256, size=96).replace(
        "cutlass.launch @double <size_0 = 96> (%a", "cutlass.launch @double <size_0 = 96> (%x"
    )
    (right,) = run(parse(module.replace("offset = 256", "offset = 512")), [x], WeightStore())
    np.testing.assert_array_equal(right, 4 * x)
    (wrong,) = run(parse(module), [x], WeightStore())
    np.testing.assert_array_equal(wrong[:64], 4 * x[:64])
    assert not np.array_equal(wrong[64:], 4 * x[64:])


def test_what_nothing_wrote_is_nan(parse: Parse) -> None:
    module = parse(f"""
    {DOUBLE}
    func.func @main(%x: memref<4xf32>, %y: memref<4xf32>) attributes {{cutlass.outputs = 1 : i64}} {{
      cutlass.launch @double <size_0 = 3> (%x : memref<4xf32>) outs(%y : memref<4xf32>)
      func.return
    }}
    """)
    (result,) = run(module, [np.ones(4, np.float32)], WeightStore())
    np.testing.assert_array_equal(result, [2, 2, 2, np.nan])


def test_reading_beyond_a_buffer_is_an_error(parse: Parse) -> None:
    module = parse(f"""
    {DOUBLE}
    func.func @main(%x: memref<4xf32>, %y: memref<8xf32>) attributes {{cutlass.outputs = 1 : i64}} {{
      cutlass.launch @double <size_0 = 5> (%x : memref<4xf32>) outs(%y : memref<8xf32>)
      func.return
    }}
    """)
    message = r"cutlass\.launch @double, operand 0: elements 0 to 4 of a buffer of 4 would be accessed"
    with pytest.raises(BoltError, match=message):
        run(module, [np.ones(4, np.float32)], WeightStore())


def test_writing_beyond_a_buffer_is_an_error(parse: Parse) -> None:
    module = parse(f"""
    {DOUBLE}
    func.func @main(%x: memref<8xf32>, %y: memref<4xf32>) attributes {{cutlass.outputs = 1 : i64}} {{
      cutlass.launch @double <size_0 = 5> (%x : memref<8xf32>) outs(%y : memref<4xf32>)
      func.return
    }}
    """)
    with pytest.raises(BoltError, match=r"cutlass\.launch @double, output 0: elements 0 to 4 of a buffer of 4"):
        run(module, [np.ones(8, np.float32)], WeightStore())


def test_a_launch_must_fit_its_kernel(parse: Parse) -> None:
    module = parse(f"""
    {DOUBLE}
    func.func @main(%x: memref<4xf32>, %y: memref<4xf32>) attributes {{cutlass.outputs = 1 : i64}} {{
      cutlass.launch @double <m = 4> (%x : memref<4xf32>) outs(%y : memref<4xf32>)
      func.return
    }}
    """)
    with pytest.raises(BoltError, match=r"cutlass.launch @double: launch arguments are \['m'\]"):
        run(module, [np.ones(4, np.float32)], WeightStore())


def test_a_launch_of_no_kernel_is_an_error(parse: Parse) -> None:
    module = parse("""
    func.func @main(%x: memref<4xf32>, %y: memref<4xf32>) attributes {cutlass.outputs = 1 : i64} {
      cutlass.launch @missing <> (%x : memref<4xf32>) outs(%y : memref<4xf32>)
      func.return
    }
    """)
    with pytest.raises(BoltError, match=r"there is no cutlass\.kernel @missing"):
        run(module, [np.ones(4, np.float32)], WeightStore())


def gemm(arguments: str, a: str, b: str, d: str) -> str:
    return f"""
    cutlass.kernel @gemm "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32],
      instruction = [16, 8, 16], stages = 4, swizzle = 1, alignment_a = 2, alignment_b = 2, alignment_c = 2,
      layout_a = row, layout_b = column> [f16, f16] -> [f16] {{
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }}
    func.func @main(%a: memref<{a}>, %b: memref<{b}>, %d: memref<{d}>) attributes {{cutlass.outputs = 1 : i64}} {{
      cutlass.launch @gemm <{arguments}> (%a, %b : memref<{a}>, memref<{b}>) outs(%d : memref<{d}>)
      func.return
    }}
    """


def test_gemm_reads_its_operands_through_leading_dimensions(parse: Parse) -> None:
    """A is the left 4 columns of rows of 6, B is stored by columns and shared by both batches, D has rows of 4."""
    module = parse(
        gemm(
            "m = 3, n = 2, k = 4, batch = 2, lda = 6, ldb = 4, ldd = 4, "
            "batch_stride_a = 18, batch_stride_b = 0, batch_stride_d = 12",
            "2x3x6xf16",
            "2x4xf16",
            "2x3x4xf16",
        )
    )
    a = np.arange(36).reshape(2, 3, 6).astype(np.float16)
    b = np.array([[1, 0, 2, 0], [0, -1, 0, 1]], np.float16)
    (result,) = run(module, [a, b], WeightStore())
    np.testing.assert_array_equal(result[..., :2], a[..., :4] @ b.T)
    assert np.isnan(result[..., 2:]).all()


def test_gemm_beyond_its_operand_is_an_error(parse: Parse) -> None:
    module = parse(
        gemm(
            "m = 3, n = 2, k = 4, batch = 1, lda = 6, ldb = 4, ldd = 2, "
            "batch_stride_a = 0, batch_stride_b = 0, batch_stride_d = 0",
            "3x4xf16",
            "2x4xf16",
            "3x2xf16",
        )
    )
    with pytest.raises(BoltError, match=r"cutlass\.launch @gemm, input 0: elements 0 to 15 of a buffer of 12"):
        run(module, [np.ones((3, 4), np.float16), np.ones((2, 4), np.float16)], WeightStore())


def test_transpose_pads_channels_with_zeros(parse: Parse) -> None:
    """NCHW with 3 channels becomes NHWC with 4."""
    module = parse("""
    cutlass.kernel @to_nhwc "sm_80" #cutlass.transpose<vector = 1, rank = 0, general = [], channels = 4, outputs = 1>
      [f32] -> [f16] {
    ^bb0(%x: f32):
      fused.yield %x : f32
    }
    func.func @main(%x: memref<2x3x5xf32>, %y: memref<2x5x4xf16>) attributes {cutlass.outputs = 1 : i64} {
      cutlass.launch @to_nhwc <outer = 1, batch = 2, rows = 3, padded_rows = 4, columns = 5, x_outer_stride = 30,
        x_batch_stride = 15, x_row_stride = 5, y_outer_stride = 10, y_batch_stride = 5, y_column_stride = 1>
        (%x : memref<2x3x5xf32>) outs(%y : memref<2x5x4xf16>)
      func.return
    }
    """)
    x = np.arange(30, dtype=np.float32).reshape(2, 3, 5)
    (result,) = run(module, [x], WeightStore())
    np.testing.assert_array_equal(result[..., :3], x.transpose(0, 2, 1))
    np.testing.assert_array_equal(result[..., 3], 0)


def test_weights_and_reinterpretation(parse: Parse) -> None:
    module = parse(f"""
    {DOUBLE}
    func.func @main(%y: memref<2x2xf32>) attributes {{cutlass.outputs = 1 : i64}} {{
      %w = cutlass.weight @w : memref<4xf32>
      %flat = cutlass.reinterpret %y : memref<2x2xf32> -> memref<4xf32>
      cutlass.launch @double <size_0 = 4> (%w : memref<4xf32>) outs(%flat : memref<4xf32>)
      func.return
    }}
    """)
    w = np.arange(4, dtype=np.float32)
    (result,) = run(module, [], WeightStore(added={"w": w}))
    np.testing.assert_array_equal(result, (2 * w).reshape(2, 2))


def test_every_template_has_a_meaning() -> None:
    families = {template.name.removeprefix("cutlass.") for template in TEMPLATES if not issubclass(template, ChainAttr)}
    assert families == {*ANCHORS, "pointwise"}


def test_negative_strides_count_from_the_offset() -> None:
    buffer = np.arange(6)
    np.testing.assert_array_equal(strided_view(buffer, (3,), (-2,), 5, role="x"), [5, 3, 1])
    with pytest.raises(BoltError, match="x: elements -1 to 3 of a buffer of 6"):
        strided_view(buffer, (3,), (-2,), 3, role="x")


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_fresh_memory_is_nan(dtype: type[np.floating]) -> None:
    assert np.isnan(poisoned((2, 3), np.dtype(dtype))).all()
