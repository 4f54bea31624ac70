"""Problems: what is the same, what is not, and what becomes of one."""

import numpy as np
import pytest
from xdsl.dialects.arith import AddfOp, ConstantOp, MaximumfOp, MulfOp
from xdsl.dialects.builtin import (
    ArrayAttr,
    FloatAttr,
    ModuleOp,
    NameLoc,
    StringAttr,
    TensorType,
    UnknownLoc,
    bf16,
    f16,
    f32,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.utils.test_value import create_ssa_value

from boltir.dialects.cutlass import TEMPLATES
from boltir.dialects.cutlass.simt import SimtAttr
from boltir.dialects.cutlass.simt_movement import PointwiseAttr
from boltir.dialects.fused import (
    Along,
    AttentionOp,
    ColumnsAttr,
    Combiner,
    Conv2dOp,
    DualGemmOp,
    FusedOp,
    GemmOp,
    PermutedAttr,
    ReducedAttr,
    SoftmaxOp,
    StoreAttr,
)
from boltir.dialects.fused.epilogue import YieldOp
from boltir.dialects.fused.origin import set_origin
from boltir.dialects.properties import bool_attr, int_attr
from boltir.interpreters import run
from boltir.profiler.candidate_text import candidate_text, parse_candidate
from boltir.profiler.candidates import Candidates
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.prepare import Preparation
from boltir.profiler.problem import Kernel, Problem, distinct_problems
from boltir.profiler.reference import reference
from boltir.profiler.remembered import remembered_candidates
from boltir.target import Target
from boltir.weights import WeightStore
from tests.support.chains import chain_module, chain_of, choose, templates_for
from tests.support.fake_tuning import MACHINE

SM90, SM80 = Target.named("sm_90a"), Target.named("sm_80")
ORDINARY = {kind.name.removeprefix("cutlass.") for kind in TEMPLATES if issubclass(kind, SimtAttr | PointwiseAttr)}


def tensor(*shape: int, element: Attribute = f16) -> SSAValue:
    return create_ssa_value(TensorType(element, shape))


def clamped(floor: float) -> Region:
    """The epilogue `max(accumulator + bias, floor)`."""
    block = Block(arg_types=[f32, f32])
    total = AddfOp(block.args[0], block.args[1])
    least = ConstantOp(FloatAttr(floor, f32))
    clamp = MaximumfOp(total.result, least.result)
    block.add_ops([total, least, clamp, YieldOp(operands=[[clamp.result]])])
    return Region(block)


def gemm(
    m: int = 64, floor: float = 0.0, *, element: Attribute = f16, transpose_b: bool = False, rows: bool = True
) -> GemmOp:
    bias = tensor(32, element=element) if rows else tensor(m, 32, element=element)
    return GemmOp.build_kernel(
        [tensor(m, 48, element=element), tensor(*((32, 48) if transpose_b else (48, 32)), element=element)],
        {"transpose_b": bool_attr(transpose_b)},
        result_element_types=[element],
        epilogue_operands=[bias],
        epilogue=clamped(floor),
    )


def stored(store: StoreAttr) -> GemmOp:
    """A product with another store."""
    stores = {"stores": ArrayAttr([store])}
    return GemmOp.build_kernel([tensor(64, 48), tensor(48, 32)], stores, result_element_types=[f16])


def dual_gemm() -> DualGemmOp:
    """SwiGLU without the activation: the product of two products."""
    block = Block(arg_types=[f32, f32])
    gated = MulfOp(block.args[0], block.args[1])
    block.add_ops([gated, YieldOp(operands=[[gated.result]])])
    operands = [tensor(64, 48), tensor(48, 64)]
    return DualGemmOp.build_kernel(operands, result_element_types=[f16], epilogue=Region(block))


def attention() -> AttentionOp:
    heads = {"heads": int_attr(2), "head_dim": int_attr(16), "scale": FloatAttr(0.25, f32)}
    return AttentionOp.build_kernel([tensor(1, 24, 32)] * 3, heads, result_element_types=[f16])


def test_neither_place_nor_notes_make_another_problem() -> None:
    plain, noted = gemm(), gemm()
    noted.location = NameLoc(StringAttr("layer1/fc"), UnknownLoc())
    set_origin(noted, ["graph.gemm"])
    noted.outputs[0].name_hint = "y"
    noted.epilogue.block.args[0].name_hint = "sum"
    noted.properties = dict(reversed(noted.properties.items()))

    assert Problem.of(plain) == Problem.of(noted)
    assert Problem.of(Problem.of(plain).op) == Problem.of(plain)


def test_an_operand_that_is_given_twice_makes_no_other_problem() -> None:
    square = tensor(64, 64)
    twice = GemmOp.build_kernel([square, square], result_element_types=[f16])
    apart = GemmOp.build_kernel([tensor(64, 64), tensor(64, 64)], result_element_types=[f16])

    assert Problem.of(twice) == Problem.of(apart)


def test_whatever_the_kernel_depends_on_makes_another_problem() -> None:
    ops: list[FusedOp] = [
        gemm(),
        gemm(m=128),
        gemm(floor=0.5),
        gemm(element=bf16),
        gemm(transpose_b=True),
        gemm(rows=False),
        stored(ColumnsAttr.of(8, 16)),
        stored(ColumnsAttr.of(0, 16)),
        stored(PermutedAttr.of((8, 8, 4, 8), (0, 2, 1, 3))),
    ]
    problems = [Problem.of(op) for op in ops]

    assert len(set(problems)) == len({TuningKey.for_problem(p, MACHINE).digest for p in problems}) == len(ops)
    assert TuningKey.of(ops[0], MACHINE) != TuningKey.of(ops[0], Machine("sm_80", MACHINE.device, MACHINE.versions))


def test_the_summary_is_for_people() -> None:
    summary = "gemm 64x48xf16, 48x32xf16 + row f16: addf, maximumf -> 64x32xf16"
    assert Problem.of(gemm()).summary == summary


def test_a_chain_is_one_problem_wherever_its_intermediates_are() -> None:
    module = chain_module(128)
    (problem,) = distinct_problems(module)

    first, second = "128x64xf16, 32x64xf16 + row f16: addf -> 128x32xf16", "128x32xf16, 16x32xf16 -> 128x16xf16"
    assert (problem.kind, problem.summary) == ("chain", f"chain of {first}; {second}")
    assert list(distinct_problems(chain_module(128, residence="smem"))) == [problem]
    choose(module, templates_for(module, SM90)[0])
    assert list(distinct_problems(module)) == [problem]


def test_a_problem_computes_what_the_operation_does() -> None:
    op = Problem.of(gemm(floor=0.25)).module()
    random = np.random.default_rng(0)
    a, b, bias = (random.standard_normal(shape).astype(np.float16) for shape in ((64, 48), (48, 32), (32,)))
    (result,) = run(op, [a, b, bias], WeightStore())

    expected = np.maximum(a.astype(np.float32) @ b.astype(np.float32) + bias, 0.25)
    np.testing.assert_allclose(result, expected, rtol=1e-2, atol=1e-2)


def test_a_networks_problems_are_counted() -> None:
    block = Block(arg_types=[TensorType(f16, (64, 64))])
    (x,) = block.args
    layers: list[FusedOp] = []
    for transpose in (False, True, False):
        properties = {"transpose_b": bool_attr(transpose)}
        operand = layers[-1].outputs[0] if layers else x
        layers.append(GemmOp.build_kernel([operand, operand], properties, result_element_types=[f16]))
    block.add_ops([*layers, ReturnOp(layers[-1].outputs[0])])
    function = FuncOp("main", ([x.type], [x.type]), Region(block))
    assert list(distinct_problems(ModuleOp([function])).values()) == [2, 1]


# --- candidates and references


def test_a_candidate_survives_text() -> None:
    job = Preparation(MACHINE, top=5)(Problem.of(gemm()), 1, {})
    assert len(job.trials) == 5
    for trial in job.trials:
        assert parse_candidate(trial.text) == (trial.template, dict(trial.arguments))
        assert candidate_text(trial.template, trial.arguments) == trial.text


@pytest.mark.parametrize(
    "text", ["", "#cutlass.future<tile = 3> {}", "#cutlass.gemm<stages = 3> {}", '3 : i32 {"m":1}', '{"m":']
)
def test_what_another_version_wrote_is_no_candidate(text: str) -> None:
    assert parse_candidate(text) is None


def test_candidates_compute_the_whole_operation() -> None:
    job = Preparation(MACHINE, top=3)(Problem.of(gemm()), 2, {})
    assert (job.count, job.error, job.rejected != ()) == (2, "", True)
    for trial in job.trials:
        assert trial.executable is not None
        assert [operand.count for operand in trial.executable.inputs] == [64 * 48, 48 * 32, 32]
        assert [(operand.element, operand.nbytes) for operand in trial.executable.outputs] == [("f16", 2 * 64 * 32)]
        assert trial.executable.flops == 2 * 64 * 48 * 32


def test_candidates_compute_a_whole_chain() -> None:
    job = Preparation(MACHINE, top=3)(Problem.of(chain_of(chain_module())), 1, {})
    assert (job.error, len(job.trials)) == ("", 3)
    for trial in job.trials:
        assert trial.executable is not None
        assert [operand.count for operand in trial.executable.inputs] == [128 * 64, 32 * 64, 32, 16 * 32]
        assert len(trial.executable.steps) == 1
        assert trial.executable.flops == 2 * 128 * (32 * 64 + 16 * 32)
    assert job.reference is not None
    assert len(job.reference.steps) == 2


def test_what_is_known_is_not_lowered_again() -> None:
    problem = Problem.of(gemm())
    first = Preparation(MACHINE, top=2)(problem, 1, {})
    known = {trial.text: Measurement(Status.OK, 1e-6) for trial in first.trials}
    second = Preparation(MACHINE, top=2)(problem, 1, known)
    assert [trial.executable for trial in second.trials] == [None, None]
    assert (second.pending, second.reference) == ([], None)


def test_what_is_known_counts_beyond_the_first_candidates() -> None:
    problem = Problem.of(gemm())
    last = Preparation(MACHINE, top=5)(problem, 1, {}).trials[-1]
    job = Preparation(MACHINE, top=2)(problem, 1, {last.text: Measurement(Status.OK, 1e-6)})
    assert (len(job.trials), job.best and job.best.text) == (3, last.text)


def test_where_enough_is_known_nothing_else_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_for(*_: object) -> Candidates:
        pytest.fail("it was looked for")

    problem = Problem.of(gemm())
    first = Preparation(MACHINE, top=3)(problem, 1, {})
    known = {trial.text: Measurement(Status.OK, 1e-6) for trial in first.trials}
    assert first.rejected == Preparation(MACHINE, top=3, explains=True)(problem, 1, known).rejected
    monkeypatch.setattr("boltir.profiler.prepare.candidates_for", looked_for)
    second = Preparation(MACHINE, top=3)(problem, 1, known)

    assert not second.pending
    assert {trial.text: trial.estimate for trial in second.trials} == {t.text: t.estimate for t in first.trials}


@pytest.mark.parametrize(
    "op",
    [
        gemm(),
        stored(ReducedAttr.of(Combiner.SUM, Along.COLUMNS, 32)),
        Conv2dOp.build_kernel([tensor(2, 16, 16, 8), tensor(16, 3, 3, 8)], result_element_types=[f16]),
        chain_of(chain_module()),
    ],
    ids=lambda op: op.name,
)
def test_what_is_known_comes_in_the_order_in_which_it_was_looked_for(op: Kernel) -> None:
    """So the first one is the cost model's choice in every run."""
    problem = Problem.of(op)
    first = Preparation(MACHINE, top=10)(problem, 1, {})
    known = {text: Measurement(Status.OK, 1e-6) for text in sorted(trial.text for trial in first.trials)}
    second = Preparation(MACHINE, top=len(known))(problem, 1, known)

    assert first.trials
    assert [trial.text for trial in second.trials] == [trial.text for trial in first.trials]


@pytest.mark.parametrize("op", [gemm(), chain_of(chain_module())], ids=lambda op: op.name)
def test_what_is_known_of_launches_that_compute_something_else_is_left_out(op: Kernel) -> None:
    trial = Preparation(MACHINE, top=1)(Problem.of(op), 1, {}).trials[0]
    right = dict(trial.arguments)
    others = [{}, {**right, "extra": 1}, *({**right, name: 0} for name in ("m", "n", "n0") if name in right)]
    others += [{name: value for name, value in right.items() if name != missing} for missing in right]

    texts = [candidate_text(trial.template, integers) for integers in (*others, right)]
    assert [dict(known.arguments) for known in remembered_candidates(op, texts, SM90)] == [right]


def test_an_operation_without_candidates_has_nothing_to_check() -> None:
    softmax = SoftmaxOp.build_kernel([tensor(64, 48)], result_element_types=[f16])
    job = Preparation(MACHINE)(Problem.of(softmax), 1, {})
    assert (job.trials, job.reference, job.error) == ((), None, "")


@pytest.mark.parametrize("target", [SM80, SM90], ids=lambda target: target.name)
@pytest.mark.parametrize(
    "op",
    [
        gemm(),
        gemm(transpose_b=True, element=bf16),
        Conv2dOp.build_kernel([tensor(2, 16, 16, 8), tensor(16, 3, 3, 8)], result_element_types=[f16]),
        stored(ColumnsAttr.of(8, 16)),
        stored(PermutedAttr.of((8, 8, 4, 8), (0, 2, 1, 3))),
        stored(ReducedAttr.of(Combiner.SUM, Along.COLUMNS, 32)),
        dual_gemm(),
        attention(),
        chain_of(chain_module()),
    ],
    ids=lambda op: op.name,
)
def test_references_run_on_the_ordinary_cores(op: Kernel, target: Target) -> None:
    computed = reference(Problem.of(op), target)
    families = {kernel.name.rsplit("_", 1)[0] for kernel in computed.kernels}
    assert families <= ORDINARY
    assert computed.steps
