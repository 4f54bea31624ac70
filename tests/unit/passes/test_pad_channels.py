"""`pad-channels` on convolutions of every size: the limits that keep it from small ones are lifted."""

import numpy as np
import pytest

from boltir.dialects.graph.linear import Conv2dOp
from boltir.dialects.tensors import static_shape
from boltir.errors import BoltError
from boltir.passes import pad_channels
from boltir.passes.assign_layout import AssignLayoutPass
from boltir.passes.pad_channels import PadChannelsPass
from tests.support.random_graphs import random_cnn


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pad_channels, "SMALLEST_CONVOLUTION", 0)
    monkeypatch.setattr(pad_channels, "LEAST_WORK_PER_OUTPUT", 0)


@pytest.mark.parametrize(("seed", "alignment"), [*((seed, 8) for seed in range(20)), *((seed, 4) for seed in range(5))])
def test_results_stay_and_channels_are_aligned(seed: int, alignment: int) -> None:
    network = random_cnn(seed, 8)
    expected = network.outputs()
    for module_pass in (AssignLayoutPass(), PadChannelsPass(alignment)):
        module_pass.apply(network.context, network.module)
        network.module.verify()
    for result, reference in zip(network.outputs(), expected, strict=True):
        np.testing.assert_allclose(result, reference, rtol=1e-4, atol=1e-4)
    for op in network.ops(Conv2dOp):
        if isinstance(op, Conv2dOp) and op.groups.value.data == 1:
            assert static_shape(op.input)[3] % alignment in (0, 4)
            assert static_shape(op.result)[3] % alignment == 0


def test_an_alignment_below_one_is_an_error() -> None:
    network = random_cnn(0, 1)
    with pytest.raises(BoltError, match="pass 'pad-channels': cannot align channels to 0"):
        PadChannelsPass(0).apply(network.context, network.module)
