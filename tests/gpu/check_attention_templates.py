"""Checks the attention templates on a real GPU: every case against float64 on random data, into poisoned outputs.

python tests/gpu/check_attention_templates.py build build/gpu/attention  # needs boltir, nvcc and CUTLASS's headers
python tests/gpu/check_attention_templates.py run build/gpu/attention    # needs an sm_90a GPU and torch, nothing else
"""

import argparse
import ctypes
import importlib
import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from attention_cases import KERNELS, Kernel, Problem, problems

LIBRARY = "libattention.so"
MANIFEST = "kernels.json"
TYPES = {
    "f16": ("__half", "cutlass::half_t"),
    "bf16": ("__nv_bfloat16", "cutlass::bfloat16_t"),
    "f32": ("float", "float"),
}
TOLERANCES = {"f16": 2e-3, "bf16": 1.6e-2, "f32": 2e-3}
GUARD = 512  # poisoned elements before and after each output


def epilogue(operand_count: int) -> str:
    """C++ of the test epilogue: adds the operands in turn."""
    names = ["accumulator", *(f"e{i}" for i in range(operand_count))]
    arguments = ", ".join(f"float {name}" for name in names)
    body = f"  __device__ __forceinline__ static void apply({arguments}, float& r0) {{ r0 = {' + '.join(names)}; }}"
    return "\n".join(["struct Epilogue {", body, "};"])


def render(kernel: Kernel, name: str) -> str:
    """The kernel's CUDA C++, if boltir takes it for legal."""
    from xdsl.dialects.builtin import bf16, f16, f32

    from boltir.dialects.cutlass.attention import AttentionAttr
    from boltir.dialects.cutlass.attention_sm80 import AttentionSm80Attr
    from boltir.dialects.cutlass.attention_sm90 import AttentionSm90Attr
    from boltir.dialects.cutlass.template import KernelSignature
    from boltir.dialects.fused import Broadcast
    from boltir.lowering.render import OperandView, render_template
    from boltir.target import Target

    def view(dtype: str, broadcast: str = "full") -> OperandView:
        return OperandView(*TYPES[dtype], "float", broadcast)

    elements = {"f16": f16, "bf16": bf16, "f32": f32}
    families = {"attention": AttentionAttr, "attention_sm80": AttentionSm80Attr, "attention_sm90": AttentionSm90Attr}
    template, target = families[kernel.family].of(**kernel.template), Target.named(kernel.target)
    inputs = 3 if kernel.template.get("mask", "none") == "none" else 4
    signature = KernelSignature(
        (elements[kernel.dtype],) * inputs,
        tuple(elements[dtype] for _, dtype in kernel.operands),
        tuple(Broadcast(kind) for kind, _ in kernel.operands),
        (elements[kernel.output],),
    )
    template.check_legal(target, signature)
    return render_template(
        f"{kernel.family}.cu.jinja",
        {
            "name": name,
            "target": kernel.target,
            "programmatic_launch": target.has_programmatic_launch,
            "template": template.values(),
            "inputs": [view(kernel.dtype)] * inputs,
            "epilogue_operands": [view(dtype, broadcast) for broadcast, dtype in kernel.operands],
            "outputs": [view(kernel.output)],
            "accumulator_type": "float",
            "epilogue": epilogue(len(kernel.operands)),
        },
    )


def build(folder: Path, jobs: int) -> None:
    """Compiles every kernel that is new for sm_90a, links all into one shared library and lists them beside it."""
    from boltir.runtime.nvcc import Cutlass, Nvcc
    from boltir.target import Target

    nvcc, target = Nvcc.find(), Target.named("sm_90a")
    includes = [f"-I{path}" for path in Cutlass.find().include_folders]
    flags = [*nvcc.compile_flags(target), *includes, "-Xfatbin=-compress-all"]
    folder.mkdir(parents=True, exist_ok=True)

    def compile_one(number: int) -> Path:
        text = render(KERNELS[number], f"k{number}")
        source = folder / f"k{number}.cu"
        compiled = source.with_suffix(".o")
        if not compiled.exists() or source.read_text() != text:
            source.write_text(text)
            subprocess.run([nvcc.path, "-c", source, "-o", compiled, *flags], check=True)
        return compiled

    with ThreadPoolExecutor(jobs) as pool:
        objects = list(pool.map(compile_one, range(len(KERNELS))))
    # The runtime goes in, so that the machine with the GPU needs no toolkit.
    subprocess.run([nvcc.path, "-shared", "-cudart=static", "-o", folder / LIBRARY, *objects], check=True)
    (folder / MANIFEST).write_text(json.dumps([asdict(kernel) for kernel in KERNELS]))


