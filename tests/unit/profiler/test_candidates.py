"""Candidates: every one is legal and can be lowered, every other has a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from boltir.compiler import Network, compiler_context, run_pipeline
from boltir.dialects.cutlass import CHOICE_ATTRIBUTE, ChoiceAttr
from boltir.dialects.cutlass.kernel import launches
from boltir.dialects.cutlass.matrix import Layout, Math
from boltir.dialects.cutlass.sm90 import Schedule
from boltir.dialects.fused import FusedOp
from boltir.errors import BoltError
from boltir.lowering.fused_to_cutlass.chosen import legal_selection
from boltir.lowering.fused_to_cutlass.mainloops import HopperTile, Tile
from boltir.lowering.fused_to_cutlass.selection import Selection
from boltir.profiler import enumeration, matmul_heuristics
from boltir.profiler.candidates import AnyCandidate, candidates_for
from boltir.profiler.enumeration import hopper_tiles, shipped_tiles
from boltir.target import Target

TARGETS = [Target.named(name) for name in ("sm_75", "sm_80", "sm_90a")]
SM75, SM80, H100 = TARGETS

GEMM = """
func.func @main(
    %x: tensor<{batch}{m}x{k}x{t}>, %w: tensor<{batch}{n}x{k}x{t}>, %b: tensor<{n}xf32>
) -> tensor<{batch}{m}x{n}x{t}> {{
  %y = fused.gemm(%x, %w : tensor<{batch}{m}x{k}x{t}>, tensor<{batch}{n}x{k}x{t}>) epilogue(%b : tensor<{n}xf32>) [row]
      {{transpose_b = true}} -> tensor<{batch}{m}x{n}x{t}> {{
  ^bb0(%sum: f32, %bias: f32):
    %z = arith.addf %sum, %bias : f32
    fused.yield %z : f32
  }}
  func.return %y : tensor<{batch}{m}x{n}x{t}>
}}
"""

CONV2D = """
func.func @main(%x: tensor<{n}x{h}x{h}x{c}xf16>, %w: tensor<{k}x{r}x{r}x{c}xf16>) -> tensor<{n}x{p}x{p}x{k}xf16> {{
  %y = fused.conv2d(%x, %w : tensor<{n}x{h}x{h}x{c}xf16>, tensor<{k}x{r}x{r}x{c}xf16>)
      {{strides = array<i64: {s}, {s}>, padding = array<i64: {d}, {d}, {d}, {d}>}} -> tensor<{n}x{p}x{p}x{k}xf16> {{
  ^bb0(%sum: f32):
    fused.yield %sum : f32
  }}
  func.return %y : tensor<{n}x{p}x{p}x{k}xf16>
}}
"""

ORDER = ("slices", "swizzle", "raster")
"""What launches decide."""


def gemm(m: int, n: int, k: int, batch: int = 1, element: str = "f16") -> str:
    return GEMM.format(m=m, n=n, k=k, batch=f"{batch}x" if batch > 1 else "", t=element)


def conv2d(n: int, h: int, c: int, k: int, r: int = 3, s: int = 1) -> str:
    padding = r // 2
    return CONV2D.format(n=n, h=h, c=c, k=k, r=r, s=s, d=padding, p=(h + 2 * padding - r) // s + 1)


def parsed(text: str) -> tuple[ModuleOp, FusedOp]:
    module = Parser(compiler_context(), text).parse_module()
    return module, next(op for op in module.walk() if isinstance(op, FusedOp))


def mainloop(candidate: AnyCandidate) -> Mapping[str, object]:
    return {**candidate.template.values(), **{k: v for k, v in candidate.arguments.items() if k in ORDER}}


EXTENTS = st.one_of(st.integers(5, 300), st.integers(1, 64).map(lambda eighths: 8 * eighths))
PROBLEMS = st.one_of(
    st.builds(gemm, EXTENTS, EXTENTS, EXTENTS, st.integers(1, 4), st.sampled_from(["f16", "bf16", "f32"])),
    st.builds(
        conv2d, st.integers(1, 4), st.integers(4, 40), EXTENTS, EXTENTS, st.sampled_from([1, 3, 5]), st.integers(1, 2)
    ),
)


@settings(max_examples=25)
@given(PROBLEMS, st.sampled_from(TARGETS))
def test_every_candidate_is_legal_and_every_rejection_has_a_reason(text: str, target: Target) -> None:
    _, op = parsed(text)
    found = candidates_for(op, target)
    for candidate in found.legal:
        assert isinstance(legal_selection(op, candidate.template, candidate.arguments, target), Selection)
    assert all(rejection.what and rejection.reason for rejection in found.rejected)
    assert len({(candidate.template, *candidate.arguments.items()) for candidate in found.legal}) == len(found.legal)


@settings(max_examples=10, deadline=None)
@given(PROBLEMS, st.sampled_from(TARGETS), st.data())
def test_any_candidate_becomes_the_kernel_that_runs(text: str, target: Target, data: st.DataObject) -> None:
    module, op = parsed(text)
    legal = candidates_for(op, target).legal
    if not legal:
        return
    candidate = data.draw(st.sampled_from(legal))
    op.attributes[CHOICE_ATTRIBUTE] = ChoiceAttr.of(candidate.template, candidate.arguments)
    run_pipeline(Network(module), [f"convert-fused-to-cutlass{{target={target.name}}}"])
    module.verify()
    (_, kernel), *_ = launches(module)
    assert kernel.template_attr == candidate.template


@settings(max_examples=10)
@given(PROBLEMS, st.sampled_from(TARGETS))
def test_the_first_is_what_the_model_expects_to_be_as_fast_as_any(text: str, target: Target) -> None:
    legal = candidates_for(parsed(text)[1], target).legal
    fastest = min((candidate.estimate.seconds for candidate in legal), default=0)
    assert all(candidate.estimate.seconds <= 1.03 * fastest for candidate in legal[:1])


def test_the_first_few_differ_in_what_matters() -> None:
    _, op = parsed(gemm(4096, 4096, 4096))
    first = [candidate.template.values() for candidate in candidates_for(op, H100).legal[:8]]
    shapes = [(values["tile"], values["schedule"], values["cluster"]) for values in first]
    assert len(set(shapes)) == 8
    assert {values["schedule"] for values in first} >= {"pingpong", "cooperative"}


def test_both_generations_of_templates_are_tried_on_hopper() -> None:
    _, op = parsed(conv2d(1, 14, 64, 64))
    families = {candidate.template.family for candidate in candidates_for(op, H100).legal}
    assert families == {"conv2d", "conv2d_sm90"}


def test_rows_that_tma_cannot_read_leave_the_older_templates() -> None:
    _, op = parsed(gemm(77, 1000, 333))
    found = candidates_for(op, H100)
    assert {candidate.template.family for candidate in found.legal} == {"gemm", "gemm_unaligned"}
    assert any("TMA moves 16-byte rows" in rejection.reason for rejection in found.rejected)


def test_slices_of_one_kernel_are_candidates_of_their_own() -> None:
    _, op = parsed(conv2d(1, 7, 512, 512))
    split = [mainloop(candidate) for candidate in candidates_for(op, H100).legal if "slices" in candidate.arguments]
    counts = {values["slices"] for values in split if values["tile"] == (64, 64, 64)}
    assert counts == {2, 3, 4, 5, 6, 7, 8}


@pytest.mark.parametrize("target", [SM80, H100], ids=lambda target: target.name)
def test_the_order_of_tiles_is_tried_where_a_matrix_exceeds_the_cache(target: Target) -> None:
    def swizzles(text: str) -> set[object]:
        found = (mainloop(candidate) for candidate in candidates_for(parsed(text)[1], target).legal)
        return {values["swizzle"] for values in found if "swizzle" in values}

    assert swizzles(gemm(1024, 1024, 1024)) == {1}
    assert swizzles(gemm(8192, 8192, 8192)) == {1, 2, 4, 8}


SUMS = """
func.func @main(%x: tensor<3x192x64xf16>, %w: tensor<3x64x128xf16>) -> (tensor<3x192x128xf16>, tensor<1x128xf32>) {
  %y, %s = fused.gemm(%x, %w : tensor<3x192x64xf16>, tensor<3x64x128xf16>)
      {stores = [#fused.elements, #fused.reduced<sum, rows, 576>]} -> tensor<3x192x128xf16>, tensor<1x128xf32> {
  ^bb0(%sum: f32):
    fused.yield %sum, %sum : f32, f32
  }
  func.return %y, %s : tensor<3x192x128xf16>, tensor<1x128xf32>
}
"""


@pytest.mark.parametrize("target", [SM80, H100], ids=lambda target: target.name)
def test_tiles_that_make_partial_results_divide_the_rows(target: Target) -> None:
    found = candidates_for(parsed(SUMS)[1], target)
    assert found.legal
    assert all(192 % candidate.template.result_tile[0] == 0 for candidate in found.legal)
    assert any("rows do not divide the 192 rows" in rejection.reason for rejection in found.rejected)


def test_other_operations_have_no_candidates() -> None:
    text = """
      func.func @main(%x: tensor<8x64xf16>) -> tensor<8x64xf16> {
        %y = fused.softmax(%x : tensor<8x64xf16>) {axis = 1 : i64} -> tensor<8x64xf16> {
        ^bb0(%v: f32):
          fused.yield %v : f32
        }
        func.return %y : tensor<8x64xf16>
      }
    """
    found = candidates_for(parsed(text)[1], H100)
    assert (found.legal, found.rejected) == ((), ())


def test_what_no_tensor_core_suits_is_rejected_as_a_whole() -> None:
    found = candidates_for(parsed(gemm(2, 64, 64))[1], H100)
    assert found.legal == ()
    assert [rejection.reason for rejection in found.rejected] == [
        "M = 2 leaves a tensor-core tile of 64 rows nearly idle"
    ]


def test_cutlass_enumerates_the_tiles_of_each_generation() -> None:
    assert Tile((128, 128, 32), (2, 2, 1), 2) in shipped_tiles(Math.F16, SM75)
    assert all(tile.stages == 2 for tile in shipped_tiles(Math.F16, SM75))
    assert Tile((128, 256, 64), (2, 4, 1), 3) in shipped_tiles(Math.BF16, SM80)
    assert Tile((128, 128, 16), (2, 2, 1), 5) in shipped_tiles(Math.TF32, SM80)
    assert shipped_tiles(Math.BF16, SM75) == ()


@pytest.mark.parametrize("math", Math)
def test_cutlass_enumerates_hopper_tiles_as_deep_as_16_bit_operands(math: Math) -> None:
    tiles = hopper_tiles(math)
    assert HopperTile((128, 128, 64), Schedule.PINGPONG, (2, 1, 1)) in tiles
    assert HopperTile((256, 128, 64), Schedule.COOPERATIVE, (1, 2, 1)) in tiles
    assert {tile.tile[2] for tile in tiles} == {64, 128}


def test_tuning_needs_cutlass(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(enumeration, "import_module", missing)
    with pytest.raises(BoltError, match="cutlass_library is not installed"):
        enumeration.library("generator")


INTEGERS = {"m": 64, "n": 256, "k": 512, "batch": 1}
LAYOUTS = (Layout.ROW, Layout.COLUMN)


def test_proposals_of_a_package_that_is_not_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matmul_heuristics, "is_installed", lambda: False)
    assert matmul_heuristics.proposed_tiles(INTEGERS, LAYOUTS, Math.F16, H100) == ()


def test_proposals_become_tiles_with_each_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fake:
        def __init__(self, gpu: str) -> None:
            assert gpu == "H100_SXM"

        def get_configs(self, *_: object, **__: object) -> list[dict[str, Any]]:
            return [{"cta_tile_m": 64, "cta_tile_n": 128, "cta_tile_k": 32, "cluster_m": 2, "cluster_n": 1}]

    monkeypatch.setattr(matmul_heuristics, "is_installed", lambda: True)
    monkeypatch.setattr(matmul_heuristics, "_interface", Fake)
    tiles = matmul_heuristics.proposed_tiles(INTEGERS, LAYOUTS, Math.TF32, H100)
    assert tiles == (
        HopperTile((64, 128, 64), Schedule.PINGPONG, (2, 1, 1)),
        HopperTile((64, 128, 64), Schedule.COOPERATIVE, (2, 1, 1)),
        HopperTile((64, 128, 64), Schedule.WARP_SPECIALIZED, (2, 1, 1)),
    )
    assert matmul_heuristics.proposed_tiles(INTEGERS, LAYOUTS, Math.F16, SM80) == ()
