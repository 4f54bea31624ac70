from collections.abc import Mapping, Sequence
from enum import Enum
from os import PathLike
from typing import Any

import numpy as np

class NodeArg:
    name: str
    shape: list[int | str | None]
    type: str

class GraphOptimizationLevel(Enum):
    ORT_DISABLE_ALL = ...

class SessionOptions:
    graph_optimization_level: GraphOptimizationLevel

class InferenceSession:
    def __init__(
        self,
        path_or_bytes: str | bytes | PathLike[str],
        sess_options: SessionOptions | None = None,
        *,
        providers: Sequence[str] = ...,
    ) -> None: ...
    def get_inputs(self) -> list[NodeArg]: ...
    def get_outputs(self) -> list[NodeArg]: ...
    def run(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, np.ndarray[Any, np.dtype[Any]]]
    ) -> list[np.ndarray[Any, np.dtype[Any]]]: ...
