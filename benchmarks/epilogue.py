"""What epilogue fusion is worth: products and convolutions of real networks with what follows them, on one GPU.

Run by hand, from the root of the repository, on an otherwise idle machine that has torch:

    PYTHONPATH=. python benchmarks/epilogue.py --build-only     # compiles boltir's kernels into the cache; needs no GPU
    PYTHONPATH=. python benchmarks/epilogue.py [--only TEXT ...] [--no-save]

Compares boltir with itself without fusion, with torch's own fused calls, with torch eager and with torch.compile. Every
result is checked against fp32. Prints a table and writes it to benchmarks/results/epilogue-<date>.md.
"""

from __future__ import annotations

import sys

from epilogue_subjects import SUBJECTS
from race.benchmark import Benchmark, no_findings
from race.program import main
from race.row import BOLTIR
from race.variants import DEFAULT, replaced

EXPLANATION = """\
*boltir unfused* is boltir without its fusing passes: the product or convolution alone, then its tail as a kernel of
its own. *torch's fused call* is one cuBLASLt or cuDNN call with the whole epilogue (`F.linear`,
`torch._addmm_activation` with its tanh GELU, `torch.addmm`, `torch.cudnn_convolution_relu`, `_add_relu`)."""

UNFUSED = {
    "fuse-epilogue": "fuse-epilogue{pointwise_only=true}",
    "merge-parallel-convolutions": None,
    "fuse-horizontal-gemms": None,
    "fuse-dual-gemm": None,
    "fold-into-store": None,
}
"""What becomes of the fusing passes: products and convolutions have no epilogue, what follows them is one kernel."""

EPILOGUE = Benchmark(
    name="epilogue",
    title="Products and convolutions with their epilogues",
    explanation=EXPLANATION,
    subjects=SUBJECTS,
    variants={BOLTIR: DEFAULT, "boltir unfused": replaced(UNFUSED)},
    torch="race.torch_formulas",
    findings=no_findings,
)

if __name__ == "__main__":
    sys.exit(main(EPILOGUE))
