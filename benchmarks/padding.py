"""What padding to aligned extents is worth: products and convolutions with odd channels, on one GPU.

Run by hand, from the root of the repository, on an otherwise idle machine that has torch:

    PYTHONPATH=. python benchmarks/padding.py --build-only  # compiles boltir's kernels into the cache, without a GPU
    PYTHONPATH=. python benchmarks/padding.py [--only TEXT ...] [--no-save]

Compares boltir with itself without padding, with torch's own fused calls, with torch eager and with torch.compile.
Inputs and outputs have the odd extents, so whatever pads and slices them is part of boltir's time. Every result is
checked against fp32. Prints a table and writes it to benchmarks/results/padding-<date>.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from padding_subjects import SUBJECTS
from race.benchmark import Benchmark
from race.program import main
from race.row import BOLTIR, Row, lead
from race.variants import DEFAULT, without

UNPADDED = "boltir unpadded"

EXPLANATION = """\
*boltir unpadded* is boltir without `pad-alignment`: the template that takes the extents as they are. Weights are padded
when boltir compiles, as they would be in a network; padding the input and slicing the output count. *torch's fused
call* is `F.linear` or `torch.cudnn_convolution_relu`."""


def findings(rows: Sequence[Row]) -> Iterator[str]:
    """What padding is worth where boltir pads: everywhere, and by group."""
    padded = [row for row in rows if is_padded(row)]
    groups = {"all": padded, **{row.group: [other for other in padded if other.group == row.group] for row in padded}}
    for group, some in groups.items():
        if text := lead(UNPADDED, (row.speedup([UNPADDED]) for row in some)):
            yield f"{group} that boltir pads: {text}"


def is_padded(row: Row) -> bool:
    """Whether boltir launches other kernels than without padding."""
    launched, unpadded = ([template for template, _ in row.kernels.get(name, ())] for name in (BOLTIR, UNPADDED))
    return launched != unpadded


PADDING = Benchmark(
    name="padding",
    title="Products and convolutions with unaligned extents",
    explanation=EXPLANATION,
    subjects=SUBJECTS,
    variants={BOLTIR: DEFAULT, UNPADDED: without("pad-alignment")},
    torch="race.torch_formulas",
    findings=findings,
)

if __name__ == "__main__":
    sys.exit(main(PADDING))
