"""Checks the templates of boltir's own kernel families against numpy, into poisoned and guarded outputs.

python tests/gpu/check_simt_templates.py render FILE.cu     # all cases as one source: needs jinja2 and numpy
python tests/gpu/check_simt_templates.py emulate DIR        # on the CPU (cuda_on_cpu.h): needs nvcc and g++
python tests/gpu/check_simt_templates.py build DIR [ARCH]   # a library and the cases' data: needs nvcc
python tests/gpu/check_simt_templates.py run DIR            # on a GPU: needs torch and nothing else
"""

import argparse
import ctypes
import importlib
import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simt_case import Array, Case

HERE = Path(__file__).resolve().parent
EMULATOR = HERE.parent / "support" / "cuda_on_cpu.h"
TEMPLATES = HERE.parents[1] / "boltir" / "lowering" / "templates"
CUDA_TYPES = {
    "f16": "__half",
    "bf16": "__nv_bfloat16",
    "f32": "float",
    "i64": "int64_t",
    "i32": "int32_t",
    "i8": "int8_t",
    "i1": "bool",
}
BYTES = {"f16": 2, "bf16": 2, "f32": 4, "i64": 8, "i32": 4, "i8": 1, "i1": 1}
TORCH_TYPES = {
    "f16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "i64": "int64",
    "i32": "int32",
    "i8": "int8",
    "i1": "bool",
}
TOLERANCES = {"f16": 4e-3, "bf16": 3e-2, "f32": 1e-4}
GUARD = 1024  # poisoned bytes before and after each output
POISON = 0xFF  # NaN in every floating-point type


def operand(dtype: str, **others: str) -> SimpleNamespace:
    compute = "float" if dtype in ("f16", "bf16") else CUDA_TYPES[dtype]
    return SimpleNamespace(cuda_type=CUDA_TYPES[dtype], compute_type=compute, **others)


