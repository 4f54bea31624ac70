"""What every level means, in numpy: the reference that passes and kernels are checked against."""

from boltir.interpreters.graph import evaluate
from boltir.interpreters.runner import run

__all__ = ["evaluate", "run"]
