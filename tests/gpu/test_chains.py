"""Persistent kernels on a GPU: wrong ones are used by no network, slow ones by none that measures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import f16

import boltir
from boltir.dialects import graph
from boltir.dialects.fused import ChainOp
from boltir.dialects.properties import bool_attr
from boltir.profiler import prepare
from boltir.profiler.candidate_text import candidate_text
from boltir.profiler.candidates import AnyCandidate, candidates_for
from boltir.profiler.database import Database
from boltir.profiler.executable import Executable
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.locations import DATABASE_VARIABLE
from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.problem import Problem, kernels_of
from boltir.runtime.manifest import read_manifest
from boltir.target import Target
from boltir.tools.bolt_compile import main as bolt_compile
from boltir.tools.network_file import write_network
from tests.gpu.target import gpu_target
from tests.gpu.test_networks_on_gpu import run_on_poison
from tests.support.network_builder import Array, NetworkBuilder

ROWS, WIDTHS = 16384, (256, 64, 16)
FEW_ROWS, EQUAL_WIDTHS = 4096, (32, 32, 32)
"""Of layers that are the same problem, so that there is less to measure."""


def layers(rows: int = ROWS, widths: Sequence[int] = WIDTHS) -> tuple[boltir.Network, Array, Array]:
    """Layers with ReLU, an input, and the output for it."""
    builder = NetworkBuilder(np.random.default_rng(0))
    expected = builder.random.standard_normal((rows, widths[0])).astype(np.float16)
    value, x = builder.argument(expected, f16), expected
    for inputs, outputs in pairwise(widths):
        w = (builder.random.standard_normal((outputs, inputs)) / np.sqrt(inputs)).astype(np.float16)
        product = builder.add(graph.GemmOp, value, builder.weight(w, f16), transpose_b=bool_attr(True))
        value = builder.add(graph.ReluOp, product)
        expected = np.maximum(expected.astype(np.float32) @ w.astype(np.float32).T, 0)
    made = builder.finish(value)
    return boltir.Network(made.module, made.context.weights), x, expected


def chain() -> ChainOp:
    """The persistent kernel that the layers become."""
    lowered = boltir.lower(layers()[0], "fused", target=gpu_target())
    (op,) = kernels_of(lowered.module)
    assert isinstance(op, ChainOp)
    return op


def families(folder: Path) -> list[str]:
    """The templates of an artifact's kernels."""
    return [text.partition("<")[0].removeprefix("#cutlass.") for text in read_manifest(folder)["kernels"].values()]


def deviation(folder: Path, x: Array, expected: Array) -> float:
    """Of an artifact's output, relative to the largest."""
    with boltir.load(folder) as model:
        (result,) = run_on_poison(model, {model.inputs[0].name: x})
    return float(np.abs(result.astype(np.float32) - expected).max() / np.abs(expected).max())


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tuning database."""
    path = tmp_path / "tuning.db"
    monkeypatch.setenv(DATABASE_VARIABLE, str(path))
    return path


def statuses(path: Path) -> list[Status]:
    with Database(path) as database:
        return [record.measurement.status for record in database.records()]


def test_a_chain_is_checked_once_and_computes_the_layers(database: Path, tmp_path: Path) -> None:
    network, x, expected = layers()
    for name in ("first", "second"):
        boltir.compile(network, tmp_path / name, target=gpu_target())
        (family,) = families(tmp_path / name)
        assert family.startswith("chain_gemm")
        assert deviation(tmp_path / name, x, expected) < 2e-3
    assert statuses(database) == [Status.OK]
    checks = [remark for remark in network.remarks if remark.pass_name == "first-check"]
    assert [remark.kind for remark in checks] == ["note"]


def test_a_wrong_chain_is_refused_for_good(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refuse_all_but_the_first(chain(), database)
    monkeypatch.setattr(prepare, "_lowered", _leaving_out_some_rows)
    network, x, expected = layers()
    for name in ("first", "second"):
        boltir.compile(network, tmp_path / name, target=gpu_target())
        assert not any(family.startswith("chain") for family in families(tmp_path / name))
        assert deviation(tmp_path / name, x, expected) < 2e-3
    assert set(statuses(database)) == {Status.WRONG}
    (refusal,) = (remark for remark in network.remarks if remark.pass_name == "first-check")
    assert "is refused from now on; on random data it was wrong: off by" in refusal.message


def test_measurements_decide(database: Path, tmp_path: Path) -> None:
    network, x, expected = layers(FEW_ROWS, EQUAL_WIDTHS)
    model, remarks = write_network(network, tmp_path / "network"), tmp_path / "remarks.jsonl"
    options = ["--target", gpu_target(), "--templates", "measured", "--remarks", str(remarks), "--quiet"]
    assert bolt_compile([str(model), "-o", str(tmp_path / "compiled"), *options]) == 0
    assert deviation(tmp_path / "compiled", x, expected) < 2e-3
    together, apart = fastest(database, "chain of"), 2 * fastest(database, "gemm")
    print(f"{1e6 * together:.2f} us together, {1e6 * apart:.2f} us apart")
    assert len(families(tmp_path / "compiled")) == 1
    assert any(family.startswith("chain") for family in families(tmp_path / "compiled")) == (together < apart)
    decision = f"measured {1e6 * together:.1f} us as chain"
    assert any(decision in json.loads(line)["message"] for line in remarks.read_text().splitlines())


def fastest(path: Path, kind: str) -> float:
    """Seconds of the fastest right candidate for the problems of a kind; there is one."""
    with Database(path) as database:
        records = [record for record in database.records() if record.key.summary.startswith(kind)]
    assert len({record.key.problem for record in records}) == 1
    return min(record.measurement.seconds for record in records if record.measurement.is_ok)


def _refuse_all_but_the_first(chain: ChainOp, path: Path) -> None:
    first, *others = candidates_for(chain, Target.named(gpu_target())).legal
    key = TuningKey.of(chain, Machine(gpu_target(), "another GPU", "other versions"))
    with Database(path) as database:
        for other in others:
            if other.template != first.template:
                text = candidate_text(other.template, other.arguments)
                database.record(key, text, Measurement(Status.WRONG, error="off by 1"))


_right = prepare.__dict__["_lowered"]


def _leaving_out_some_rows(problem: Problem, candidate: AnyCandidate, target: Target) -> Executable:
    """The kernel, launched for 8 rows less."""
    executable: Executable = _right(problem, candidate, target)
    (step,) = executable.steps
    position = candidate.template.launch_parameters.index("m")
    integers = (*step.integers[:position], step.integers[position] - 8, *step.integers[position + 1 :])
    return replace(executable, steps=(replace(step, integers=integers),))
