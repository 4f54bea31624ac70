"""What persistent kernels for Ampere are worth, on a GPU that is at hand: its templates, compiled for Hopper.

Run by hand, from the root of the repository, on an otherwise idle machine that has torch:

    PYTHONPATH=. python benchmarks/persistent_ampere.py --build-only  # compiles into the cache, without a GPU
    PYTHONPATH=. python benchmarks/persistent_ampere.py [--only TEXT ...] [--no-save]

Compares boltir with itself without persistent kernels and with one wherever a template is legal, all as they would be
chosen for sm_80. Every result is checked against fp32. Prints a table and writes it to
benchmarks/results/persistent_ampere-<date>.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from persistent import APART, FORCED, FORM, misjudgement
from persistent_subjects import NETWORK, SUBJECTS
from race.benchmark import Benchmark
from race.program import main
from race.row import BOLTIR, EAGER, Row
from race.variants import TARGET, replaced

EXPLANATION = """\
Everything is chosen for an A100 and compiled for the GPU above, so ratios say more than times. *boltir* forms
persistent kernels where the cost gate accepts them, *boltir, forced* wherever a template is legal, *boltir, apart*
nowhere: the best unfused kernels of CUTLASS 2.x. Products are called M, N0, K0, N1. torch's kernels are Hopper's."""

AMPERE = "sm_80"


def findings(rows: Sequence[Row]) -> Iterator[str]:
    """What the cost gate, which reckons with an A100, got wrong here."""
    yield from filter(None, map(misjudgement, rows))


def chosen_for_ampere(form: str | None) -> tuple[str, ...]:
    """The default pipeline with choices for Ampere, compiled for the GPU at hand; `form` forms persistent kernels."""
    compiled_for = f"convert-fused-to-cutlass{{target={TARGET}}}"
    specs = replaced({FORM: form})
    return tuple(spec if spec == compiled_for else spec.replace(TARGET, AMPERE) for spec in specs)


PERSISTENT_AMPERE = Benchmark(
    name="persistent_ampere",
    title="Persistent kernels for Ampere, on Hopper",
    explanation=EXPLANATION,
    subjects=tuple(subject for subject in SUBJECTS if subject.group != NETWORK),
    variants={
        BOLTIR: chosen_for_ampere(f"{FORM}{{target={AMPERE}}}"),
        FORCED: chosen_for_ampere(f"{FORM}{{target={AMPERE} force=true}}"),
        APART: chosen_for_ampere(None),
    },
    torch="persistent_torch",
    findings=findings,
    rivals=(EAGER,),
)

if __name__ == "__main__":
    sys.exit(main(PERSISTENT_AMPERE))
