"""Tuning a whole network by bolt-tune: cold, with empty caches, and warm, when all is known."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tuning_problems import IMAGES

from boltir.runtime.compile_cache import CACHE_VARIABLE

CACHE = "cache"  # within the folder


def resnet50_file(folder: Path) -> Path:
    """ResNet-50 for 32 pictures, with random weights."""
    from tests.support.vision import resnet50

    model = resnet50(size=224, width=64, classes=1000)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = IMAGES
    path = folder / "resnet50.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def tune_network(folder: Path, top: int, budget: float) -> Iterator[str]:
    """Lines about a cold run of bolt-tune and warm ones after it; caches and database begin empty, in `folder`."""
    folder.mkdir()
    command = [sys.executable, "-m", "boltir.tools.bolt_tune", str(resnet50_file(folder))]
    command += ["--db", str(folder / "resnet50.db"), "--top", str(top), "--budget", f"{budget:g}s"]
    environment = {**os.environ, CACHE_VARIABLE: str(folder / CACHE)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is not compiled at each start
    names = ["cold, with an empty compile cache and an empty database", "warm", "warm, once more"]
    while names:
        start = time.monotonic()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - start
        print(done.stdout, done.stderr[-2000:], sep="\n", file=sys.stderr, flush=True)
        if done.returncode != 0:
            yield f"- {names[0]}: failed after {seconds:.2f} s"
            return
        is_spent = "the budget is spent" in done.stdout
        ended = "the budget was spent" if is_spent else "everything was measured"
        found = "; ".join(line for line in done.stdout.splitlines() if line.startswith("chosen:"))
        yield f"- {names.pop(0)}: {seconds:.2f} s, {ended}; {found}"
        if is_spent:
            names.insert(0, "going on where that ended")
