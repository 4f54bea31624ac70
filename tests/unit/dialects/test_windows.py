"""Windows over images, compared with every tap of every position."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.window import Slide, Window

small = st.integers(0, 6)
slides = st.builds(Slide, st.integers(1, 4), st.tuples(small, small), st.integers(1, 5))


@given(slide=slides, extent=st.integers(1, 6), taps=st.integers(1, 4), positions=st.integers(1, 12))
def test_windows_of_padding_alone_are_found(slide: Slide, extent: int, taps: int, positions: int) -> None:
    starts = [i * slide.stride - slide.padding[0] for i in range(positions)]
    hits = {start for start, tap in product(starts, range(taps)) if 0 <= start + tap * slide.dilation < extent}
    assert slide.always_hits(extent, taps, positions) == (hits == set(starts))


def test_the_taps_of_a_dilated_window_must_not_all_miss_the_image() -> None:
    horizontal, image = Slide(1, (1, 1), 2), (1, 1, 1, 3)
    with pytest.raises(VerifyException, match="some windows would hold nothing"):
        Window(Slide(1, (1, 2), 2), horizontal).pooled(image, (2, 2), ceil_mode=False)
    shape = Window(Slide(1, (0, 2), 2), Slide(1, (2, 0), 2)).pooled(image, (2, 2), ceil_mode=False)
    assert shape == (1, 1, 1, 3)
