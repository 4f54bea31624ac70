"""The weight store: fresh names, and a side file that is whole or absent."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from boltir.errors import BoltError
from boltir.weights import WeightStore

ONES = np.ones((2, 3), np.float32)


def saved(path: Path, **arrays: np.ndarray) -> Path:
    store = WeightStore()
    for name, array in arrays.items():
        store.add(name, array)
    store.save(path, arrays)
    return path


def test_added_weights_get_fresh_names() -> None:
    store = WeightStore()
    assert [store.add("w", ONES) for _ in range(3)] == ["w", "w_1", "w_2"]
    assert store.add("w_1", ONES) == "w_1_1"


def test_a_fresh_name_avoids_those_in_the_side_file(tmp_path: Path) -> None:
    store = WeightStore(saved(tmp_path / "model.safetensors", w=ONES))
    assert store.add("w", 2 * ONES) == "w_1"
    assert store.get("w").sum() == 6
    assert store.get("w_1").sum() == 12


@pytest.mark.parametrize(
    "dtype", [np.float32, np.float16, ml_dtypes.bfloat16, np.int64, np.int32, np.int8, np.bool_], ids=str
)
def test_every_element_type_survives_the_side_file(tmp_path: Path, dtype: type[np.generic]) -> None:
    array = np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype)
    back = WeightStore(saved(tmp_path / "model.safetensors", w=array)).get("w")
    assert back.dtype == array.dtype
    assert (back == array).all()


def test_scalars_and_strided_views_are_stored_by_value(tmp_path: Path) -> None:
    scalar, view = np.array(3, np.float32), np.arange(12, dtype=np.float32).reshape(3, 4).T[::2]
    store = WeightStore(saved(tmp_path / "model.safetensors", scalar=scalar, view=view))
    assert store.get("scalar").shape == ()
    assert (store.get("view") == view).all()


def test_only_the_named_weights_are_saved(tmp_path: Path) -> None:
    store = WeightStore()
    store.add("used", ONES)
    store.add("unused", ONES)
    store.save(tmp_path / "model.safetensors", ["used"])
    assert "unused" not in WeightStore(tmp_path / "model.safetensors")


def test_saving_over_the_file_that_was_read_keeps_its_weights(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.safetensors", w=ONES)
    store = WeightStore(path)
    store.add("v", ONES)
    store.save(path, ["w", "v"])
    assert {"w", "v"} == {name for name in ("w", "v") if name in WeightStore(path)}


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.safetensors", w=ONES)
    before = path.read_bytes()
    with pytest.raises(BoltError):
        WeightStore(path).save(path, ["w", "missing"])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_save_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("safetensors.numpy.save_file", interrupt)
    with pytest.raises(KeyboardInterrupt):
        saved(tmp_path / "model.safetensors", w=ONES)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_weight_is_named_with_what_to_do() -> None:
    with pytest.raises(BoltError, match=r"weight @w: the module has no bytes .*--weights"):
        WeightStore().get("w")


def test_a_missing_weight_says_where_it_was_looked_for(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.safetensors", w=ONES)
    with pytest.raises(BoltError, match=r"weight @v: .*looked in .*model\.safetensors"):
        WeightStore(path).get("v")


def test_a_missing_side_file_is_an_error_only_when_a_weight_is_asked_for(tmp_path: Path) -> None:
    store = WeightStore(tmp_path / "gone.safetensors")
    with pytest.raises(BoltError, match=r"gone\.safetensors: the weights file does not exist"):
        store.get("w")


@pytest.mark.parametrize("size", [0, 4, 20, -1])
def test_a_truncated_side_file_is_an_error(tmp_path: Path, size: int) -> None:
    path = saved(tmp_path / "model.safetensors", w=ONES)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(BoltError, match=r"model\.safetensors: not a whole safetensors file"):
        WeightStore(path).get("w")


def test_a_folder_instead_of_a_side_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises((BoltError, OSError)):
        WeightStore(tmp_path).get("w")
