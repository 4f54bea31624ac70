"""What the epilogue benchmark compares: each contender computes a pair on one of several prepared inputs."""

from __future__ import annotations

import fcntl
import importlib
import signal
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

from epilogue_pairs import Pair
from epilogue_torch import FORMULAS, Formula
from gpu_timing import Run

import boltir

torch: Any = importlib.import_module("torch")
inductor: Any = importlib.import_module("torch._inductor.config")
benchmarking: Any = importlib.import_module("torch._inductor.runtime.benchmarking")

Tensors = tuple[Any, ...]

COMPILE_LIMIT = 130.0
"""Seconds that torch.compile may take for one pair, waiting for the device included."""


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Keep the processes that lock `path` apart."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def time_limit(seconds: float) -> Generator[None]:
    """Raises TimeoutError in the block after `seconds`, and again each second, should something catch it."""

    def expire(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not ready after {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def configure_torch() -> None:
    """Before anything is compiled: cuDNN searches, and f32 is no tf32. Other settings would have all compiled again."""
    inductor.autotune_num_choices_displayed = 0
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def random_inputs(pair: Pair, seed: int) -> Tensors:
    """Normal numbers, in f16 on the GPU."""
    generator = torch.Generator(device="cuda").manual_seed(seed)
    return tuple(torch.randn(shape, generator=generator, device="cuda", dtype=torch.float16) for shape in pair.inputs)


def weights_of(pair: Pair) -> Tensors:
    return tuple(torch.from_numpy(array).cuda() for array in pair.weight_arrays)


def reference(pair: Pair, inputs: Tensors, weights: Tensors) -> Tensors:
    """The outputs in fp32."""
    return FORMULAS[pair.formula](*(tensor.float() for tensor in (*inputs, *weights)))


def compiled(pair: Pair, lock: Path) -> Formula:
    """torch.compile with max-autotune, compiled for the pair; graphs are captured as everyone's.

    Its candidates are timed while no other process times any.

    Raises:
        TimeoutError: it is not ready in time.
    """
    _time_alone(lock)
    formula = torch.compile(FORMULAS[pair.formula], mode="max-autotune-no-cudagraphs", dynamic=False)
    with time_limit(COMPILE_LIMIT):
        formula(*random_inputs(pair, 0), *weights_of(pair))
        torch.cuda.synchronize()
    return formula


def _time_alone(lock: Path) -> None:
    """Let torch's autotuning hold `lock` while it times a candidate."""
    measure: Callable[..., Any] = benchmarking.benchmarker.benchmark_gpu

    @wraps(measure)
    def alone(*arguments: Any, **options: Any) -> Any:
        with locked(lock):
            return measure(*arguments, **options)

    benchmarking.benchmarker.benchmark_gpu = alone


def torch_run(formula: Formula, inputs: Sequence[Tensors], weights: Tensors) -> Run:
    return lambda number: formula(*inputs[number], *weights)


def boltir_run(model: boltir.Model, inputs: Sequence[Tensors], outputs: Sequence[Tensors]) -> Run:
    def run(number: int) -> Any:
        return tuple(model(list(inputs[number]), outputs=list(outputs[number])))

    return run
