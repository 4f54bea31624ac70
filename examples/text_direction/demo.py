"""The main job on a real network: from ONNX to compiled CUDA, every level shown and checked.

The network is the text-direction classifier (a MobileNetV3) of the package rapidocr-onnxruntime. It
says whether a line of text is upright or upside down.
"""

import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from picture import as_input, picture_of
from PIL import ImageOps
from rich.console import Console
from rich.progress import track
from rich.table import Table

import boltir
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.runtime.artifact import build_artifact
from boltir.runtime.build import Builder
from boltir.tools.summary import kernel_table

MODEL = "models/ch_ppocr_mobile_v2.0_cls_infer.onnx"
TARGET = "sm_80"
TOLERANCE = {"onnx": 1e-4, "graph": 1e-2, "fused": 1e-2, "cutlass": 1e-2}
"""Largest relative error against onnxruntime: fp32 as imported, fp16 afterwards."""
LABELS = ("upright", "upside down")
"""The network's two classes."""

Array = npt.NDArray[Any]
console = Console(highlight=False)


def model_path() -> Path:
    """The model file in the installed package."""
    spec = find_spec("rapidocr_onnxruntime")
    if spec is None or spec.origin is None:
        sys.exit("error: rapidocr-onnxruntime is not installed (run `make demo`, which installs it)")
    return Path(spec.origin).parent / MODEL


def relative_error(result: Array, expected: Array) -> float:
    """||result - expected|| / ||expected||; infinite if the result holds a NaN."""
    error = float(np.linalg.norm(result.astype(np.float64) - expected) / np.linalg.norm(expected))
    return error if np.isfinite(error) else float("inf")


def operations(network: boltir.Network) -> str:
    """The kinds of operations the module's function holds, the most frequent first."""
    bodies = [op for op in network.module.ops if op.name == "func.func"]
    names = Counter(op.name for function in bodies for op in function.regions[0].block.ops)
    names.pop("func.return", None)
    return ", ".join(f"{count} {name.partition('.')[2]}" for name, count in names.most_common(8))


def pictures() -> dict[str, Array]:
    """A line of text both ways up, and two ways that leave the network unsure: a saturated softmax hides errors."""
    image = picture_of("boltir 2026")
    ways = {
        LABELS[0]: image,
        LABELS[1]: image.rotate(180),
        "turned": image.rotate(90, expand=True),
        "mirrored": ImageOps.mirror(image),
    }
    return {way: as_input(picture) for way, picture in ways.items()}


def check(name: str, network: boltir.Network, inputs: dict[str, Array], expected: dict[str, Array]) -> float:
    """The largest relative error of the network over the pictures; stops the demo if it is too large."""
    worst = 0.0
    for kind, picture in track(inputs.items(), f"interpreter, {name} level", console=console, transient=True):
        (result,) = network.run([picture])
        worst = max(worst, relative_error(result, expected[kind]))
        right = LABELS.index(kind) if kind in LABELS else int(expected[kind].argmax())
        if int(result.argmax()) != right:
            sys.exit(f"error: at the {name} level the {kind} picture is taken for {LABELS[1 - right]}")
    if worst > TOLERANCE[name]:
        sys.exit(f"error: the {name} level is {worst:.1e} away from onnxruntime, more than {TOLERANCE[name]:.0e}")
    return worst


def main() -> None:
    inputs = pictures()
    session = onnxruntime.InferenceSession(model_path())
    expected: dict[str, Array] = {kind: np.asarray(session.run(None, {"x": x})[0]) for kind, x in inputs.items()}

    levels = Table("level", "seconds", "holds", "error against onnxruntime", title="from ONNX to CUDA")
    start = time.perf_counter()

    def finish(name: str, network: boltir.Network) -> None:
        nonlocal start
        seconds = time.perf_counter() - start
        levels.add_row(name, f"{seconds:.2f}", operations(network), f"{check(name, network, inputs, expected):.1e}")
        start = time.perf_counter()

    network = boltir.import_onnx(model_path(), input_shapes={"x": (1, 3, 48, 192)})
    graph_operations = sum(1 for op in network.module.walk() if op.name.startswith("graph."))
    finish("onnx", network)
    lowered = boltir.lower(network, "cutlass", target=TARGET, on_level=finish)
    sources = emit_cuda(lowered.module)
    emission = time.perf_counter() - start
    output = Path("build/text_direction")
    artifact = build_artifact(sources, lowered.weights, output, Builder(boltir.Target.named(TARGET)))

    console.print(levels)
    console.print(kernel_table(sources.program))
    launches = len(sources.program.launches)
    held = sum(len(launch.origin) for launch in sources.program.launches)
    console.print(
        f"{graph_operations} imported operations, {held} after folding; {held - launches} of them fused away: "
        f"{launches} launches of {len(sources.kernels)} kernels"
    )
    console.print(f"CUDA C++ for {TARGET} written in {emission:.2f} s", end="; ")
    if artifact.build is not None:
        report = artifact.build
        console.print(f"nvcc: {report.compiled} kernels compiled, {report.reused} reused, {report.seconds:.1f} s")
    console.print(f"artifact: {artifact.folder}")


if __name__ == "__main__":
    main()
