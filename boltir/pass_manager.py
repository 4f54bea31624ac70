"""Runs passes one after another: verifies, times and prints between them, and says which one failed."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass
from xdsl.printer import Printer
from xdsl.utils.exceptions import PassFailedException, VerifyException

from boltir.collector import collector_paused
from boltir.errors import BoltError, NoFixedTensorError
from boltir.remarks import location_text


class PassCrashError(Exception):
    """A pass failed for a reason that is not the user's: it raised, or broke the IR.

    Attributes:
        index: position of the pass in the pipeline.
    """

    def __init__(self, index: int, message: str) -> None:
        self.index = index
        super().__init__(message)


@dataclass
class PassTimings:
    """Wall-clock seconds per step, in order; the verifier's share is one row."""

    rows: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    verify: float = 0.0

    @contextmanager
    def measure(self, name: str) -> Generator[None]:
        """Time the enclosed step as one row."""
        start = time.perf_counter()
        yield
        self.rows.append((name, time.perf_counter() - start))

    def write(self, stream: IO[str]) -> None:
        """Print the table that `--time-passes` shows."""
        rows = [*self.rows, ("(verify)", self.verify)]
        total = sum(seconds for _, seconds in rows)
        print(f"{'ms':>10} {'%':>6}  pass", file=stream)
        for name, seconds in [*rows, ("total", total)]:
            print(f"{seconds * 1e3:10.2f} {100 * seconds / total:6.1f}  {name}", file=stream)


@dataclass
class PassManager:
    """A pipeline and how it is watched.

    Attributes:
        passes: run in this order.
        verify: verify the module before the first pass and after the last.
        verify_each: verify after every pass, too.
        print_after_all: print the IR to `dump_stream` after every pass, with MLIR's banners.
    """

    passes: Sequence[ModulePass]
    verify: bool = True
    verify_each: bool = True
    print_after_all: bool = False
    dump_stream: IO[str] = field(default_factory=lambda: sys.stderr)
    timings: PassTimings = field(default_factory=PassTimings)

    @collector_paused()
    def run(self, ctx: Context, module: ModuleOp) -> None:
        """Apply the pipeline to `module`, in place.

        Raises:
            VerifyException: the module does not verify before the first pass.
            BoltError: a pass refused its input, or is not for it.
            PassCrashError: a pass raised anything else, or left invalid IR.
        """
        if self.verify:
            self._verify(module)
        for index in range(len(self.passes)):
            self._run_pass(index, ctx, module)

    def _run_pass(self, index: int, ctx: Context, module: ModuleOp) -> None:
        module_pass = self.passes[index]
        with self.timings.measure(str(module_pass)):
            _apply(module_pass, index, ctx, module)
        if self.print_after_all:
            banner = f"// -----// IR Dump After {module_pass} //----- //"
            print(f"{banner}\n{module_text(module)}\n", file=self.dump_stream)
        if self.verify and (self.verify_each or index == len(self.passes) - 1):
            self._verify_after(index, module)

    def _verify_after(self, index: int, module: ModuleOp) -> None:
        try:
            self._verify(module)
        except VerifyException as error:
            culprit = f"pass '{self.passes[index].name}'" if self.verify_each else "the pipeline"
            raise PassCrashError(index, f"{culprit} left invalid IR: {error}") from error

    def _verify(self, module: ModuleOp) -> None:
        start = time.perf_counter()
        verify_module(module)
        self.timings.verify += time.perf_counter() - start


def _apply(module_pass: ModulePass, index: int, ctx: Context, module: ModuleOp) -> None:
    try:
        module_pass.apply(ctx, module)
    except BoltError:
        raise
    except PassFailedException as error:
        raise BoltError(str(error), where=f"pass '{module_pass.name}'") from error
    except NoFixedTensorError as error:  # valid IR that the pass is not for, such as a lowered function
        hint = "it needs tensors of fixed shapes; BOLTIR_TRACEBACK=1 shows where"
        raise BoltError(" ".join(str(error).split()), where=f"pass '{module_pass.name}'", hint=hint) from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise PassCrashError(index, f"internal error in pass '{module_pass.name}': {reason}") from error


def module_text(module: ModuleOp) -> str:
    """The IR of `module` as it would be printed to a file."""
    stream = StringIO()
    Printer(stream=stream).print_op(module)
    return stream.getvalue()


class InvalidOperationError(VerifyException):
    """One operation does not verify.

    Attributes:
        op: that operation, where xDSL lets us know it.
    """

    def __init__(self, op: Operation | None, message: str) -> None:
        self.op = op
        super().__init__(message)


def verify_module(module: ModuleOp) -> None:
    """Verify `module` and everything in it.

    Raises:
        InvalidOperationError: with one line that names the operation and, if it has one, its location.
    """
    try:
        module.verify()
    except (VerifyException, ValueError) as error:
        op = _failing_operation(error)
        message = " ".join(str(error).split())
        if op is not None:
            location = location_text(op)
            message = f"{location + ': ' if location else ''}'{op.name}': {message}"
        raise InvalidOperationError(op, message) from None
    _check_order(module)


def _check_order(module: ModuleOp) -> None:
    """Every value is defined before it is used, which xDSL 0.74 does not check; passes would never end.

    Raises:
        InvalidOperationError: naming the first operation that uses a later one of its block.
    """
    seen: set[Operation] = set()
    for op in module.walk():
        for operand in op.operands:
            definition = operand.owner
            if isinstance(definition, Operation) and definition.parent is op.parent and definition not in seen:
                raise InvalidOperationError(op, f"'{op.name}': uses a value of '{definition.name}', which comes later")
        seen.add(op)


def _failing_operation(error: Exception) -> Operation | None:
    from traceback import walk_tb

    # xDSL's exception knows the operation only through the frames it passed on its way.
    found: Operation | None = None
    for frame, _ in walk_tb(error.__traceback__):
        node = frame.f_locals.get("self") if frame.f_code.co_name == "verify" else None
        if isinstance(node, Block):
            found = node.parent_op() or found
        elif isinstance(node, Operation):
            found = node
    return found
