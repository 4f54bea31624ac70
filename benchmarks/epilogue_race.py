"""One pair of the epilogue benchmark: its contenders made ready, checked and measured."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from epilogue_boltir import TARGET, artifact_folder
from epilogue_contenders import (
    Tensors,
    boltir_run,
    compiled,
    configure_torch,
    random_inputs,
    reference,
    torch_run,
    weights_of,
)
from epilogue_pairs import Pair, flops
from epilogue_report import COMPILED, EAGER, FUSED, LIBRARY, UNFUSED, Row
from epilogue_torch import FORMULAS, OWN_FUSED, Formula
from gpu_timing import GraphOfRuns, Run, deviation

import boltir
from boltir.errors import one_line
from boltir.runtime.manifest import read_manifest
from boltir.target import Target

torch: Any = importlib.import_module("torch")

SAMPLES = 60
BEYOND_CACHE = 3
"""How many times the L2 cache's size inputs and outputs have together."""

VARIANTS = {FUSED: "fused", UNFUSED: "unfused"}
POISON = 77


@dataclass
class Race:
    """The contenders of one pair, on inputs that do not fit the L2 cache together."""

    pair: Pair
    weights: Tensors
    inputs: Sequence[Tensors]
    expected: Sequence[Tensors]
    row: Row
    graphs: dict[str, GraphOfRuns] = field(default_factory=dict[str, GraphOfRuns])

    @staticmethod
    def on_random_inputs(pair: Pair) -> Race:
        """A race without contenders."""
        target, weights, first = Target.named(TARGET), weights_of(pair), random_inputs(pair, 0)
        outputs = FORMULAS[pair.formula](*first, *weights)
        moved = sum(tensor.nbytes for tensor in (*first, *outputs))
        count = max(2, -(-BEYOND_CACHE * target.l2_bytes // moved))
        inputs = [first, *(random_inputs(pair, seed) for seed in range(1, count))]
        expected = [reference(pair, tensors, weights) for tensors in inputs]
        least = (moved + sum(tensor.nbytes for tensor in weights)) / target.memory_bandwidth
        limit = 1e6 * max(least, flops(pair.network()) / target.tensor_flops)
        return Race(pair, weights, inputs, expected, Row(pair.name, pair.epilogue, pair.shapes, limit))

    def enter_torch(self, compiled: Formula | None) -> None:
        """Record torch's contenders; a call that torch refuses is absent."""
        formulas = {LIBRARY: OWN_FUSED.get(self.pair.formula), EAGER: FORMULAS[self.pair.formula], COMPILED: compiled}
        for name, formula in formulas.items():
            if formula is None:
                continue
            try:
                self._enter(name, torch_run(formula, self.inputs, self.weights))
            except RuntimeError as error:
                self.row.absent[name] = one_line(str(error), 150)

    def enter_boltir(self, work: Path) -> None:
        """Record boltir's contenders, and profile their kernels."""
        for name, variant in VARIANTS.items():
            folder = artifact_folder(work, self.pair, variant)
            model, templates = boltir.load(folder), read_manifest(folder)["kernels"]
            outputs: list[Tensors] = [tuple(map(torch.empty_like, given)) for given in self.graphs[EAGER].outputs]
            self._enter(name, boltir_run(model, self.inputs, outputs))
            launches = model.profile(list(self.inputs[0]), repetitions=20).launches
            self.row.kernels[name] = [(templates[launch.kernel], launch.microseconds) for launch in launches]

    def _enter(self, name: str, run: Run) -> None:
        """Record a contender and check its results, which it writes over poison."""
        graph = GraphOfRuns.record(run, len(self.inputs))
        for tensor in (tensor for tensors in graph.outputs for tensor in tensors):
            tensor.fill_(float("nan") if tensor.is_floating_point() else POISON)
        graph.graph.replay()
        pairs = zip(graph.outputs, self.expected, strict=True)
        self.row.errors[name] = max(deviation(*pair) for tensors in pairs for pair in zip(*tensors, strict=True))
        self.row.microseconds[name] = []
        self.graphs[name] = graph

    def run(self) -> Row:
        """Take the samples in turn."""
        for _ in range(SAMPLES):
            for name, graph in self.graphs.items():
                self.row.microseconds[name].append(1e3 * graph.sample())
        return self.row


def compiled_in_time(pair: Pair, work: Path) -> tuple[Formula | None, str]:
    """torch.compile's contender, or why there is none; to be called before anything else."""
    configure_torch()
    try:
        return compiled(pair, work / "autotuning.lock"), ""
    except (TimeoutError, RuntimeError) as error:
        return None, one_line(str(error), 150)
