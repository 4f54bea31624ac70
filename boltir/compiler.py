"""The library interface: from a model to a lowered module, or to compiled CUDA."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass
from xdsl.universe import XDSL_UNIVERSE

from boltir.context import CompilerContext
from boltir.errors import BoltError
from boltir.levels import LEVELS, Level, check_network, level_of
from boltir.pass_manager import PassManager
from boltir.pipelines import build_passes, level_pipeline
from boltir.precision import Precision
from boltir.remarks import Remarks
from boltir.target import Target
from boltir.universe import UNIVERSE
from boltir.weights import WeightStore

if TYPE_CHECKING:
    from boltir.interpreters.arrays import Array
    from boltir.ranking import Rankings, Refused
    from boltir.runtime.artifact import Artifact

_PASSES: Mapping[str, Callable[[], type[ModulePass]]] = {**XDSL_UNIVERSE.all_passes, **UNIVERSE.all_passes}


@dataclass(frozen=True)
class Network:
    """A network at one level, or a mixture of levels.

    Attributes:
        module: its `func.func @main`.
        weights: the bytes behind the module's weight symbols.
        remarks: what the passes that made it decided.
    """

    module: ModuleOp
    weights: WeightStore = field(default_factory=WeightStore)
    remarks: Remarks = field(default_factory=Remarks)

    def run(self, inputs: "Sequence[Array]") -> "list[Array]":
        """Run the network on the reference interpreter.

        Raises:
            BoltError: the inputs do not fit, or an operation has no meaning.
        """
        from boltir.interpreters import run

        return run(self.module, inputs, self.weights)

    def __str__(self) -> str:
        return str(self.module)


def import_onnx(path: str | Path, *, input_shapes: Mapping[str, tuple[int, ...]] | None = None) -> Network:
    """Read an ONNX model.

    Args:
        input_shapes: the shape of each input whose shape the model leaves open.

    Raises:
        BoltError: the file is no ONNX model, or holds something boltir does not support.
    """
    from boltir.frontends.onnx import import_onnx as import_model

    imported = import_model(path, input_shapes=dict(input_shapes or {}))
    return Network(imported.module, imported.weights)


def lower(
    network: Network,
    to: Level = "cutlass",
    *,
    target: str = "sm_80",
    dtype: str = "f16",
    templates: str = "heuristic",
    rankings: "Rankings | None" = None,
    refused: "Refused | None" = None,
    on_level: Callable[[str, Network], None] | None = None,
) -> Network:
    """Lower a network to level `to`, on from the level it is at; the given module stays as it is.

    Weights and remarks are shared: passes add to them, and a failed lowering leaves its remarks behind.

    Args:
        target: the GPU architecture, as `sm_80`.
        dtype: `f16`, `bf16` or `f32` (docs/precision.md): what a network at the graph level is to compute in.
            Its inputs and outputs keep their types.
        templates: what chooses the kernels: the cost model (`heuristic`), or `rankings` (`database`, `measured`).
        rankings: what is known of templates' speed (docs/tuning.md).
        refused: templates that must not be used, with the reasons.
        on_level: called with each level's name when the module has reached it.

    Raises:
        BoltError: an unknown level, target or dtype, a network that is past the level or was lowered for another
            target, or one that cannot be lowered.
    """
    if to not in LEVELS:
        raise BoltError(f"unknown level '{to}'", hint=f"one of {', '.join(LEVELS)}")
    Precision.named(dtype, Target.named(target))
    check_network(network.module)
    levels = _levels_to_go(network.module, to, target)
    lowered = Network(network.module.clone(), network.weights, network.remarks)
    for level in levels:
        specs = level_pipeline(level, target=target, dtype=dtype, templates=templates)
        run_pipeline(lowered, specs, rankings, refused)
        if on_level is not None:
            on_level(level, lowered)
    return lowered


def _levels_to_go(module: ModuleOp, to: Level, target: str) -> Sequence[Level]:
    """The levels whose pipelines bring `module` to level `to`; the graph level's is for what a frontend made, too."""
    start = level_of(module)
    made_for = module.attributes.get("cutlass.target")
    if start == "cutlass" and isinstance(made_for, StringAttr) and made_for.data != target:
        raise BoltError(f"the module was lowered for {made_for.data}, not for {target}", hint="choose that target")
    if LEVELS.index(start) > LEVELS.index(to):
        raise BoltError(f"the module is past the {to} level: it is at the {start} level")
    first = LEVELS.index(start) + (start != "graph")
    return LEVELS[first : LEVELS.index(to) + 1]


