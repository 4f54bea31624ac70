"""How fast boltir's own kernel families are, beside a copy of the device's memory.

Run by hand, from the root of the repository:

    PYTHONPATH=. python benchmarks/own_kernels.py build DIR   # needs nvcc, no GPU
    PYTHONPATH=. python benchmarks/own_kernels.py run DIR     # needs a GPU and torch

Large problems show bandwidth, small ones how long a kernel takes among others: launches are replayed as a CUDA graph of
one kernel again and again, and a sample is the time of a replay over its launches.
"""

import argparse
import ctypes
import importlib
import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from own_kernel_problems import LARGE, SMALL, Problem
from xdsl.dialects.builtin import StringAttr

from boltir.compiler import compiler_context
from boltir.dialects.cutlass import KernelOp, LaunchOp, memref_type
from boltir.dialects.shapes import element_count
from boltir.lowering.fused_to_cutlass.convert import ConvertFusedToCutlassPass
from boltir.lowering.render import render_kernel
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target
from boltir.tools.source import LocatingParser

TARGET = "sm_90a"
SAMPLES = 21
LARGE_LAUNCHES, SMALL_LAUNCHES = 4, 50
COPIED_BYTES = 1 << 29


def lowered(problem: Problem) -> tuple[KernelOp, LaunchOp]:
    """The kernel and the launch that boltir chooses."""
    context = compiler_context()
    module = LocatingParser(context, problem.module, problem.name).parse_module()
    ConvertFusedToCutlassPass(target=TARGET).apply(context, module)
    (kernel,) = (op for op in module.ops if isinstance(op, KernelOp))
    (launch,) = (op for op in module.walk() if isinstance(op, LaunchOp))
    return kernel, launch


def command_build(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sources: list[KernelSource] = []
    rows: list[dict[str, Any]] = []
    for problem in (*LARGE, *SMALL):
        kernel, launch = lowered(problem)
        kernel.sym_name = StringAttr(f"problem_{len(rows)}")
        sources.append(KernelSource(kernel.sym_name.data, render_kernel(kernel)))
        given = launch.integers
        buffers = [memref_type(value) for value in launch.operands]
        rows.append(
            {
                "name": problem.name,
                "template": str(kernel.template),
                "large": problem in LARGE,
                "integers": [given[name] for name in kernel.template_attr.launch_parameters],
                "buffers": [[element_count(kind.get_shape()), str(kind.element_type)] for kind in buffers],
                "bytes": launch.bytes_touched(kernel),
            }
        )
    Builder(Target.named(TARGET)).build_library(sources, {}, folder / "libproblems.so")
    (folder / "problems.json").write_text(json.dumps(rows, indent=1))


def command_run(folder: Path) -> None:
    torch: Any = importlib.import_module("torch")
    library = ctypes.CDLL(str(folder / "libproblems.so"))
    copy = copy_bandwidth(torch)
    driver = torch.cuda.get_device_properties(0).name
    print(f"{driver}, torch {torch.__version__}: a copy moves {copy:.0f} GB/s\n")
    for title, wanted in (("large", True), ("small", False)):
        print(f"| {title} problem | µs | GB/s | of the copy | template |\n|---|---|---|---|---|")
        for number, row in enumerate(json.loads((folder / "problems.json").read_text())):
            if row["large"] == wanted:
                print_row(torch, library, number, row, copy)
        print()


def print_row(torch: Any, library: ctypes.CDLL, number: int, row: dict[str, Any], copy: float) -> None:
    buffers = [random_buffer(torch, *buffer) for buffer in row["buffers"]]
    function = library[f"boltir_problem_{number}"]
    pointers = (ctypes.c_void_p * len(buffers))(*(buffer.data_ptr() for buffer in buffers))
    integers = (ctypes.c_int64 * len(row["integers"]))(*row["integers"])

    def launch() -> None:
        status = function(pointers, integers, ctypes.c_void_p(torch.cuda.current_stream().cuda_stream))
        if status != 0:
            raise RuntimeError(f"{row['name']}: cudaError {status}")

    seconds = replayed_seconds(torch, launch, LARGE_LAUNCHES if row["large"] else SMALL_LAUNCHES)
    bandwidth = row["bytes"] / seconds / 1e9
    template = row["template"].removeprefix("#cutlass.")
    print(f"| {row['name']} | {seconds * 1e6:.2f} | {bandwidth:.0f} | {bandwidth / copy:.0%} | `{template}` |")


def random_buffer(torch: Any, elements: int, dtype: str) -> Any:
    """Normal numbers, or 0 to 99 for integers, which are indices: zeros can be faster than real data."""
    kinds = {"f16": torch.float16, "f32": torch.float32}
    if dtype in kinds:
        return torch.randn(elements, device="cuda", dtype=kinds[dtype])
    return torch.randint(0, 100, (elements,), device="cuda", dtype={"i32": torch.int32, "i64": torch.int64}[dtype])


def copy_bandwidth(torch: Any) -> float:
    """GB per second, read and written."""
    data = torch.empty(COPIED_BYTES, dtype=torch.uint8, device="cuda")
    half = COPIED_BYTES // 2
    seconds = replayed_seconds(torch, lambda: data[:half].copy_(data[half:]), LARGE_LAUNCHES)
    return COPIED_BYTES / seconds / 1e9


def replayed_seconds(torch: Any, launch: Callable[[], object], launches: int) -> float:
    """The median time of one launch in a CUDA graph of `launches` of them."""
    launch()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(launches):
            launch()
    times: list[float] = []
    for _ in range(SAMPLES):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        graph.replay()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) / 1e3 / launches)
    return statistics.median(times[2:])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["build", "run"])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    (command_build if options.command == "build" else command_run)(options.folder)


if __name__ == "__main__":
    main()
