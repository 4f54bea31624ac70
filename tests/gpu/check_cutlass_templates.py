"""Checks the CUTLASS templates on a real GPU: every case against float64 on random data, into poisoned outputs.

    python tests/gpu/check_cutlass_templates.py build build/gpu     # needs boltir, nvcc and CUTLASS's headers
    python tests/gpu/check_cutlass_templates.py run build/gpu       # needs an sm_90a GPU and torch, nothing else

The mainloops of sm_75 and sm_80 run on sm_90a too, so one H100 checks all three families on every code path.
"""

import argparse
import ctypes
import importlib
import json
import multiprocessing
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from conv2d_sm90_cases import CONV2D_SM90_KERNELS, shipped_conv2d_sm90_tiles
from cutlass_cases import KERNELS, Kernel, Shape, shipped_tiles
from tf32_cases import TF32_KERNELS, shipped_tf32_tiles

LIBRARY = "libcutlass_templates.so"
MANIFEST = "kernels.json"
CUTLASS_TYPES = {"f16": "cutlass::half_t", "bf16": "cutlass::bfloat16_t", "f32": "float"}
MATH = {"f16": "f16", "bf16": "bf16", "f32": "tf32"}
TOLERANCES = {"f16": 2e-3, "bf16": 1.6e-2, "f32": 1e-4}
GUARD = 512  # poisoned elements before and after each output


def epilogue(operand_count: int) -> str:
    """C++ of the test epilogue: adds and multiplies the operands in turn, then a leaky ReLU."""
    names = [f"e{i}" for i in range(operand_count)]
    steps = [f"  value = value {'+*'[i % 2]} {name};" for i, name in enumerate(names)]
    arguments = ", ".join(f"float {name}" for name in ["accumulator", *names])
    return "\n".join([
        "struct Epilogue {",
        f"  __device__ __forceinline__ static void apply({arguments}, float& r0) {{",
        "  float value = accumulator;", *steps,
        "  r0 = value > 0.0f ? value : 0.125f * value;", "  }", "};",
    ])  # fmt: skip


def render(kernel: Kernel, name: str) -> str:
    """The kernel's CUDA C++, if boltir takes it for legal."""
    from xdsl.dialects.builtin import bf16, f16, f32

    from boltir.dialects.cutlass import TEMPLATES
    from boltir.dialects.cutlass.template import KernelSignature
    from boltir.dialects.fused import Broadcast
    from boltir.lowering.render import OperandView, render_template
    from boltir.target import Target

    def view(dtype: str, broadcast: str = "full") -> OperandView:
        return OperandView("", CUTLASS_TYPES[dtype], "float", broadcast)

    elements = {"f16": f16, "bf16": bf16, "f32": f32}
    (family,) = (template for template in TEMPLATES if template.name == f"cutlass.{kernel.family}")
    template = family.of(math=MATH[kernel.inputs], **kernel.template)
    signature = KernelSignature(
        (elements[kernel.inputs],) * 2,
        tuple(elements[dtype] for _, dtype in kernel.operands),
        tuple(Broadcast(kind) for kind, _ in kernel.operands),
        (elements[kernel.output],),
    )
    template.check_legal(Target.named(kernel.target), signature)
    return render_template(
        f"{kernel.family}.cu.jinja",
        {
            "name": name,
            "target": kernel.target,
            "programmatic_launch": Target.named(kernel.target).has_programmatic_launch,
            "template": template.values(),
            "inputs": [view(kernel.inputs)] * 2,
            "epilogue_operands": [view(dtype, broadcast) for broadcast, dtype in kernel.operands],
            "outputs": [view(kernel.output)],
            "accumulator_type": "float",
            "epilogue": epilogue(len(kernel.operands)),
        },
    )


def order_of(kernel: Kernel) -> tuple[int, ...]:
    """The launch integers of a persistent kernel: its swizzle and its raster, which are free to choose."""
    return (4, 2) if kernel.template.get("schedule") in ("pingpong", "cooperative") else ()


