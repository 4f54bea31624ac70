"""When a fusion pays: a launch and a tensor's way through memory against what an epilogue does besides."""

from __future__ import annotations

import pytest

from boltir.cost_model.fusion import FusionCost
from boltir.target import TARGETS, Target

KIB, MIB = 1024, 1024 * 1024
H100 = FusionCost(Target.named("sm_90a"))


def test_kernels_that_store_all_outputs_alike_always_gain() -> None:
    for size in (KIB, MIB, 1024 * MIB):
        assert H100.joint_kernel(read=size, stored=size, behind_matrix=False).pays


def test_a_product_that_stores_nothing_more_gains_a_launch() -> None:
    assert H100.joint_kernel(read=0, stored=0, behind_matrix=True).pays


@pytest.mark.parametrize("target", TARGETS)
def test_an_epilogue_takes_longer_for_a_second_store_than_a_kernel_for_its_only_one(target: str) -> None:
    cost = FusionCost(Target.named(target))
    product, other = (cost.joint_kernel(read=MIB, stored=MIB, behind_matrix=matrix) for matrix in (True, False))
    assert product.spent > other.spent


def test_one_may_ask_for_every_fusion() -> None:
    free = FusionCost(H100.target, free=True)
    assert free.joint_kernel(read=1, stored=1024 * MIB, behind_matrix=True).pays
    assert free.reduced_store(2, 1, stays=True).pays


def test_what_the_cache_holds_is_read_again_for_less() -> None:
    cached, large = (H100.joint_kernel(read=size, stored=0, behind_matrix=True).saved for size in (8 * MIB, 80 * MIB))
    assert large > 10 * cached


@pytest.mark.parametrize("target", TARGETS)
def test_few_elements_are_not_reduced_on_store(target: str) -> None:
    cost = FusionCost(Target.named(target))
    assert not cost.reduced_store(2 * 64 * KIB, 64 * KIB, stays=True).pays


def test_reducing_pays_sooner_where_nothing_else_needs_the_tensor() -> None:
    size, elements = 8 * MIB, 4 * MIB
    stays, goes = (H100.reduced_store(size, elements, stays=stays) for stays in (True, False))
    assert goes.saved > stays.saved
    assert goes.spent == stays.spent


def test_an_estimate_says_both_sides_in_microseconds() -> None:
    assert str(H100.reduced_store(0, 0, stays=True)).startswith("it would save 0.0 us and cost ")


def test_heavy_arithmetic_hides_under_memory_but_not_in_a_product() -> None:
    def spent(*, instructions: int, behind_matrix: bool) -> float:
        estimate = H100.joint_kernel(read=MIB, stored=0, behind_matrix=behind_matrix, instructions=instructions)
        return estimate.spent

    assert spent(instructions=1 << 30, behind_matrix=True) > spent(instructions=0, behind_matrix=True)
    assert spent(instructions=1 << 30, behind_matrix=False) == spent(instructions=0, behind_matrix=False)
