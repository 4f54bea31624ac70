"""Checks every shape of epilogue on a real GPU: each case against float64 on random data, into poisoned outputs.

    python tests/gpu/check_epilogues.py build build/gpu/epilogues   # needs nvcc and CUTLASS's headers
    python tests/gpu/check_epilogues.py run build/gpu/epilogues     # needs an sm_90a GPU and torch

The cases take boltir's normal way from the fused level, for sm_80 as well as for sm_90a: the mainloops of sm_80 run on
sm_90a, too. `build` also compiles what was lowered for sm_80 as code of sm_80. Besides, every
tile runs an epilogue with all kinds of operands and stores.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from epilogue_cases import CASES, TOLERANCES, Array, EpilogueCase
from sm90_epilogue_cases import HOPPER_CASES
from visitor_cases import TILED_CASES
from xdsl.dialects.builtin import StringAttr

import boltir
from boltir.compiler import run_pipeline
from boltir.dialects.cutlass import KernelOp
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.pipelines import level_pipeline
from boltir.runtime.artifact import build_artifact
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target

TARGETS = ("sm_80", "sm_90a")
GUARD = 512
"""Poisoned elements before and after each output."""
POISON = 99
PROCESSES = 6


@dataclass(frozen=True)
class Check:
    """One case as lowered for one target."""

    case: EpilogueCase
    target: str

    @property
    def folder(self) -> str:
        name = "".join(character if character.isalnum() else "_" for character in self.case.name)
        return f"{name}-{self.target}"

    def lowered(self) -> boltir.Network:
        """The case at the cutlass level."""
        network = boltir.Network(self.case.module())
        network.module.verify()
        run_pipeline(network, level_pipeline("cutlass", target=self.target, dtype="f16"))
        return network


CHECKS = (
    *(Check(case, target) for case in CASES for target in TARGETS),
    *(Check(case, case.target) for case in (*TILED_CASES, *HOPPER_CASES)),
)


def families(network: boltir.Network) -> list[str]:
    """The templates of a network at the cutlass level."""
    return [op.template_attr.family for op in network.module.ops if isinstance(op, KernelOp)]


def build(checks: Sequence[Check], folder: Path) -> None:
    """Compile everything for sm_90a, and the kernels of sm_80 for sm_80; lay one artifact per check."""
    networks = {check: check.lowered() for check in checks}
    older = [emit_cuda(networks[check].module) for check in checks if check.target == "sm_80"]
    _compile(older, "sm_80")
    for network in networks.values():
        network.module.attributes["cutlass.target"] = StringAttr("sm_90a")
    sources = {check: emit_cuda(network.module) for check, network in networks.items()}
    _compile(list(sources.values()), "sm_90a")
    builder = Builder(Target.named("sm_90a"), show_progress=False)
    with ThreadPoolExecutor(builder.jobs) as pool:
        futures = [
            pool.submit(build_artifact, sources[check], network.weights, folder / check.folder, builder)
            for check, network in networks.items()
        ]
        for future in futures:
            future.result()
    kinds = {check.folder: families(network) for check, network in networks.items()}
    (folder / "families.json").write_text(json.dumps(kinds))


def _compile(sources: Sequence[Any], target: str) -> None:
    kernels = [KernelSource(name, text) for source in sources for name, text in source.kernels.items()]
    Builder(Target.named(target)).compile_kernels(kernels)


class Device:
    """Operands and guarded outputs on the GPU."""

    def __init__(self) -> None:
        self.torch: Any = importlib.import_module("torch")

    def tensor(self, array: Array) -> Any:
        if array.dtype.name == "bfloat16":
            return self.torch.from_numpy(array.view(np.int16)).cuda().view(self.torch.bfloat16)
        return self.torch.from_numpy(array).cuda()

    def poisoned(self, elements: int, dtype: str) -> Any:
        kind = getattr(self.torch, dtype)
        return self.torch.full(
            (elements + 2 * GUARD,), float("nan") if kind.is_floating_point else POISON, dtype=kind, device="cuda"
        )

    def run(self, model: boltir.Model, arguments: Sequence[Any]) -> tuple[list[Any], bool]:
        """The outputs, and whether the poison around them is intact."""
        buffers = [self.poisoned(int(np.prod(output.shape)), output.dtype.torch) for output in model.outputs]
        inner = [buffer[GUARD:-GUARD].view(output.shape) for buffer, output in zip(buffers, model.outputs, strict=True)]
        model(list(arguments), outputs=inner)
        self.torch.cuda.synchronize()
        guards = [self.torch.cat((buffer[:GUARD], buffer[-GUARD:])) for buffer in buffers]
        return inner, all(bool((guard.isnan() | (guard == POISON)).all()) for guard in guards)


def verdict(folder: Path, check: Check) -> tuple[str, str, bool]:
    """Run one check: (what it was, what came out, whether it passed)."""
    arguments = check.case.random_arguments(1)
    device = Device()
    try:
        model = boltir.load(folder / check.folder)
        given = [device.tensor(array) for array in arguments]
        outputs, intact = device.run(model, given)
        again, _ = device.run(model, given)
    except (boltir.BoltError, RuntimeError) as error:
        return check.folder, str(error), False
    same = all(device.torch.equal(*pair) for pair in zip(outputs, again, strict=True))
    errors = [deviation(output, exact) for output, exact in zip(outputs, check.case.expected(arguments), strict=True)]
    right = all(
        error <= TOLERANCES[str(output.dtype).removeprefix("torch.")]
        for error, output in zip(errors, outputs, strict=True)
    )
    faults = [
        text for text, fine in (("", right), ("wrote outside an output", intact), ("two runs differ", same)) if not fine
    ]
    return check.folder, f"error {max(errors):8.2e} {' '.join(faults)}", not faults


def deviation(output: Any, exact: Array) -> float:
    """Largest difference over the largest expected magnitude; infinite where poison is left."""
    difference = np.abs(output.double().cpu().numpy() - exact)
    return float("inf") if np.isnan(difference).any() else float(difference.max() / np.abs(exact).max())


def run(checks: Sequence[Check], folder: Path) -> int:
    """Print one line per check; returns how many failed. Every check has a process of its own."""
    importlib.import_module("torch")  # before the forks, which then need not
    kinds = json.loads((folder / "families.json").read_text())
    failed = 0
    with multiprocessing.get_context("fork").Pool(PROCESSES, maxtasksperchild=1) as pool:
        for name, text, passed in pool.imap(partial(verdict, folder), checks, chunksize=1):
            failed += not passed
            print(f"{name:55} {'+'.join(kinds[name]):35} {text:20} {'ok' if passed else 'FAILED'}", flush=True)
    print(f"{len(checks)} checks, {failed} failed")
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("build", "run"))
    parser.add_argument("folder", type=Path, help="where the artifacts are")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="TEXT", help="checks with one of these in their name"
    )
    arguments = parser.parse_args()
    checks = [check for check in CHECKS if any(text in check.folder for text in arguments.only)]
    if arguments.action == "run":
        return min(run(checks, arguments.folder), 1)
    build(checks, arguments.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
