"""One subject of a benchmark: its contenders made ready, checked and measured."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gpu_timing import GraphOfRuns, Run, deviation

import boltir
from boltir.errors import one_line
from boltir.runtime.manifest import read_manifest
from boltir.target import Target
from race.benchmark import Benchmark, TorchFormula
from race.contenders import (
    Tensors,
    boltir_run,
    compiled,
    configure_torch,
    random_inputs,
    reference,
    torch_run,
    weights_of,
)
from race.row import COMPILED, EAGER, LIBRARY, Row
from race.subject import Subject, flops
from race.variants import TARGET, artifact_folder

torch: Any = importlib.import_module("torch")

SAMPLES = 60
BEYOND_CACHE = 3
"""How many times the L2 cache's size inputs and outputs have together."""

POISON = 77


@dataclass
class Race:
    """The contenders on one subject, with inputs that do not fit the L2 cache together."""

    benchmark: Benchmark
    subject: Subject
    weights: Tensors
    inputs: Sequence[Tensors]
    expected: Sequence[Tensors]
    row: Row
    graphs: dict[str, GraphOfRuns] = field(default_factory=dict[str, GraphOfRuns])

    @staticmethod
    def on_random_inputs(benchmark: Benchmark, subject: Subject) -> Race:
        """A race without contenders."""
        formula, weights, first = benchmark.torch_formula(subject), weights_of(subject), random_inputs(subject, 0)
        outputs = formula(*first, *weights)
        rotating = sum(tensor.nbytes for tensor in (*first, *outputs))
        count = max(2, -(-BEYOND_CACHE * Target.named(TARGET).l2_bytes // rotating))
        inputs = [first, *(random_inputs(subject, seed) for seed in range(1, count))]
        expected = [reference(formula, tensors, weights) for tensors in inputs]
        moved = rotating + sum(tensor.nbytes for tensor in weights)
        return Race(benchmark, subject, weights, inputs, expected, _row(subject, moved))

    def enter_torch(self, compiled: TorchFormula | None) -> None:
        """Record torch's contenders; a call that torch refuses is absent."""
        benchmark, subject = self.benchmark, self.subject
        formulas = {LIBRARY: benchmark.own_fused(subject), EAGER: benchmark.torch_formula(subject), COMPILED: compiled}
        for name in benchmark.rivals:
            formula = formulas[name]
            if formula is None:
                continue
            try:
                self._enter(name, torch_run(formula, self.inputs, self.weights))
            except RuntimeError as error:
                self.row.absent[name] = one_line(str(error), 150)

    def enter_boltir(self, work: Path) -> None:
        """Record boltir's contenders, and profile their kernels."""
        for name in self.benchmark.variants:
            folder = artifact_folder(work, self.subject, name)
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


def _row(subject: Subject, moved: int) -> Row:
    """The row of a subject that moves so many bytes, without measurements."""
    target = Target.named(TARGET)
    memory = 1e6 * moved / target.memory_bandwidth
    limit = max(memory, 1e6 * flops(subject.network()) / target.tensor_flops)
    return Row(subject.group, subject.name, subject.detail, subject.shapes, moved, memory, limit)


def compiled_in_time(benchmark: Benchmark, subject: Subject, work: Path) -> tuple[TorchFormula | None, str]:
    """torch.compile's contender, or why there is none; to be called before anything else."""
    configure_torch()
    if COMPILED not in benchmark.rivals:
        return None, ""
    try:
        return compiled(benchmark.torch_formula(subject), subject, work / "autotuning.lock"), ""
    except (TimeoutError, RuntimeError) as error:
        return None, one_line(str(error), 150)
