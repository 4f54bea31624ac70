"""Where templates come from: the cost model, measurements, or an attribute that is already there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from boltir.compiler import compiler_context
from boltir.dialects.cutlass import ChoiceAttr, choice_of
from boltir.dialects.cutlass.kernel import launches
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused import ChainOp, FusedOp
from boltir.errors import BoltError, UnsupportedError
from boltir.lowering.fused_to_cutlass.chosen import legal_selection
from boltir.lowering.fused_to_cutlass.convert import ConvertFusedToCutlassPass
from boltir.lowering.fused_to_cutlass.families import families
from boltir.lowering.fused_to_cutlass.family import Candidate, Family, usual_candidates
from boltir.lowering.fused_to_cutlass.ranking_text import measurements_text
from boltir.lowering.fused_to_cutlass.select_templates import SelectTemplatesPass
from boltir.lowering.fused_to_cutlass.selection import Selection
from boltir.ranking import RankedTemplate, Ranking
from boltir.remarks import Remarks
from boltir.target import Target

H100 = Target.named("sm_90a")

NETWORK = """
func.func @main(%x: tensor<{m}x{k}xf16>, %w: tensor<{n}x{k}xf16>) -> tensor<{m}x{n}xf16> {{
  %y = fused.gemm(%x, %w : tensor<{m}x{k}xf16>, tensor<{n}x{k}xf16>) {{transpose_b = true}} -> tensor<{m}x{n}xf16> {{
  ^bb0(%sum: f32):
    fused.yield %sum : f32
  }}
  %z = fused.softmax(%y : tensor<{m}x{n}xf16>) {{axis = 1 : i64}} -> tensor<{m}x{n}xf16> {{
  ^bb0(%v: f32):
    fused.yield %v : f32
  }}
  func.return %z : tensor<{m}x{n}xf16>
}}
"""


STORES_COLUMNS = """
func.func @main(%x: tensor<1280x768xf16>, %w: tensor<2304x768xf16>) -> (tensor<1280x768xf16>, tensor<1280x1536xf16>) {
  %0, %1 = fused.gemm(%x, %w : tensor<1280x768xf16>, tensor<2304x768xf16>)
      {transpose_b = true, stores = [#fused.columns<0, 768>, #fused.columns<768, 1536>]}
      -> tensor<1280x768xf16>, tensor<1280x1536xf16> {
  ^bb0(%sum: f32):
    fused.yield %sum, %sum : f32, f32
  }
  func.return %0, %1 : tensor<1280x768xf16>, tensor<1280x1536xf16>
}
"""


@dataclass
class FakeRankings:
    """Gives every operation the same rows, and notes what it was asked for."""

    rows: Sequence[RankedTemplate] | None
    asked: list[FusedOp | ChainOp] = field(default_factory=list[FusedOp | ChainOp])

    def rank(self, ops: Sequence[FusedOp | ChainOp], target: Target) -> Sequence[Ranking | None]:
        assert target == H100
        self.asked += ops
        return [None if self.rows is None else Ranking(tuple(self.rows)) for _ in ops]


def network(m: int = 1280, n: int = 768, k: int = 768) -> tuple[ModuleOp, FusedOp]:
    module = Parser(compiler_context(), NETWORK.format(m=m, n=n, k=k)).parse_module()
    return module, next(op for op in module.walk() if isinstance(op, FusedOp))


def ranked(op: FusedOp) -> tuple[Candidate, ...]:
    family = next(family for family in families(op, H100) if isinstance(family, Family))
    return usual_candidates(family, H100)[0]


def select(
    module: ModuleOp,
    rankings: FakeRankings | None = None,
    source: str = "heuristic",
    refused: Mapping[TemplateAttr, str] | None = None,
) -> Remarks:
    context = compiler_context()
    context.rankings = rankings
    context.refused = refused or {}
    SelectTemplatesPass(target="sm_90a", source=source).apply(context, module)
    module.verify()
    return context.remarks


def chosen(op: FusedOp) -> ChoiceAttr:
    choice = choice_of(op)
    assert choice is not None
    return choice


def row(template: TemplateAttr, arguments: dict[str, int], seconds: float | None, status: str = "ok") -> RankedTemplate:
    return RankedTemplate(template, arguments, seconds, 0.01, status, "" if status == "ok" else "what went wrong")


EXTENTS = st.integers(1, 200).map(lambda eighths: 8 * eighths)


@settings(max_examples=25, deadline=None)
@given(EXTENTS, EXTENTS, EXTENTS, st.sampled_from(["sm_75", "sm_80", "sm_90a"]))
def test_what_is_chosen_is_legal_and_is_what_conversion_makes(m: int, n: int, k: int, name: str) -> None:
    module, op = network(m, n, k)
    context, target = compiler_context(), Target.named(name)
    SelectTemplatesPass(target=name).apply(context, module)
    module.verify()
    choice = chosen(op)
    assert isinstance(legal_selection(op, choice.template_attr, choice.integers, target), Selection)
    ConvertFusedToCutlassPass(target=name).apply(context, module)
    module.verify()
    assert next(launches(module))[1].template_attr == choice.template


def test_the_cost_model_chooses_what_it_ranks_first() -> None:
    module, op = network()
    first, *_ = ranked(op)
    remarks = select(module)
    assert chosen(op) == ChoiceAttr.of(first.template, first.arguments)
    note = next(remark.message for remark in remarks if remark.kind == "note")
    assert f"{1e6 * first.estimate.seconds:.2f} us" in note


def test_the_fastest_measured_template_is_chosen_and_the_table_is_kept() -> None:
    module, op = network()
    first, _, third, *_ = ranked(op)
    rows = [
        row(third.template, dict(third.arguments), 5e-6),
        row(first.template, dict(first.arguments), 6e-6),
        row(first.template, dict(first.arguments), 1e-6, "wrong"),
    ]
    rankings = FakeRankings(rows)
    remarks = [remark.message for remark in select(module, rankings, "database")]
    assert rankings.asked == [op]  # softmax has but one template
    assert chosen(op).template == third.template
    assert any("5.00 us" in text and "6.00 us" in text and "1 rejected: what went wrong" in text for text in remarks)
    assert f"uses {third.template} instead, which was measured to be the fastest" in remarks


def test_bytes_per_second_count_the_columns_that_are_stored() -> None:
    module = Parser(compiler_context(), STORES_COLUMNS).parse_module()
    op = next(op for op in module.walk() if isinstance(op, FusedOp))
    first, *_ = ranked(op)
    text = measurements_text(op, [row(first.template, dict(first.arguments), 10e-6)], H100)

    moved = 2 * (1280 * 768 + 2304 * 768 + 1280 * 2304)
    assert f", {1e-9 * moved / 10e-6:.3g} GB/s, " in text


def test_a_launch_that_lacks_integers_is_never_chosen() -> None:
    module, op = network()
    persistent = next(candidate for candidate in ranked(op) if "swizzle" in candidate.arguments)
    arguments = {name: value for name, value in persistent.arguments.items() if name != "swizzle"}
    remarks = select(module, FakeRankings([row(persistent.template, arguments, 1e-6)]), "database")

    assert chosen(op).template == ranked(op)[0].template
    assert any("launches of gemm_sm90 take swizzle, too" in remark.message for remark in remarks)


def test_a_launch_of_more_integers_is_never_chosen() -> None:
    module, op = network()
    first, *_ = ranked(op)
    rows = [row(first.template, {**first.arguments, "another": 1}, 1e-6)]
    remarks = [remark.message for remark in select(module, FakeRankings(rows), "database")]

    assert any(" and no more" in message for message in remarks)
    assert any("measured 0 templates" in message for message in remarks)


def test_what_was_not_measured_or_gave_wrong_results_is_never_chosen() -> None:
    module, op = network()
    first, second, third, *_ = ranked(op)
    rows = [
        row(second.template, dict(second.arguments), 1e-6, "wrong"),
        row(third.template, dict(third.arguments), None, ""),
    ]
    remarks = [remark.message for remark in select(module, FakeRankings(rows), "measured")]
    assert chosen(op).template == first.template
    assert "no measured template serves, the cost model chose: none gave right results" in remarks


def test_what_is_not_legal_any_more_is_never_chosen() -> None:
    module, op = network()
    first, *_ = ranked(op)
    other = {**first.arguments, "m": 64}
    remarks = [
        remark.message for remark in select(module, FakeRankings([row(first.template, other, 1e-6)]), "database")
    ]
    assert chosen(op).integers["m"] == 1280
    assert any("other parameters or integers" in text for text in remarks)


def test_what_failed_on_random_data_is_not_chosen() -> None:
    module, op = network()
    first, second, *_ = ranked(op)
    remarks = [remark.message for remark in select(module, refused={first.template: "wrong: off by 0.5"})]
    assert chosen(op).template == second.template
    assert f"uses {second.template} instead: the first failed on random data: wrong: off by 0.5" in remarks


def test_what_failed_on_random_data_is_not_chosen_for_its_speed_elsewhere() -> None:
    module, op = network()
    first, second, *_ = ranked(op)
    fast = FakeRankings([row(second.template, dict(second.arguments), 1e-6)])
    select(module, fast, "database", {second.template: "crashed: SIGSEGV"})
    assert chosen(op).template == first.template


def test_a_choice_that_failed_on_random_data_is_an_error() -> None:
    module, op = network()
    first, *_ = ranked(op)
    op.attributes["cutlass.choice"] = ChoiceAttr.of(first.template, first.arguments)
    with pytest.raises(UnsupportedError, match=r"failed on random data: wrong: off by 0\.5 \(`bolt-tune prune`"):
        select(module, refused={first.template: "wrong: off by 0.5"})


def test_without_measurements_of_an_operation_the_cost_model_chooses() -> None:
    module, op = network()
    remarks = [remark.message for remark in select(module, FakeRankings(None), "database")]
    assert chosen(op).template == ranked(op)[0].template
    assert "nothing was measured: the cost model chose" in remarks


def test_a_choice_that_is_there_stays() -> None:
    module, op = network()
    *_, last = ranked(op)
    op.attributes["cutlass.choice"] = ChoiceAttr.of(last.template, last.arguments)
    rankings = FakeRankings([])
    select(module, rankings, "database")
    assert chosen(op).template == last.template
    assert rankings.asked == []


def test_a_choice_for_another_operation_is_refused() -> None:
    module, op = network()
    _, softmax = (inner for inner in module.walk() if isinstance(inner, FusedOp))
    select(module)
    softmax.attributes["cutlass.choice"], op.attributes["cutlass.choice"] = chosen(op), chosen(softmax)
    with pytest.raises(UnsupportedError, match="cannot compute it on sm_90a"):
        select(module)


@pytest.mark.parametrize("source", ["database", "measured"])
def test_there_must_be_something_to_take_measurements_from(source: str) -> None:
    with pytest.raises(BoltError, match=f"nothing to take {source} templates from"):
        select(network()[0], None, source)
