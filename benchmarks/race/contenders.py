"""Who races: each contender computes a subject on one of several prepared inputs."""

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

from gpu_timing import Run

import boltir
from race.benchmark import TorchFormula
from race.subject import Subject

torch: Any = importlib.import_module("torch")
inductor: Any = importlib.import_module("torch._inductor.config")
benchmarking: Any = importlib.import_module("torch._inductor.runtime.benchmarking")

Tensors = tuple[Any, ...]

COMPILE_LIMIT = 130.0
"""Seconds that torch.compile may take for one subject, waiting for the device included."""


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


def random_inputs(subject: Subject, seed: int) -> Tensors:
    """Normal numbers, in f16 on the GPU."""
    generator = torch.Generator(device="cuda").manual_seed(seed)
    return tuple(
        torch.randn(shape, generator=generator, device="cuda", dtype=torch.float16) for shape in subject.inputs
    )


def weights_of(subject: Subject) -> Tensors:
    return tuple(torch.from_numpy(array).cuda() for array in subject.weight_arrays)


def reference(formula: TorchFormula, inputs: Tensors, weights: Tensors) -> Tensors:
    """The outputs in fp32."""
    return formula(*(tensor.float() for tensor in (*inputs, *weights)))


def compiled(formula: TorchFormula, subject: Subject, lock: Path) -> TorchFormula:
    """torch.compile for the subject, with max-autotune if it is to search; graphs are captured as everyone's.

    Its candidates are timed while no other process times any.

    Raises:
        TimeoutError: it is not ready in time.
    """
    _time_alone(lock)
    mode = "max-autotune-no-cudagraphs" if subject.searched else "default"
    made = torch.compile(formula, mode=mode, dynamic=False)
    with time_limit(COMPILE_LIMIT):
        made(*random_inputs(subject, 0), *weights_of(subject))
        torch.cuda.synchronize()
    return made


def _time_alone(lock: Path) -> None:
    """Let torch's autotuning hold `lock` while it times a candidate."""
    measure: Callable[..., Any] = benchmarking.benchmarker.benchmark_gpu

    @wraps(measure)
    def alone(*arguments: Any, **options: Any) -> Any:
        with locked(lock):
            return measure(*arguments, **options)

    benchmarking.benchmarker.benchmark_gpu = alone


def torch_run(formula: TorchFormula, inputs: Sequence[Tensors], weights: Tensors) -> Run:
    return lambda number: formula(*inputs[number], *weights)


def boltir_run(model: boltir.Model, inputs: Sequence[Tensors], outputs: Sequence[Tensors]) -> Run:
    def run(number: int) -> Any:
        return tuple(model(list(inputs[number]), outputs=list(outputs[number])))

    return run
