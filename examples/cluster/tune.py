"""Tunes a network on this machine's GPU while a Dask cluster builds the kernels; see README.md.

python examples/cluster/tune.py net.onnx tcp://scheduler:8786
"""

import sys
from pathlib import Path

from rich.console import Console

from boltir.compiler import import_onnx
from boltir.profiler.database import Database
from boltir.profiler.executors import building_on
from boltir.profiler.local import TuningOptions, open_tuner
from boltir.profiler.report import report_of
from boltir.tools.network_tuning import problems_of
from boltir.tools.tuning_table import print_summary

BUDGET = 120.0  # seconds


def main(model: str, scheduler: str) -> None:
    network = import_onnx(model)
    with (
        Database(Path("tuning.db")) as database,
        building_on(scheduler) as executor,
        open_tuner(database, executor, TuningOptions(budget=BUDGET)) as tuner,
    ):
        result = tuner.tune(problems_of(network, tuner.machine.target, "f16"))
    print_summary(Console(), report_of(tuner.machine, result.jobs))


if __name__ == "__main__":
    main(*sys.argv[1:])