def render(case: "Case") -> str:
    """The case's kernel; its launch integers must have the names and order that the case gives."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from simt_case import dtype_name

    inputs = [operand(dtype_name(array)) for array in case.inputs]
    epilogue_operands = [
        operand(dtype_name(array), broadcast=kind) for array, kind in zip(case.operands, case.broadcasts, strict=True)
    ]
    accumulator = inputs[0].compute_type if inputs else "float"
    arguments = [f"{accumulator} acc"] if inputs else []
    arguments += [f"{value.compute_type} e{i}" for i, value in enumerate(epilogue_operands)]
    result = accumulator if case.plain else "float"
    terms = (["acc * 0.5f"] if inputs else []) + [f"e{i}" for i in range(len(epilogue_operands))]
    body = "acc" if case.plain else " + ".join(terms)
    epilogue = (
        "struct Epilogue {\n"
        f"  __device__ __forceinline__ static void apply({', '.join([*arguments, f'{result}& r0'])}) {{\n"
        f"    r0 = {body};\n  }}\n}};"
    )
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    text = environment.get_template(f"{case.family}.cu.jinja").render(
        name=case.name,
        template=case.template,
        target="sm_80",
        inputs=inputs,
        epilogue_operands=epilogue_operands,
        outputs=[SimpleNamespace(cuda_type=CUDA_TYPES[case.output], compute_type=result)],
        epilogue=epilogue,
        accumulator_type=accumulator,
    )
    names = re.findall(r"const int64_t (\w+) = parameters\[\d+\];", text)
    if names != list(case.parameters):
        raise SystemExit(f"{case.name}: the kernel takes {names}, the case gives {list(case.parameters)}")
    return text + "\n"


def deviation(got: "Array", expected: "Array") -> float:
    """The largest |got - expected| / (1 + |expected|)."""
    import numpy as np

    given, wanted = (np.nan_to_num(array.astype(np.float64), nan=np.inf) for array in (got, expected))
    return float(np.max(np.abs(given - wanted) / (1 + np.abs(wanted)), initial=0.0))


def call(library: ctypes.CDLL, name: str, addresses: Sequence[int], integers: Sequence[int], stream: int = 0) -> int:
    function = getattr(library, f"boltir_{name}")
    pointers = (ctypes.c_void_p * len(addresses))(*addresses)
    parameters = (ctypes.c_int64 * len(integers))(*integers)
    return function(pointers, parameters, ctypes.c_void_p(stream))


def report(name: str, worst: float, tolerance: float, notes: str = "") -> bool:
    passed = worst <= tolerance
    print(f"{name:20} {'ok' if passed else 'WRONG':6} {worst:10.2e} {notes}")
    return passed


def command_render(file: Path) -> None:
    from simt_cases import all_cases

    file.write_text("".join(render(case) for case in all_cases()))


def command_emulate(folder: Path) -> None:
    """Compiles every kernel for the CPU and compares each case with numpy."""
    import numpy as np
    from simt_case import DTYPES
    from simt_cases import all_cases

    cases = all_cases()
    text = "".join(render(case) for case in cases)
    launch = re.compile(r"kernel<<<(\w+), ([^,]+), 0, [^>]+>\(stream\)>>>\(arguments\);")
    text, count = launch.subn(r"cuda_on_cpu::launch(kernel, \1, \2, arguments);", text)
    if count != len(cases):
        raise SystemExit(f"found {count} kernel launches in {len(cases)} kernels")
    folder.mkdir(parents=True, exist_ok=True)
    source, library = folder / "simt.cpp", folder / "libsimt_cpu.so"
    source.write_text(f'#include "{EMULATOR}"\n{text}')
    # nvcc hands C++ to g++ with the include folders of its headers.
    command = ["nvcc", "-x", "c++", "-std=c++17", "-O1", "-w", "-shared", "-Xcompiler=-fPIC", "-cudart=none"]
    subprocess.run([*command, source, "-o", library], check=True)
    loaded = ctypes.CDLL(str(library))
    failures = 0
    for case in cases:
        expected = case.expected
        buffers = [np.ascontiguousarray(array) for array in (*case.inputs, *case.operands)]
        poisoned = np.full(expected.nbytes + 2 * GUARD, POISON, np.uint8)
        addresses = [array.ctypes.data for array in buffers] + [poisoned.ctypes.data + GUARD]
        status = call(loaded, case.name, addresses, list(case.parameters.values()))
        got = poisoned[GUARD:-GUARD].view(DTYPES[case.output]).reshape(expected.shape)
        guards = bool((poisoned[:GUARD] == POISON).all() and (poisoned[-GUARD:] == POISON).all())
        worst = deviation(got, expected) if status == 0 and guards else float("inf")
        failures += not report(case.name, worst, TOLERANCES.get(case.output, 0.0), "" if guards else "wrote outside")
    raise SystemExit(f"{failures} cases are wrong" if failures else None)


def command_build(folder: Path, architecture: str) -> None:
    import numpy as np
    from simt_case import dtype_name
    from simt_cases import all_cases

    folder.mkdir(parents=True, exist_ok=True)
    source, data = folder / "simt.cu", bytearray()
    command_render(source)

    def stored(array: "Array") -> dict[str, Any]:
        data.extend(b"\0" * (-len(data) % 16))
        entry = {"dtype": dtype_name(array), "offset": len(data), "elements": array.size}
        data.extend(np.ascontiguousarray(array).tobytes())
        return entry

    manifest = [
        {
            "name": case.name,
            "buffers": [stored(array) for array in (*case.inputs, *case.operands)],
            "expected": stored(case.expected),
            "integers": list(case.parameters.values()),
            "large": case.large and {"integers": large_integers(case), "elements": list(case.large.elements)},
        }
        for case in all_cases()
    ]
    (folder / "simt.json").write_text(json.dumps(manifest))
    (folder / "simt.bin").write_bytes(data)
    code = f"arch=compute_{architecture.removeprefix('sm_')},code={architecture}"
    command = ["nvcc", "-std=c++17", "-O3", "-gencode", code, "-shared", "-Xcompiler", "-fPIC", "-cudart=static"]
    subprocess.run([*command, source, "-o", folder / "libsimt.so"], check=True)


def large_integers(case: "Case") -> list[int]:
    """The large problem's launch integers in the kernel's order."""
    assert case.large is not None
    if set(case.large.parameters) != set(case.parameters):
        raise SystemExit(f"{case.name}: the large problem must give {list(case.parameters)}")
    return [case.large.parameters[name] for name in case.parameters]


def command_run(folder: Path) -> None:
    torch: Any = importlib.import_module("torch")
    library = ctypes.CDLL(str(folder / "libsimt.so"))
    data = torch.frombuffer(bytearray((folder / "simt.bin").read_bytes()), dtype=torch.uint8).cuda()
    copied = torch.empty(1 << 28, dtype=torch.uint8, device="cuda")
    copy_time = measure(torch, lambda: copied[: 1 << 27].copy_(copied[1 << 27 :]))
    copy_bandwidth = (1 << 28) / copy_time / 1e9
    print(f"{torch.cuda.get_device_name()}: copy {copy_bandwidth:.0f} GB/s\n{'case':20} {'':6} {'deviation':>10}")
    failures = 0
    for case in json.loads((folder / "simt.json").read_text()):
        worst, status = check_on_gpu(torch, library, case, data)
        notes = time_on_gpu(torch, library, case, copy_bandwidth) if case["large"] else ""
        tolerance = TOLERANCES.get(case["expected"]["dtype"], 0.0)
        failures += not report(case["name"], worst, tolerance, f"cudaError {status}" if status else notes)
    raise SystemExit(f"{failures} cases are wrong" if failures else None)


def view(torch: Any, data: Any, entry: dict[str, Any]) -> Any:
    size = entry["elements"] * BYTES[entry["dtype"]]
    return data[entry["offset"] : entry["offset"] + size].view(getattr(torch, TORCH_TYPES[entry["dtype"]]))


def check_on_gpu(torch: Any, library: ctypes.CDLL, case: dict[str, Any], data: Any) -> tuple[float, int]:
    # Clones are aligned as cudaMalloc aligns.
    buffers = [view(torch, data, entry).clone() for entry in case["buffers"]]
    expected = view(torch, data, case["expected"])
    size = expected.numel() * BYTES[case["expected"]["dtype"]]
    poisoned = torch.full((size + 2 * GUARD,), POISON, dtype=torch.uint8, device="cuda")
    addresses = [buffer.data_ptr() for buffer in buffers] + [poisoned.data_ptr() + GUARD]
    status = call(library, case["name"], addresses, case["integers"], torch.cuda.current_stream().cuda_stream)
    torch.cuda.synchronize()
    guards = bool((poisoned[:GUARD] == POISON).all()) and bool((poisoned[-GUARD:] == POISON).all())
    if status or not guards:
        return float("inf"), status
    got = view(torch, poisoned, {**case["expected"], "offset": GUARD}).double()
    wanted = expected.double()
    worst = ((got - wanted).abs() / (1 + wanted.abs())).nan_to_num(nan=float("inf")).max()
    return float(worst), status


def time_on_gpu(torch: Any, library: ctypes.CDLL, case: dict[str, Any], copy_bandwidth: float) -> str:
    dtypes = [entry["dtype"] for entry in (*case["buffers"], case["expected"])]
    elements = case["large"]["elements"]
    sizes = [n * BYTES[dtype] for n, dtype in zip(elements, dtypes, strict=True)]
    buffers = [random_buffer(torch, n, dtype) for n, dtype in zip(elements, dtypes, strict=True)]
    addresses = [buffer.data_ptr() for buffer in buffers]
    stream = torch.cuda.current_stream().cuda_stream
    seconds = measure(torch, lambda: call(library, case["name"], addresses, case["large"]["integers"], stream))
    bandwidth = sum(sizes) / seconds / 1e9
    return f"{seconds * 1e6:9.1f} us {bandwidth:7.0f} GB/s {bandwidth / copy_bandwidth:6.0%} of copy"


def random_buffer(torch: Any, elements: int, dtype: str) -> Any:
    """Normal numbers, or 0 to 99 for integers, which are indices: zeros can be faster than real data."""
    kinds = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}
    if dtype in kinds:
        return torch.randn(elements, device="cuda").to(kinds[dtype])
    return torch.randint(0, 100, (elements,), device="cuda").to({4: torch.int32, 8: torch.int64}[BYTES[dtype]])


def measure(torch: Any, function: Any, repeats: int = 20) -> float:
    """The median time of one call in seconds."""
    times: list[float] = []
    for _ in range(repeats + 3):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        function()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) / 1e3)
    return sorted(times[3:])[repeats // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["render", "emulate", "build", "run"])
    parser.add_argument("path", type=Path)
    parser.add_argument("architecture", nargs="?", default="sm_90a")
    options = parser.parse_args()
    match options.command:
        case "render":
            command_render(options.path)
        case "emulate":
            command_emulate(options.path)
        case "build":
            command_build(options.path, options.architecture)
        case _:
            command_run(options.path)


if __name__ == "__main__":
    main()
