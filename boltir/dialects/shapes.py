"""Shape arithmetic that several levels share."""


def element_count(shape: tuple[int, ...]) -> int:
    """The number of elements of a tensor of this shape."""
    count = 1
    for extent in shape:
        count *= extent
    return count
