"""The cost gate against what an H100 took for a convolution of 3x3 and one of 1x1 behind it, together and apart."""

from dataclasses import dataclass
from itertools import pairwise

import pytest

from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused import FusedOp
from boltir.lowering.fused_to_cutlass.chains.candidates import chain_candidates
from boltir.lowering.fused_to_cutlass.chains.gate import Comparison, Gate
from boltir.lowering.fused_to_cutlass.chains.problem import ChainProblem, problem_of
from boltir.target import Target
from tests.support.fused_networks import Network, convolution, product

H100 = Target.named("sm_90a")
IMAGES = 32


@dataclass(frozen=True)
class Pair:
    """Two convolutions of 32 images, and microseconds in a stream of launches, inputs not in the L2 cache.

    Attributes:
        size: height and width of the input.
        channels: of the input, behind the first and behind the second convolution.
        together: as the fastest chain known.
        apart: as boltir's kernels apart.
    """

    size: int
    channels: tuple[int, int, int]
    stride: int
    together: float
    apart: float

    @property
    def anchors(self) -> tuple[FusedOp, ...]:
        network = Network()
        before, between, after = self.channels
        image = network.argument(IMAGES, self.size, self.size, before)
        inner = convolution(network, image, between, ["row"], window=3, stride=self.stride)
        module = network.finish([convolution(network, inner, after, ["row"])])
        return tuple(op for op in module.walk() if isinstance(op, FusedOp))

    @property
    def comparison(self) -> Comparison:
        return Gate(H100).compare(self.anchors)

    def __str__(self) -> str:
        return f"{self.size}-{'-'.join(map(str, self.channels))}-{self.stride}"


PAIRS = (
    Pair(56, (48, 48, 48), 1, 19.5, 37.1),
    Pair(56, (64, 64, 64), 1, 22.2, 29.5),
    Pair(56, (64, 64, 256), 1, 34.4, 42.9),
    Pair(56, (128, 128, 128), 1, 54.7, 60.4),
    Pair(56, (64, 64, 64), 2, 11.7, 12.3),
    Pair(28, (64, 64, 64), 1, 8.0, 11.7),
    Pair(28, (128, 128, 128), 1, 16.7, 20.0),
    Pair(28, (128, 128, 512), 1, 24.0, 27.0),
    Pair(28, (256, 256, 256), 1, 54.9, 49.5),
    Pair(28, (96, 192, 192), 2, 13.8, 14.3),
    Pair(28, (128, 256, 256), 2, 19.3, 14.0),
    Pair(14, (128, 128, 128), 1, 9.0, 10.0),
    Pair(14, (192, 192, 192), 1, 13.1, 14.8),
    Pair(14, (256, 256, 256), 1, 19.0, 19.1),
    Pair(14, (256, 256, 1024), 1, 29.3, 23.4),
)
each_pair = pytest.mark.parametrize("pair", PAIRS, ids=str)


@each_pair
def test_no_loss_is_accepted(pair: Pair) -> None:
    assert not pair.comparison.pays or pair.together < pair.apart


@each_pair
def test_no_gain_of_a_twentieth_is_refused(pair: Pair) -> None:
    assert pair.comparison.pays or pair.together > 0.95 * pair.apart


@each_pair
def test_the_estimates_are_near(pair: Pair) -> None:
    comparison = pair.comparison
    assert 1e6 * comparison.seconds == pytest.approx(pair.together, rel=0.2)
    assert 1e6 * comparison.apart == pytest.approx(pair.apart, rel=0.15)


def test_three_products_are_joined_though_no_template_for_two_may_be_used() -> None:
    network = Network()
    value = network.argument(65536, 64)
    for _ in range(3):
        value = product(network, value, 64, ["row"])
    run = tuple(op for op in network.finish([value]).walk() if isinstance(op, FusedOp))
    pairs = [problem for two in pairwise(run) if isinstance(problem := problem_of(two), ChainProblem)]
    of_pairs = [candidate.template for problem in pairs for candidate in chain_candidates(problem, H100).candidates]
    wrong: dict[TemplateAttr, str] = dict.fromkeys(of_pairs, "wrong: off by 0.5")

    for refused in ({}, wrong):
        (chain,) = Gate(H100, refused=refused).cut(run)
        assert chain.anchors == run