def build(folder: Path) -> None:
    """Compiles every kernel for sm_90a into one shared library, a few per nvcc, and lists them beside it."""
    from boltir.runtime.nvcc import Cutlass, Nvcc
    from boltir.target import Target

    nvcc, target = Nvcc.find(), Target.named("sm_90a")
    includes = [f"-I{path}" for path in Cutlass.find().include_folders]
    flags = [*nvcc.compile_flags(target), *includes, "-Xfatbin=-compress-all"]
    kernels = [*KERNELS, *TF32_KERNELS, *CONV2D_SM90_KERNELS]
    kernels += [*shipped_tiles(), *shipped_tf32_tiles(), *shipped_conv2d_sm90_tiles()]
    sources = [(kernel.family, render(kernel, f"k{number}")) for number, kernel in enumerate(kernels)]
    folder.mkdir(parents=True, exist_ok=True)
    objects: list[Path] = []
    for family in ("gemm", "gemm_unaligned", "conv2d", "gemm_sm90", "conv2d_sm90"):
        texts = [text for kind, text in sources if kind == family]
        for start in range(0, len(texts), 8):
            source = folder / f"{family}_{start}.cu"
            source.write_text("\n".join(texts[start : start + 8]))
            objects.append(source.with_suffix(".o"))
            print(f"compiling {source}", flush=True)
            subprocess.run([nvcc.path, "-c", source, "-o", objects[-1], *flags], check=True)
    # The runtime goes in, so that the machine with the GPU needs no toolkit.
    subprocess.run([nvcc.path, "-shared", "-cudart=static", "-o", folder / LIBRARY, *objects], check=True)
    for path in objects:
        path.unlink()
        path.with_suffix(".cu").unlink()
    (folder / MANIFEST).write_text(json.dumps([asdict(kernel) for kernel in kernels]))


class Device:
    """Random operands, poisoned outputs and the call, on the GPU."""

    def __init__(self, folder: Path) -> None:
        self.torch: Any = importlib.import_module("torch")
        torch = self.torch
        self.library = ctypes.CDLL(str(folder.resolve() / LIBRARY))
        self.dtypes = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}
        self.generator = torch.Generator(device="cuda").manual_seed(0)

    def random(self, shape: Shape, dtype: str) -> Any:
        values = self.torch.rand(shape, generator=self.generator, device="cuda") * 2 - 1
        return values.to(self.dtypes[dtype])

    def matrix(self, batch: int, rows: int, columns: int, padding: int, dtype: str) -> tuple[Any, Any]:
        """A batch of matrices whose rows lie `columns + padding` apart: (the storage, the view without the padding)."""
        storage = self.random((batch, rows, columns + padding), dtype)
        return storage, storage[..., :columns]

    def call(self, name: str, tensors: list[Any], parameters: list[int], output: Any) -> tuple[int, bool]:
        """Runs the kernel into the middle of a poisoned buffer: (status, whether the poison around it is intact)."""
        torch = self.torch
        buffer = torch.full((output.numel() + 2 * GUARD,), float("nan"), dtype=output.dtype, device="cuda")
        inner = buffer[GUARD:-GUARD]
        pointers = [tensor.data_ptr() for tensor in tensors] + [inner.data_ptr()]
        function = getattr(self.library, f"boltir_{name}")
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        status = function(
            (ctypes.c_void_p * len(pointers))(*pointers), (ctypes.c_int64 * len(parameters))(*parameters), stream
        )
        torch.cuda.synchronize()
        output.copy_(inner.view(output.shape))
        intact = bool(buffer[:GUARD].isnan().all() and buffer[-GUARD:].isnan().all())
        return status, intact

    def multiplicand(self, tensor: Any) -> Any:
        """What tensor cores multiply of `tensor`, in f64: f32 numbers are rounded to tf32, halves to even."""
        if tensor.dtype == self.torch.float32:
            bits = tensor.view(self.torch.int32)
            tensor = ((bits + 0xFFF + ((bits >> 13) & 1)) & ~0x1FFF).view(self.torch.float32)
        return tensor.double()

    def reference_epilogue(self, accumulator: Any, operands: list[Any]) -> Any:
        value = accumulator
        for i, operand in enumerate(operands):
            value = value * operand.double() if i % 2 else value + operand.double()
        return self.torch.where(value > 0, value, 0.125 * value)

    def error(self, actual: Any, expected: Any) -> float:
        """Largest difference over the largest expected magnitude; infinite where the kernel left poison."""
        difference = (actual.double() - expected).abs()
        if bool(difference.isnan().any()):
            return float("inf")
        return float(difference.max() / expected.abs().max())

    def check_gemm(self, kernel: Kernel, name: str, problem: Shape, padding: int) -> tuple[int, bool, float]:
        m, n, k, batch, batch_a, batch_b, *slices = problem
        order = slices or order_of(kernel)
        column_a, column_b = (kernel.template[f"layout_{operand}"] == "column" for operand in "ab")
        stored_a, a = self.matrix(batch_a, *((k, m) if column_a else (m, k)), padding, kernel.inputs)
        stored_b, b = self.matrix(batch_b, *((n, k) if column_b else (k, n)), padding, kernel.inputs)
        tensors: list[Any] = [stored_a, stored_b]
        views: list[Any] = []
        for broadcast, dtype in kernel.operands:
            match broadcast:
                case "full":
                    stored, view = self.matrix(batch, m, n, padding, dtype)
                case "row":
                    stored = view = self.random((n,), dtype)
                case "column":
                    stored = view = self.random((batch, m, 1), dtype)
                case _:
                    stored = view = self.random((1,), dtype)
            tensors.append(stored)
            views.append(view)
        output = self.torch.empty((batch, m, n + padding), dtype=self.dtypes[kernel.output], device="cuda")
        strides = [0 if tensor.shape[0] == 1 else tensor[0].numel() for tensor in (stored_a, stored_b, output)]
        leading = [stored_a.shape[-1], stored_b.shape[-1], n + padding]
        status, intact = self.call(name, tensors, [m, n, k, batch, *leading, *strides, *order], output)
        intact = intact and bool(output[..., n:].isnan().all())
        a, b = a.mT if column_a else a, b.mT if column_b else b
        expected = self.reference_epilogue(self.torch.matmul(self.multiplicand(a), self.multiplicand(b)), views)
        return status, intact, self.error(output[..., :n], expected)

    def check_conv(self, kernel: Kernel, name: str, problem: Shape) -> tuple[int, bool, float]:
        n, h, w, c, k, r, s, top, left, bottom, right, stride_h, stride_w, dilation_h, dilation_w, *slices = problem
        order = slices or order_of(kernel)
        p = (h + top + bottom - dilation_h * (r - 1) - 1) // stride_h + 1
        q = (w + left + right - dilation_w * (s - 1) - 1) // stride_w + 1
        x, filters = self.random((n, h, w, c), kernel.inputs), self.random((k, r, s, c), kernel.inputs)
        shapes = {"full": (n, p, q, k), "row": (k,), "column": (n, p, q, 1), "scalar": (1,)}
        operands = [self.random(shapes[broadcast], dtype) for broadcast, dtype in kernel.operands]
        output = self.torch.empty((n, p, q, k), dtype=self.dtypes[kernel.output], device="cuda")
        parameters = [n, h, w, c, k, r, s, p, q, top, left, stride_h, stride_w, dilation_h, dilation_w, *order]
        status, intact = self.call(name, [x, filters, *operands], parameters, output)
        functional = self.torch.nn.functional
        padded = functional.pad(self.multiplicand(x).permute(0, 3, 1, 2), (left, right, top, bottom))
        accumulator = functional.conv2d(
            padded,
            self.multiplicand(filters).permute(0, 3, 1, 2),
            stride=(stride_h, stride_w),
            dilation=(dilation_h, dilation_w),
        )
        expected = self.reference_epilogue(accumulator.permute(0, 2, 3, 1), operands)
        return status, intact, self.error(output, expected)


