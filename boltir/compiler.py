"""The library interface: from a model to a lowered module, or to compiled CUDA."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
    from boltir.ranking import Rankings
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
        run_pipeline(lowered, level_pipeline(level, target=target, dtype=dtype, templates=templates), rankings)
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


def run_pipeline(network: Network, specs: Sequence[str], rankings: "Rankings | None" = None) -> None:
    """Apply passes to the network's module, in place; `rankings` says what was measured of templates.

    Raises:
        BoltError: an unknown pass, or a pass that refuses the module.
    """
    ctx = compiler_context(network)
    ctx.rankings = rankings
    PassManager(build_passes(",".join(specs), _PASSES), verify_each=False).run(ctx, network.module)


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

    Args:
        target, dtype, templates, rankings: as for `lower`.

    Raises:
        BoltError: the network cannot be lowered, there is no nvcc, or nvcc fails.
    """
    from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
    from boltir.runtime.artifact import build_artifact
    from boltir.runtime.build import Builder

    lowered = lower(network, "cutlass", target=target, dtype=dtype, templates=templates, rankings=rankings)
    sources = emit_cuda(lowered.module)
    builder = Builder(Target.named(target), show_progress=show_progress)
    return build_artifact(sources, lowered.weights, Path(output), builder)
