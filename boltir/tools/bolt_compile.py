"""`bolt-compile`: from a model to a compiled artifact, or to any level on the way."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from boltir.compiler import Network, lower, lower_checked
from boltir.errors import BoltError
from boltir.levels import LEVELS
from boltir.precision import PRECISIONS, Precision
from boltir.profiler.first_check import FirstCheck
from boltir.profiler.locations import default_database
from boltir.ranking import SOURCES
from boltir.target import TARGETS, Target
from boltir.tools.model_file import load_model, parse_input_shapes
from boltir.tools.reporting import CommandLineParser, run_command
from boltir.tools.tuned_templates import rankings_from

EMISSIONS = (*LEVELS, "cuda", "lib")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `bolt-compile` with the arguments `argv` (default: the process's) and return its exit status."""
    args = sys.argv[1:] if argv is None else argv
    return run_command(lambda: compile_model(_parser().parse_args(args)))


def _parser() -> CommandLineParser:
    parser = CommandLineParser(prog="bolt-compile", description="Compile a network to CUDA built on CUTLASS templates.")
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL", help="an .onnx file, or .mlir of any level")
    add("-o", dest="output", type=Path, metavar="DIR", required=True, help="the folder to write")
    add("--target", default="sm_80", metavar="ARCH", help=f"one of {', '.join(TARGETS)} (default: sm_80)")
    add("--emit", default="lib", choices=EMISSIONS, help="how far to go (default: lib, the shared library)")
    dtypes = ", ".join(precision.name for precision in PRECISIONS)
    add("--dtype", default="f16", metavar="TYPE", help=f"what the network computes in: {dtypes} (default: f16)")
    add("--input-shape", action="append", default=[], metavar="NAME=1x3x48x192", help="fix an input's open shape")
    add(
        "--templates",
        default="heuristic",
        choices=SOURCES,
        help="what chooses kernels: the cost model (default), what bolt-tune measured, or measurements made now",
    )
    add("--tuning-db", type=Path, metavar="PATH", help="the tuning database (default: bolt-tune's)")
    add("--remarks", metavar="FILE", help="write each decision as a JSON line; '-': as text on stderr")
    add("--quiet", action="store_true", help="no progress and no summary")
    return parser


def compile_model(args: Namespace) -> None:
    """What the command does.

    Raises:
        BoltError: anything the user can mend.
    """
    Precision.named(args.dtype, Target.named(args.target))
    network = load_model(args.model, parse_input_shapes(args.input_shape))
    for source in (args.model, network.weights.path):
        if source is not None and args.output.resolve() in source.resolve().parents:
            raise BoltError(f"it holds {source}, which is read", where=str(args.output), hint="choose another folder")
    level = args.emit if args.emit in LEVELS else "cutlass"
    try:
        with rankings_from(args.templates, args.tuning_db, args.target) as rankings:
            options = {"target": args.target, "dtype": args.dtype, "templates": args.templates}
            if args.emit == "lib":
                lowered = lower_checked(network, **options, rankings=rankings, database=args.tuning_db)
            else:
                refused = FirstCheck.opened(args.tuning_db or default_database(), Target.named(args.target)).refused
                lowered = lower(network, level, **options, rankings=rankings, refused=refused)
    finally:
        _write_remarks(network, args.remarks)
    if args.emit in LEVELS:
        from boltir.tools.network_file import write_network

        write_network(lowered, args.output)
        return
    from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
    from boltir.runtime.artifact import build_artifact, write_artifact_sources
    from boltir.runtime.build import Builder
    from boltir.tools.summary import print_summary

    sources = emit_cuda(lowered.module)
    if args.emit == "cuda":
        artifact = write_artifact_sources(sources, lowered.weights, args.output)
    else:
        builder = Builder(Target.named(args.target), show_progress=not args.quiet)
        artifact = build_artifact(sources, lowered.weights, args.output, builder)
    if not args.quiet:
        print_summary(sources.program, artifact, network.remarks)


def _write_remarks(network: Network, destination: str | None) -> None:
    if destination == "-":
        network.remarks.write_text(sys.stderr)
    elif destination is not None:
        network.remarks.write_json_lines(Path(destination))


if __name__ == "__main__":
    sys.exit(main())
