"""Where kernels are built: what is no cluster is one error."""

from importlib.util import find_spec

import pytest

from boltir.errors import BoltError
from boltir.profiler.executors import building_on


@pytest.mark.parametrize("address", ["tls://127.0.0.1:1", "ftp://127.0.0.1:1", "no address"])
def test_an_address_that_dask_cannot_use_is_one_error(address: str) -> None:
    if find_spec("distributed") is None:
        pytest.skip("Dask is not installed")
    with pytest.raises(BoltError, match="no Dask scheduler answers") as error, building_on(address):
        pass
    assert error.value.where == address
