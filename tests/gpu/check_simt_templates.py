"""Checks the templates of boltir's own kernel families against numpy, into poisoned and guarded outputs.

python tests/gpu/check_simt_templates.py render FILE.cu [ARCH]  # all cases as one source: needs jinja2 and numpy
python tests/gpu/check_simt_templates.py emulate DIR            # on the CPU (cuda_on_cpu.h): needs nvcc and g++
python tests/gpu/check_simt_templates.py build DIR [ARCH]       # a library and the cases' data: needs nvcc
python tests/gpu/check_simt_templates.py run DIR                # on a GPU: needs torch and nothing else

How fast the kernels are, benchmarks/own_kernels.py measures.
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


def render(case: "Case", architecture: str = "sm_90a") -> str:
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
        loader=FileSystemLoader((TEMPLATES, TEMPLATES / "simt")),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    text = environment.get_template(f"{case.family}.cu.jinja").render(
        name=case.name,
        template=case.template,
        target=architecture,
        programmatic_launch=architecture == "sm_90a",
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


def command_render(file: Path, architecture: str) -> None:
    from simt_cases import all_cases

    file.write_text("".join(render(case, architecture) for case in all_cases()))


def command_emulate(folder: Path) -> None:
    """Compiles every kernel for the CPU and compares each case with numpy."""
    import numpy as np
    from simt_case import DTYPES
    from simt_cases import all_cases

    cases = all_cases()
    text = "".join(render(case) for case in cases)
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
    command_render(source, architecture)

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
        }
        for case in all_cases()
    ]
    (folder / "simt.json").write_text(json.dumps(manifest))
    (folder / "simt.bin").write_bytes(data)
    code = f"arch=compute_{architecture.removeprefix('sm_')},code={architecture}"
    command = ["nvcc", "-std=c++17", "-O3", "-gencode", code, "-shared", "-Xcompiler", "-fPIC", "-cudart=static"]
    subprocess.run([*command, source, "-o", folder / "libsimt.so"], check=True)


def command_run(folder: Path) -> None:
    torch: Any = importlib.import_module("torch")
    library = ctypes.CDLL(str(folder / "libsimt.so"))
    data = torch.frombuffer(bytearray((folder / "simt.bin").read_bytes()), dtype=torch.uint8).cuda()
    print(f"{torch.cuda.get_device_name()}\n{'case':20} {'':6} {'deviation':>10}")
    failures = 0
    for case in json.loads((folder / "simt.json").read_text()):
        worst, status = check_on_gpu(torch, library, case, data)
        tolerance = TOLERANCES.get(case["expected"]["dtype"], 0.0)
        failures += not report(case["name"], worst, tolerance, f"cudaError {status}" if status else "")
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["render", "emulate", "build", "run"])
    parser.add_argument("path", type=Path)
    parser.add_argument("architecture", nargs="?", default="sm_90a")
    options = parser.parse_args()
    match options.command:
        case "render":
            command_render(options.path, options.architecture)
        case "emulate":
            command_emulate(options.path)
        case "build":
            command_build(options.path, options.architecture)
        case _:
            command_run(options.path)


if __name__ == "__main__":
    main()