def check_kernel(folder: Path, number: int, kernel: Kernel) -> None:
    """Prints one line per problem of one kernel. Ends the process: status 1 if a result is wrong."""
    device = Device(folder)
    is_conv = kernel.family.startswith("conv2d")
    paddings = (0,) if is_conv else (0, max(kernel.template[f"alignment_{operand}"] for operand in "abc"))
    failures = 0
    for problem in kernel.problems:
        for padding in paddings:
            if is_conv:
                status, intact, error = device.check_conv(kernel, f"k{number}", problem)
            else:
                status, intact, error = device.check_gemm(kernel, f"k{number}", problem, padding)
            passed = status == 0 and intact and error <= TOLERANCES[kernel.output]
            failures += not passed
            shape = "x".join(map(str, problem)) + (f" padded by {padding}" if padding else "")
            verdict = "ok" if passed else f"FAILED (status {status}{'' if intact else ', wrote outside the output'})"
            label = f"k{number:<4} {kernel.family:11} {kernel.target:7}"
            print(f"{label} {shape:44} error {error:8.2e}  {verdict}", flush=True)
    sys.exit(min(failures, 1))


def run(folder: Path) -> int:
    """Prints one line per case, then the kernels that failed; returns their number.

    Every kernel has a process of its own: one that reads where it must not spoils no other.
    """
    importlib.import_module("torch")  # before the forks, which then need not
    kernels = [Kernel(**row) for row in json.loads((folder / MANIFEST).read_text())]
    context = multiprocessing.get_context("fork")
    failed: list[int] = []
    for number, kernel in enumerate(kernels):
        process = context.Process(target=check_kernel, args=(folder, number, kernel))
        process.start()
        process.join(60)
        if process.is_alive():
            process.kill()
            process.join()
        if process.exitcode != 0:
            failed.append(number)
    print(f"{len(kernels)} kernels, {len(failed)} failed")
    for number in failed:
        print(f"k{number}: {kernels[number].family} {kernels[number].template} {kernels[number].operands}")
    return len(failed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("build", "run"))
    parser.add_argument("folder", type=Path, help="where the shared library is")
    arguments = parser.parse_args()
    if arguments.action == "run":
        return min(run(arguments.folder), 1)
    build(arguments.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
