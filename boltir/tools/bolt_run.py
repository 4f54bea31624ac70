"""`bolt-run`: runs a compiled network on a GPU, checks it and measures it."""

from __future__ import annotations

import json
import statistics
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from boltir.errors import BoltError
from boltir.files import MODULE_FILE, write_atomically
from boltir.runtime.device import Array
from boltir.runtime.model import Model, load
from boltir.tools.console import console_on
from boltir.tools.profile_table import print_profile
from boltir.tools.reporting import CommandLineParser, run_command
from boltir.tools.run_inputs import INTEGERS_BELOW, index_limits, random_input, read_inputs
from boltir.tools.run_outputs import output_table, write_outputs

_WIDTH = 120  # of what is not printed to a terminal


def main(argv: Sequence[str] | None = None) -> int:
    """Run `bolt-run` with the arguments `argv` (default: the process's) and return its exit status."""
    args = sys.argv[1:] if argv is None else argv
    return run_command(lambda: run_artifact(_parser().parse_args(args)))


def _parser() -> CommandLineParser:
    parser = CommandLineParser(prog="bolt-run", description="Run a compiled network on a GPU.")
    add = parser.add_argument
    add("artifact", type=Path, metavar="DIR", help="what bolt-compile wrote")
    add("--input", action="append", default=[], metavar="NAME=FILE", help="read an input from an .npy or .npz file")
    add("--random", nargs="?", type=int, const=0, metavar="SEED", help="make up the inputs that are not given")
    add("--output", type=Path, metavar="PATH", help="write the outputs: an .npy or .npz file, or a folder")
    add("--check", action="store_true", help="compare with the reference interpreter")
    add(
        "--tolerance",
        type=float,
        default=1e-2,
        metavar="X",
        help="how far --check lets an output be off, relative to its largest magnitude (default: 0.01)",
    )
    add("--graph", action="store_true", help="record the run as a CUDA graph and replay that")
    add("--repeat", type=int, metavar="N", help="run N more times and print how long that takes")
    add(
        "--profile",
        nargs="?",
        const="-",
        metavar="FILE.json",
        help="measure each kernel: a table, or data",
    )
    add("--per-launch", action="store_true", help="profile each launch, not each kernel")
    add("--device", type=int, default=0, metavar="N", help="the GPU's number (default: 0)")
    return parser


def run_artifact(args: Namespace) -> None:
    """What the command does.

    Raises:
        BoltError: anything the user can mend, or an output that --check finds wrong.
    """
    _check_options(args)
    console = console_on(sys.stdout, _WIDTH)
    with load(args.artifact, device=args.device) as model:
        inputs = gather_inputs(args, model)
        outputs = _run(model, inputs, graph=args.graph)
        if args.output is not None:
            write_outputs(args.output, model.outputs, outputs)
        console.print(output_table(model.outputs, outputs))
        if args.repeat is not None:
            times = model.measure(inputs, repetitions=args.repeat, graph=args.graph)
            how = "replays of a CUDA graph" if args.graph else "runs"
            console.print(f"{args.repeat} {how}: median {statistics.median(times):.1f} µs, fastest {min(times):.1f} µs")
        if args.profile is not None:
            _profile(console, model, inputs, args)
        if args.check:
            _check(console, args, model, inputs, outputs)


def _check_options(args: Namespace) -> None:
    if args.repeat is not None and args.repeat < 1:
        raise BoltError(f"expected a positive number, got {args.repeat}", where="--repeat")
    if args.random is not None and args.random < 0:
        raise BoltError(f"expected a seed of at least 0, got {args.random}", where="--random")
    if args.profile not in (None, "-") and not args.profile.endswith(".json"):
        hint = "--profile alone prints a table; the folder comes first"
        raise BoltError(f"expected FILE.json, got '{args.profile}'", where="--profile", hint=hint)


def gather_inputs(args: Namespace, model: Model) -> list[Array]:
    """The inputs in order: read, or made up where the user asks for it.

    Raises:
        BoltError: a file or an option is wrong, or inputs are missing.
    """
    given = read_inputs(args.input, model.inputs)
    missing = [(position, tensor) for position, tensor in enumerate(model.inputs) if tensor.name not in given]
    if missing and args.random is None:
        listed = ", ".join(str(tensor) for _, tensor in missing)
        raise BoltError(f"no values for {listed}", where="--input", hint="--random makes them up")
    has_integers = any(not tensor.dtype.is_float for _, tensor in missing)
    limits = _index_limits(args.artifact) if has_integers else dict[int, int]()
    for position, tensor in missing:
        given[tensor.name] = random_input(tensor, limits.get(position, INTEGERS_BELOW), args.random + position)
    return [given[tensor.name] for tensor in model.inputs]


def _index_limits(artifact: Path) -> Mapping[int, int]:
    from boltir.tools.network_file import read_network

    return index_limits(read_network(artifact / MODULE_FILE).module)


def _run(model: Model, inputs: list[Array], *, graph: bool) -> list[Array]:
    if not graph:
        return model(inputs)
    return [output.numpy() for output in model.capture(model.upload(inputs)).replay()]


def _profile(console: Console, model: Model, inputs: list[Array], args: Namespace) -> None:
    profile = model.profile(inputs)
    if args.profile == "-":
        print_profile(console, profile, per_launch=args.per_launch)
    else:
        write_atomically(Path(args.profile), json.dumps(profile.data(), indent=2) + "\n")


def _check(console: Console, args: Namespace, model: Model, inputs: list[Array], outputs: list[Array]) -> None:
    from boltir.tools.run_check import check_differences, difference, stored_network

    expected = stored_network(args.artifact).run(inputs)
    differences = [difference(*pair) for pair in zip(outputs, expected, strict=True)]
    names = [tensor.name for tensor in model.outputs]
    table = Table("checked output", "largest error", "of its largest magnitude")
    for name, apart in zip(names, differences, strict=True):
        table.add_row(Text(name), f"{apart.absolute:.3g}", f"{apart.relative:.3g}")
    console.print(table)
    check_differences(names, differences, args.tolerance)


if __name__ == "__main__":
    sys.exit(main())