class Device:
    """Random operands, poisoned outputs and the call, on the GPU."""

    def __init__(self, folder: Path) -> None:
        self.torch: Any = importlib.import_module("torch")
        self.library = ctypes.CDLL(str(folder / LIBRARY))
        self.dtypes = {"f16": self.torch.float16, "bf16": self.torch.bfloat16, "f32": self.torch.float32}
        self.generator = self.torch.Generator(device="cuda").manual_seed(0)

    def random(self, shape: tuple[int, ...], dtype: str) -> Any:
        return self.torch.randn(shape, generator=self.generator, device="cuda").to(self.dtypes[dtype])

    def operands(self, problem: Problem, dtype: str) -> tuple[list[Any], list[int]]:
        """Q, K and V, and the offsets of their heads."""
        batch, width = problem.batch, problem.heads * problem.head_dim
        if problem.packed:
            return [self.random((batch, problem.queries, 3 * width), dtype)] * 3, [0, width, 2 * width]
        shapes = [(batch, problem.queries, width + 8), (batch, problem.keys, width), (batch, problem.keys, width + 24)]
        return [self.random(shape, dtype) for shape in shapes], [8, 0, 16]

    def masks(self, kind: str, problem: Problem, dtype: str) -> Iterator[Any]:
        """Masks of the kind, broadcast in several ways; some hide half of the keys, or all of them from a query."""
        batch, heads, queries, keys = problem.batch, problem.heads, problem.queries, problem.keys
        if kind == "none":
            yield None
            return
        hiding = self.random((batch, 1, 1 if kind == "keys" else queries, keys), dtype)
        hiding[..., keys // 2 :] = float("-inf")
        yield hiding
        if kind == "keys":
            yield self.random((1, heads, 1, keys), dtype)
            return
        blind = self.random((1, 1, queries, keys), dtype)
        blind[:, :, queries // 2] = float("-inf")
        yield blind
        yield self.random((batch, heads, queries, 1), dtype)

    def expected(self, tensors: list[Any], offsets: list[int], mask: Any, problem: Problem) -> Any:
        torch, width = self.torch, problem.heads * problem.head_dim
        columns = [x[..., o : o + width].double() for x, o in zip(tensors, offsets, strict=True)]
        q, k, v = (x.unflatten(-1, (problem.heads, problem.head_dim)).transpose(1, 2) for x in columns)
        scores = q @ k.mT * problem.head_dim**-0.5
        weights = torch.softmax(scores if mask is None else scores + mask.double(), dim=-1).nan_to_num(0)
        return (weights @ v).transpose(1, 2).flatten(2)

    def check(self, kernel: Kernel, name: str, problem: Problem, mask: Any) -> tuple[int, bool, float]:
        """Runs the kernel into the middle of a poisoned buffer: (status, whether the poison is intact, error)."""
        torch, shape = self.torch, (problem.batch, problem.queries, problem.heads * problem.head_dim)
        tensors, offsets = self.operands(problem, kernel.dtype)
        shapes = {"full": shape, "row": shape[-1:], "column": (*shape[:2], 1)}
        added = [self.random(shapes[broadcast], dtype) for broadcast, dtype in kernel.operands]
        buffer = torch.full(
            (shape[0] * shape[1] * shape[2] + 2 * GUARD,), float("nan"), dtype=self.dtypes[kernel.output], device="cuda"
        )
        inner = buffer[GUARD:-GUARD]
        extents = [problem.batch, problem.heads, problem.queries, problem.keys, problem.head_dim]
        (scale,) = struct.unpack("<I", struct.pack("<f", problem.head_dim**-0.5))
        parameters = [*extents, *(x.shape[-1] for x in tensors), *offsets, scale]
        if mask is not None:
            strides = [0 if extent == 1 else step for extent, step in zip(mask.shape, mask.stride(), strict=True)]
            parameters += [step for d, step in enumerate(strides) if d != 2 or kernel.template["mask"] == "scores"]
        pointers = [x.data_ptr() for x in [*tensors, *([] if mask is None else [mask]), *added, inner]]
        status = getattr(self.library, f"boltir_{name}")(
            (ctypes.c_void_p * len(pointers))(*pointers),
            (ctypes.c_int64 * len(parameters))(*parameters),
            ctypes.c_void_p(torch.cuda.current_stream().cuda_stream),
        )
        torch.cuda.synchronize()
        intact = bool(buffer[:GUARD].isnan().all() and buffer[-GUARD:].isnan().all())
        expected: Any = self.expected(tensors, offsets, mask, problem)
        for operand in added:
            expected = expected + operand.double()
        difference = (inner.view(shape).double() - expected).abs()
        error = float("inf") if bool(difference.isnan().any()) else float(difference.max() / expected.abs().max())
        return status, intact, error


def run(folder: Path) -> int:
    """Prints one line per kernel with its worst error, and every problem it fails; returns how many kernels failed."""
    device, failed = Device(folder), 0
    kernels = [Kernel(**row) for row in json.loads((folder / MANIFEST).read_text())]
    for number, kernel in enumerate(kernels):
        worst, failures = 0.0, 0
        for problem in problems(kernel):
            for mask in device.masks(kernel.template.get("mask", "none"), problem, kernel.dtype):
                status, intact, error = device.check(kernel, f"k{number}", problem, mask)
                worst = max(worst, error)
                if status != 0 or not intact or error > TOLERANCES[kernel.dtype]:
                    failures += 1
                    shape = None if mask is None else tuple(mask.shape)
                    print(f"  {problem} mask {shape}: status {status}, intact {intact}, error {error:.2e}", flush=True)
        failed += failures > 0
        verdict = f"FAILED {failures}" if failures else "ok"
        tile = " ".join(str(value) for value in kernel.template.values())
        print(
            f"k{number:<3} {kernel.family:15} {kernel.target:7} {kernel.dtype:5} {tile:34} {worst:8.2e}  {verdict}",
            flush=True,
        )
    print(f"{len(kernels)} kernels, {failed} failed")
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("build", "run"))
    parser.add_argument("folder", type=Path, help="where the shared library is")
    parser.add_argument("--jobs", type=int, default=1, help="how many nvcc run at once")
    arguments = parser.parse_args()
    if arguments.action == "run":
        return min(run(arguments.folder), 1)
    build(arguments.folder, arguments.jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
