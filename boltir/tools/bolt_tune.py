"""`bolt-tune`: measures which kernels are the fastest for a network, and remembers it."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from boltir.errors import BoltError
from boltir.files import write_atomically
from boltir.precision import PRECISIONS
from boltir.profiler.backend.starting import starting_backends
from boltir.profiler.building import LocalBuilder
from boltir.profiler.database import Database, Record
from boltir.profiler.exchange import export_text, import_text
from boltir.profiler.executors import building_on
from boltir.profiler.key import versions_of
from boltir.profiler.locations import default_database, with_folder
from boltir.profiler.options import DEFAULT_TOP
from boltir.target import TARGETS, Target
from boltir.tools.console import TUNING_WIDTH, console_on
from boltir.tools.output_file import check_not_database, check_writable
from boltir.tools.reporting import CommandLineParser, run_command

READING = ("show", "export", "prune")
ACTIONS = (*READING, "import")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `bolt-tune` with the arguments `argv` (default: the process's) and return its exit status."""
    args = sys.argv[1:] if argv is None else argv
    return run_command(lambda: tune_or_manage(_parser().parse_args(args)))


def _parser() -> CommandLineParser:
    parser = CommandLineParser(prog="bolt-tune", description="Measure which kernels are the fastest for a network.")
    add = parser.add_argument
    models = "an .onnx file, or .mlir of the graph or fused level"
    add("what", metavar="MODEL", help=f"{models}; or {', '.join(ACTIONS)}: the database")
    add("file", type=Path, nargs="?", metavar="FILE", help="what to export to or to import")
    add("--db", type=Path, metavar="PATH", help="the tuning database (default: BOLTIR_TUNING_DB, else the user's)")
    add("--budget", type=seconds_of, metavar="120s", help="return the best so far after so long: 90s, 5m, 1h")
    add("--top", type=int, default=DEFAULT_TOP, metavar="N", help=f"candidates per problem (default: {DEFAULT_TOP})")
    add("--target", metavar="ARCH", help=f"one of {', '.join(TARGETS)} (default: the GPU's)")
    dtypes = ", ".join(precision.name for precision in PRECISIONS)
    add("--dtype", default="f16", metavar="TYPE", help=f"what the network computes in: {dtypes} (default: f16)")
    add("--input-shape", action="append", default=[], metavar="NAME=1x3x48x192", help="fix an input's open shape")
    add("--devices", type=devices_of, default=(0,), metavar="0,1", help="the GPUs to measure on (default: 0)")
    add("--scheduler", metavar="ADDRESS", help="build the kernels on the Dask cluster with that scheduler")
    add(
        "--report",
        nargs="?",
        const="-",
        metavar="FILE.html",
        help="print every candidate; with a file, write a page with a roofline plot, too",
    )
    add("--quiet", action="store_true", help="no progress and no summary")
    return parser


def seconds_of(text: str) -> float:
    """The seconds that `90`, `90s`, `1.5m` or `1h` stands for.

    Raises:
        BoltError: it is not of that form.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h|)", text)
    if match is None or float(match[1]) == 0:
        raise BoltError(f"expected a time such as 90s, 5m or 1h, got '{text}'", where="--budget")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def devices_of(text: str) -> tuple[int, ...]:
    """The numbers in `0,1`.

    Raises:
        BoltError: it is not of that form, or names a device twice.
    """
    parts = text.split(",")
    numbers = tuple(int(part) for part in parts if part.isdecimal())
    if len(set(numbers)) < len(parts):
        raise BoltError(f"expected different numbers such as 0,1, got '{text}'", where="--devices")
    return numbers


def tune_or_manage(args: Namespace) -> None:
    """What the command does.

    Raises:
        BoltError: anything the user can mend.
    """
    _check_options(args)
    _check_output(args)
    # What cannot be imported must not leave an empty database.
    news = tuple(import_text(_read(args.file), str(args.file))) if args.what == "import" else ()
    with Database(args.db or with_folder(default_database()), create=args.what not in READING) as database:
        if args.what in ACTIONS:
            manage(args, database, news)
        else:
            tune_model(args, database)


def _check_options(args: Namespace) -> None:
    if args.top < 1:
        raise BoltError(f"expected a positive number, got {args.top}", where="--top")
    if (args.file is not None) != (args.what in ("export", "import")):
        raise BoltError(f"expected {'a' if args.file is None else 'no'} FILE after {args.what}", hint="see --help")
    if args.report not in (None, "-") and not args.report.endswith(".html"):
        hint = "--report alone prints tables; the model comes first"
        raise BoltError(f"expected FILE.html, got '{args.report}'", where="--report", hint=hint)
    if args.target is not None:
        Target.named(args.target)


def _check_output(args: Namespace) -> None:
    """What is written must not take the database's place, nor fail when all is measured."""
    database = args.db or default_database()
    if args.what == "export":
        check_not_database(args.file, database)
    if args.report not in (None, "-"):
        check_not_database(Path(args.report), database)
        check_writable(Path(args.report), "--report")


def manage(args: Namespace, database: Database, news: Sequence[Record]) -> None:
    """Show, write, add to (`news`) or clean the database.

    Raises:
        BoltError: a file cannot be written.
    """
    match args.what:
        case "show":
            from boltir.tools.tuning_table import print_records

            print_records(console_on(sys.stdout, TUNING_WIDTH), database.records())
        case "export":
            write_atomically(args.file, export_text(database.records()))
        case "import":
            print(f"{database.merge(news)} measurements are new")
        case _:
            versions = versions_of(LocalBuilder(args.target or next(iter(TARGETS)))())
            print(f"{database.prune(versions)} measurements of other versions, or that failed, are forgotten")


def tune_model(args: Namespace, database: Database) -> None:
    """Tune a network's kernels; the GPUs come up while the compiler is imported.

    Raises:
        BoltError: the network cannot be lowered, there is no GPU, or no nvcc.
    """
    with building_on(args.scheduler) as executor, starting_backends(args.devices) as backends:
        from boltir.tools.network_tuning import tune_network

        tune_network(args, database, executor, backends)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BoltError(error.strerror or "cannot be read", where=str(path)) from None
    except UnicodeDecodeError:
        raise BoltError("is no UTF-8 text", where=str(path)) from None


if __name__ == "__main__":
    sys.exit(main())
