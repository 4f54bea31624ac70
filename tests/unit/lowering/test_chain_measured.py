"""Whether a persistent kernel is formed where its products and it were measured, or failed on random data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from xdsl.dialects.builtin import ModuleOp

from boltir.compiler import compiler_context
from boltir.dialects.cutlass import choice_of
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused import ChainOp, FusedOp
from boltir.lowering.fused_to_cutlass.chains.form_persistent_kernels import FormPersistentKernelsPass
from boltir.passes.inline_chains import inline
from boltir.profiler.candidates import AnyCandidate
from boltir.profiler.problem import Problem, kernels_of
from boltir.ranking import RankedTemplate, Ranking
from boltir.remarks import Remarks
from boltir.target import Target
from tests.support.chains import chain_module, chain_of, templates_for
from tests.support.fake_tuning import template as any_template

H100 = Target.named("sm_90a")
ROWS = 16384
CANDIDATES = templates_for(chain_module(ROWS), H100)


@dataclass
class FakeRankings:
    """Gives chains these rows, and products apart a kernel of so many seconds."""

    together: Sequence[RankedTemplate]
    apart: float | None
    asked: list[Problem] = field(default_factory=list[Problem])

    def rank(self, ops: Sequence[FusedOp | ChainOp], target: Target) -> Sequence[Ranking | None]:
        assert target == H100
        self.asked += map(Problem.of, ops)
        return [self._ranking(op) for op in ops]

    def _ranking(self, op: FusedOp | ChainOp) -> Ranking | None:
        if isinstance(op, ChainOp):
            return Ranking(tuple(self.together)) if self.together else None
        return None if self.apart is None else Ranking((RankedTemplate(any_template(), {}, self.apart),))


def row(candidate: AnyCandidate, seconds: float, status: str = "ok") -> RankedTemplate:
    return RankedTemplate(candidate.template, candidate.arguments, seconds if status == "ok" else None, status=status)


def apart() -> ModuleOp:
    """The products of the chain, each a kernel of its own."""
    module = chain_module(ROWS)
    inline(chain_of(module))
    return module


def form(
    rankings: FakeRankings | None = None, refused: Mapping[TemplateAttr, str] | None = None
) -> tuple[TemplateAttr | None, Remarks]:
    """The template of the chain that is formed, if one is."""
    module, context = apart(), compiler_context()
    context.rankings, context.refused = rankings, refused or {}
    source = "heuristic" if rankings is None else "database"
    FormPersistentKernelsPass(target=H100.name, source=source).apply(context, module)
    module.verify()
    chains = [op for op in kernels_of(module) if isinstance(op, ChainOp)]
    choice = choice_of(chains[0]) if chains else None
    return None if choice is None else choice.template_attr, context.remarks


def messages(remarks: Remarks) -> str:
    return "\n".join(remark.message for remark in remarks)


def test_the_fastest_measured_template_is_formed() -> None:
    rows = [row(CANDIDATES[3], 4e-6), row(CANDIDATES[0], 5e-6)]
    template, remarks = form(FakeRankings(rows, apart=3e-6))

    assert template == CANDIDATES[3].template
    assert "measured 4.0 us as chain_gemm_sm90 in rf, 6.0 us apart" in messages(remarks)


def test_what_was_measured_to_be_slower_stays_apart() -> None:
    template, remarks = form(FakeRankings([row(CANDIDATES[0], 7e-6)], apart=3e-6))

    assert template is None
    assert "measured 7.0 us as chain_gemm_sm90 in rf, 6.0 us apart" in messages(remarks)


@pytest.mark.parametrize(
    "rankings",
    [FakeRankings([], apart=1e-9), FakeRankings([row(CANDIDATES[3], 9e-3)], apart=None)],
    ids=["no chain", "no products"],
)
def test_where_something_was_not_measured_the_cost_model_decides(rankings: FakeRankings) -> None:
    template, remarks = form(rankings)

    assert template == form()[0] == CANDIDATES[0].template
    assert "expected" in messages(remarks)


def test_wrong_results_do_not_count_however_fast() -> None:
    rows = [row(CANDIDATES[2], 5e-6), row(CANDIDATES[1], 1e-6, "wrong")]
    assert form(FakeRankings(rows, apart=3e-6))[0] == CANDIDATES[2].template


def test_the_problems_that_are_asked_for_are_those_of_the_network() -> None:
    rankings = FakeRankings([row(CANDIDATES[0], 4e-6)], apart=3e-6)
    form(rankings)
    assert rankings.asked == [Problem.of(chain_of(chain_module(ROWS))), *map(Problem.of, kernels_of(apart()))]


def test_a_template_that_failed_on_random_data_is_passed_over() -> None:
    first, second = CANDIDATES[0].template, form(refused={CANDIDATES[0].template: "wrong: off by 0.5"})[0]
    assert second is not None
    assert second != first
    rows = [row(CANDIDATES[0], 1e-6), row(CANDIDATES[2], 2e-6)]
    assert form(FakeRankings(rows, apart=3e-6), {first: "wrong: off by 0.5"})[0] == CANDIDATES[2].template


def test_without_a_template_that_is_right_products_stay_apart() -> None:
    every: dict[TemplateAttr, str] = {candidate.template: "wrong: off by 0.5" for candidate in CANDIDATES}
    template, remarks = form(refused=every)

    assert template is None
    assert "every legal template failed on random data: wrong: off by 0.5" in messages(remarks)


def test_products_apart_do_not_count_with_a_template_that_failed() -> None:
    rankings = FakeRankings([row(CANDIDATES[2], 2e-6)], apart=1e-9)
    assert form(rankings)[0] is None

    template, remarks = form(rankings, {any_template(): "wrong: off by 0.5"})
    assert template == CANDIDATES[0].template
    assert "expected" in messages(remarks)
