"""What persistent kernels are worth: chains of products and convolutions in one kernel, on one GPU.

Run by hand, from the root of the repository, on an otherwise idle machine that has torch:

    PYTHONPATH=. python benchmarks/persistent.py --build-only  # compiles boltir's kernels into the cache, without a GPU
    PYTHONPATH=. python benchmarks/persistent.py [--only TEXT ...] [--no-save]

Compares boltir with itself without persistent kernels and with one wherever a template is legal, with torch's own fused
calls, with torch eager and with torch.compile; and a whole network, RepVGG-A0 deepened with 1x1 convolutions. Every
result is checked against fp32. Prints a table and writes it to benchmarks/results/persistent-<date>.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from persistent_subjects import SUBJECTS
from race.benchmark import Benchmark
from race.program import main
from race.row import BOLTIR, TORCH, Row, lead
from race.variants import DEFAULT, TARGET, replaced, without

EXPLANATION = """\
*boltir* forms persistent kernels where the cost gate accepts them, *boltir, forced* wherever a template is legal,
*boltir, apart* nowhere: the best unfused kernels of boltir. Products are called M, N0, K0, N1. *torch's fused call* is
one call of cuBLASLt (`torch._addmm_activation`) or cuDNN (`torch.cudnn_convolution_relu`) per stage. The network's
torch.compile does not search for kernels."""

FORM = "form-persistent-kernels"
FORCED, APART = "boltir, forced", "boltir, apart"
UNFUSED = (APART, *TORCH)
NOISE = 0.98
"""What is so much slower may be as fast."""


def findings(rows: Sequence[Row]) -> Iterator[str]:
    """How boltir compares with the best unfused kernels of anyone, and what its cost gate got wrong."""
    for group in dict.fromkeys(row.group for row in rows):
        members = [row for row in rows if row.group == group]
        for which, some in (("all", members), ("with chains", [row for row in members if has_chain(row, BOLTIR)])):
            text = lead("the best unfused kernels of anyone", (row.speedup(UNFUSED) for row in some))
            if text:
                yield f"{group}, {which}: {text}"
    yield from filter(None, map(misjudgement, rows))


def has_chain(row: Row, contender: str) -> bool:
    return len(row.kernels.get(contender, ())) < len(row.kernels.get(APART, ()))


def misjudgement(row: Row) -> str:
    """What the cost gate got wrong; empty if nothing."""
    gain = row.speedup([APART], FORCED)
    if gain is None or not has_chain(row, FORCED):
        return ""
    if has_chain(row, BOLTIR):
        return f"the gate accepted a loss: {row.title}, {gain:.2f} times as fast" if gain < NOISE else ""
    return f"the gate refused a gain: {row.title}, {gain:.2f} times as fast" if gain > 1 / NOISE else ""


PERSISTENT = Benchmark(
    name="persistent",
    title="Persistent kernels: chains of products and convolutions",
    explanation=EXPLANATION,
    subjects=SUBJECTS,
    variants={BOLTIR: DEFAULT, FORCED: replaced({FORM: f"{FORM}{{target={TARGET} force=true}}"}), APART: without(FORM)},
    torch="persistent_torch",
    findings=findings,
)

if __name__ == "__main__":
    sys.exit(main(PERSISTENT))
