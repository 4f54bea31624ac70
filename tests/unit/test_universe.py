"""The lazy registry: every row leads to what it promises."""

import pytest
from xdsl.universe import XDSL_UNIVERSE, Universe

from boltir.pipelines import NAMED_PIPELINES, build_passes, named_pipeline
from boltir.universe import PASSES, UNIVERSE, PassEntry


@pytest.mark.parametrize("entry", PASSES, ids=lambda entry: entry.name)
def test_passes_load_under_their_name(entry: PassEntry) -> None:
    assert UNIVERSE.all_passes[entry.name]().name == entry.name
    assert entry.summary[0].islower()
    assert not entry.summary.endswith(".")


@pytest.mark.parametrize("name", UNIVERSE.all_dialects)
def test_dialects_load_under_their_name(name: str) -> None:
    assert UNIVERSE.all_dialects[name]().name == name


@pytest.mark.parametrize("name", UNIVERSE.all_targets)
def test_targets_load_under_their_name(name: str) -> None:
    assert UNIVERSE.all_targets[name]().name == name


@pytest.mark.parametrize("name", NAMED_PIPELINES)
def test_named_pipelines_are_made_of_known_passes(name: str) -> None:
    specs = named_pipeline(name)
    passes = build_passes(",".join(specs), {**XDSL_UNIVERSE.all_passes, **UNIVERSE.all_passes})
    assert len(passes) == len(specs)


def test_plain_xdsl_finds_it() -> None:
    assert {"graph", "fused", "cutlass"} <= set(Universe.get_multiverse().all_dialects)
