"""`bolt-opt`: read IR, run passes on it, print the result."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import IO

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import PassPipeline
from xdsl.universe import XDSL_UNIVERSE, Universe
from xdsl.utils.exceptions import DiagnosticException, VerifyException
from xdsl.xdsl_opt_main import xDSLOptMain

from boltir.context import CompilerContext
from boltir.errors import BoltError
from boltir.files import is_device, write_atomically
from boltir.pass_manager import InvalidOperationError, PassCrashError, PassManager, PassTimings, module_text
from boltir.pipelines import build_passes, expand_named_pipeline
from boltir.tools import reproducer
from boltir.tools.reporting import run_command, usage_error
from boltir.tools.side_file import open_side_file, save_side_file
from boltir.tools.source import LocatingParser, decode
from boltir.universe import PASSES, UNIVERSE


class _OutputFile(StringIO):
    """Holds the output until all of it is known: the driver closes it even after an error."""

    def close(self) -> None:
        pass


class BoltOptMain(xDSLOptMain):
    """xDSL's driver with boltir's dialects and passes, and errors for users instead of tracebacks."""

    version_format = "bolt-opt built from xdsl version {xdsl_version}"

    def __init__(self, args: Sequence[str]) -> None:
        # Looking for plug-ins reads the metadata of every installed package.
        plugins = "--load-universe" in args
        self.universes = (Universe.get_multiverse(),) if plugins else (XDSL_UNIVERSE, UNIVERSE)
        self.compiler_ctx = CompilerContext()
        self.timings = PassTimings()
        self.output_file = _OutputFile()
        super().__init__("boltir's modular optimizer driver", args)

    def register_all_dialects(self) -> None:
        self.ctx = self.compiler_ctx
        for universe in self.universes:
            for name, factory in universe.all_dialects.items():
                self.ctx.register_dialect(name, factory)

    def register_all_passes(self) -> None:
        for universe in self.universes:
            self.available_passes |= universe.all_passes

    def register_all_targets(self) -> None:
        for universe in self.universes:
            self.available_targets |= universe.all_targets

    def register_all_arguments(self, arg_parser: ArgumentParser) -> None:
        arg_parser.prog = "bolt-opt"
        arg_parser.error = usage_error
        super().register_all_arguments(arg_parser)
        add = arg_parser.add_argument
        add("--pass-pipeline", dest="passes", help="like -p; MLIR's builtin.module(...) is understood too")
        add("--bolt-pipeline", metavar="NAME", help="run a named pipeline: default, default{target=sm_80 dtype=f16}")
        add("--list-passes", action="store_true", help="print each pass with one line about it, and exit")
        add("--print-ir-after-all", action="store_true", help="print the IR after each pass, on stderr")
        add("--verify-each", action=BooleanOptionalAction, default=True, help="verify the IR after each pass")
        add("--remarks", metavar="FILE", help="write each decision as a JSON line; '-': as text on stderr")
        add("--weights", metavar="FILE", type=Path, help="the weights, instead of the file the module names")
        add("--run-reproducer", action="store_true", help="run the pipeline that the input's first line holds")
        add("--load-universe", action="store_true", help="also load the dialects and passes of installed plug-ins")

    def setup_pipeline(self) -> None:
        sources = (self.args.passes, self.args.bolt_pipeline, self.args.run_reproducer)
        if sum(map(bool, sources)) > 1:
            raise BoltError("give one of --pass-pipeline, --bolt-pipeline and --run-reproducer")
        pipeline: str = self.args.passes
        if self.args.run_reproducer:
            pipeline = reproducer.pipeline_of(Path(self.get_input_name()))
        elif self.args.bolt_pipeline:
            pipeline = expand_named_pipeline(self.args.bolt_pipeline)
        self.pipeline = PassPipeline(build_passes(pipeline, self.available_passes))

    def get_input_stream(self) -> tuple[IO[bytes], str]:
        if self.args.input_file == "-":
            self.args.input_file = None
        return super().get_input_stream()

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        try:
            return super().prepare_input()
        except ValueError as error:
            raise BoltError(str(error), where=self.get_input_name(), hint="expected .mlir") from None

    def prepare_output(self) -> IO[str]:
        return sys.stdout if self.args.output_file is None else self.output_file

    def parse_chunk(self, chunk: IO[bytes], file_extension: str, start_offset: int = 0) -> ModuleOp:
        self.chunk = decode(chunk.read(), self.get_input_name()), start_offset
        with self.timings.measure("(parse)"):
            return self._parse()

    def _parse(self) -> ModuleOp:
        text, offset = self.chunk
        self.parser = LocatingParser(self.ctx, text, self.get_input_name(), offset)
        module = self.parser.parse_module(not self.args.no_implicit_module)
        open_side_file(self.compiler_ctx, module, Path(self.args.input_file or "").parent, self.args.weights)
        return module

    def apply_passes(self, prog: ModuleOp) -> None:
        manager = PassManager(
            self.pipeline.passes,
            verify=not self.args.disable_verify,
            verify_each=self.args.verify_each,
            print_after_all=self.args.print_ir_after_all or self.args.print_between_passes,
            timings=self.timings,
        )
        try:
            manager.run(self.ctx, prog)
        except InvalidOperationError as error:
            place = self.parser.place_of(error.op)
            raise VerifyException(f"{place}: {error}" if place else str(error)) from None
        except PassCrashError as crash:
            path = self._write_reproducer(crash)
            raise BoltError(str(crash), hint=f"to see it again: bolt-opt --run-reproducer {path}") from crash
        except BoltError as error:
            if self.args.verify_diagnostics:
                raise DiagnosticException(str(error)) from None
            raise

    def _write_reproducer(self, crash: PassCrashError) -> Path:
        """Write the IR before the failing pass, which is had by running the passes before it again."""
        from traceback import format_exception

        path = reproducer.new_path()
        passes = self.pipeline.passes
        try:
            module, first = self._parse(), crash.index
            for module_pass in passes[:first]:
                module_pass.apply(self.ctx, module)
        except Exception:
            module, first = self._parse(), 0
        save_side_file(self.compiler_ctx, module, path)
        trace = "".join(format_exception(crash.__cause__ or crash))
        write_atomically(path, reproducer.text(module_text(module), passes[first:], trace))
        return path

    def output_resulting_program(self, prog: ModuleOp) -> str:
        if self.args.target == "mlir":
            self._keep_weights(prog)
        with self.timings.measure("(print)"):
            return super().output_resulting_program(prog)

    def _keep_weights(self, module: ModuleOp) -> None:
        output = None if self.args.output_file is None else Path(self.args.output_file)
        if output is not None and not is_device(output) and not self.args.split_input_file:
            save_side_file(self.compiler_ctx, module, output)
        elif count := len(self.compiler_ctx.weights.added):
            print(f"warning: {count} new weights are lost: give -o FILE, without splitting the input", file=sys.stderr)

    def run(self) -> None:
        """Run the command.

        Raises:
            BoltError, ParseError, DiagnosticException: what the user did wrong.
        """
        if self.args.list_passes:
            list_passes()
            return
        try:
            super().run()
            if self.args.output_file is not None:
                write_atomically(Path(self.args.output_file), self.output_file.getvalue())
        finally:
            self._write_reports()

    def _write_reports(self) -> None:
        if self.args.time_passes:
            self.timings.write(sys.stderr)
        if self.args.remarks == "-":
            self.compiler_ctx.remarks.write_text(sys.stderr)
        elif self.args.remarks is not None:
            self.compiler_ctx.remarks.write_json_lines(Path(self.args.remarks))


def list_passes() -> None:
    """Print boltir's passes with one line each, then the names of xDSL's."""
    width = max((len(entry.name) for entry in PASSES), default=0)
    for entry in PASSES:
        print(f"{entry.name:{width}}  {entry.summary}")
    print(f"\nxDSL's own: {', '.join(XDSL_UNIVERSE.all_passes)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `bolt-opt` with the arguments `argv` (default: the process's) and return its exit status."""
    args = sys.argv[1:] if argv is None else argv
    return run_command(lambda: BoltOptMain(args).run())


if __name__ == "__main__":
    sys.exit(main())
