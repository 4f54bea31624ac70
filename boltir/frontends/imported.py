"""What every frontend returns."""

from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from boltir.weights import WeightStore


@dataclass(frozen=True)
class ImportedModel:
    """A network at the `graph` level.

    Attributes:
        module: one `func.func @main`; the module attributes `graph.input_names` and
            `graph.output_names` hold the names that the source model uses.
        weights: the bytes behind the module's `graph.weight` symbols.
    """

    module: ModuleOp
    weights: WeightStore
