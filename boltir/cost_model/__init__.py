"""How long a matrix product or convolution takes as a given template: an analytic model, see docs/tuning.md."""

from boltir.cost_model.arithmetic import epilogue_instructions
from boltir.cost_model.model import LEAST_SAVING, MEASURED_INSTRUCTIONS, Estimate, estimate, roof_seconds
from boltir.cost_model.work import Bound

__all__ = [
    "LEAST_SAVING",
    "MEASURED_INSTRUCTIONS",
    "Bound",
    "Estimate",
    "epilogue_instructions",
    "estimate",
    "roof_seconds",
]