def compiler_context(network: Network | None = None) -> CompilerContext:
    """A context that knows every dialect, and the weights and remarks of `network`."""
    ctx = CompilerContext() if network is None else CompilerContext(weights=network.weights, remarks=network.remarks)
    for universe in (XDSL_UNIVERSE, UNIVERSE):
        for name, factory in universe.all_dialects.items():
            ctx.register_dialect(name, factory)
    return ctx


def run_pipeline(
    network: Network, specs: Sequence[str], rankings: "Rankings | None" = None, refused: "Refused | None" = None
) -> None:
    """Apply passes to the network's module, in place; what is known of templates is as for `lower`.

    Raises:
        BoltError: an unknown pass, or a pass that refuses the module.
    """
    ctx = compiler_context(network)
    ctx.rankings = rankings
    ctx.refused = refused or {}
    PassManager(build_passes(",".join(specs), _PASSES), verify_each=False).run(ctx, network.module)


def lower_checked(
    network: Network,
    *,
    target: str = "sm_80",
    dtype: str = "f16",
    templates: str = "heuristic",
    rankings: "Rankings | None" = None,
    database: Path | None = None,
) -> Network:
    """Lower a network to the cutlass level with persistent kernels that are right.

    Where a GPU runs the target, those that are not known run on random data (docs/tuning.md); one that is wrong is
    refused for good, and the network lowered without it. Without a GPU, remarks say what was not checked.

    Args:
        target, dtype, templates, rankings: as for `lower`.
        database: where what is known is kept; None for the user's tuning database.

    Raises:
        BoltError: the network cannot be lowered, or the database not be used.
    """
    from boltir.profiler.first_check import PASS_NAME, FirstCheck
    from boltir.profiler.locations import default_database

    if level_of(network.module) == "cutlass":
        return lower(network, "cutlass", target=target, dtype=dtype)
    remarks = network.remarks.collected
    check, before = FirstCheck.opened(database or default_database(), Target.named(target)), len(remarks)
    lower_to = partial(lower, target=target, dtype=dtype, templates=templates, rankings=rankings, refused=check.refused)
    while True:
        fused = lower_to(network, "fused")
        # What came with its templates attached is not lowered to others: one that is refused is an error there.
        if check.passes([fused.module], network.remarks) or level_of(network.module) == "fused":
            return lower_to(fused, "cutlass")
        remarks[before:] = [remark for remark in remarks[before:] if remark.pass_name == PASS_NAME]


def compile(
    network: Network,
    output: str | Path,
    *,
    target: str = "sm_80",
    dtype: str = "f16",
    templates: str = "heuristic",
    rankings: "Rankings | None" = None,
    show_progress: bool = False,
) -> "Artifact":
    """Lower a network, emit CUDA C++, build it with nvcc and write the artifact folder `output`.

    Its persistent kernels are checked, see `lower_checked`.

    Args:
        target, dtype, templates, rankings: as for `lower`.

    Raises:
        BoltError: the network cannot be lowered, there is no nvcc, or nvcc fails.
    """
    from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
    from boltir.runtime.artifact import build_artifact
    from boltir.runtime.build import Builder

    lowered = lower_checked(network, target=target, dtype=dtype, templates=templates, rankings=rankings)
    sources = emit_cuda(lowered.module)
    builder = Builder(Target.named(target), show_progress=show_progress)
    return build_artifact(sources, lowered.weights, Path(output), builder)
