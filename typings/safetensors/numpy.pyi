from os import PathLike
from typing import Any

import numpy as np

def save_file(tensor_dict: dict[str, np.ndarray[Any, np.dtype[Any]]], filename: str | PathLike[str]) -> None: ...
def load_file(filename: str | PathLike[str]) -> dict[str, np.ndarray[Any, np.dtype[Any]]]: ...
