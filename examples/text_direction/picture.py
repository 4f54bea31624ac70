"""Pictures of a line of text, prepared the way the text-direction classifier was trained on."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

HEIGHT, WIDTH = 48, 192
"""What the network takes: one line of text, three channels."""


def picture_of(text: str) -> Image.Image:
    """Black text on white, on a picture just large enough for it."""
    font = ImageFont.load_default(size=36)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text))
    image = Image.new("RGB", (right - left + 16, bottom - top + 12), "white")
    ImageDraw.Draw(image).text((8 - left, 6 - top), text, fill="black", font=font)
    return image


def as_input(image: Image.Image) -> npt.NDArray[Any]:
    """The network's input, 1x3x48x192 in [-1, 1]: scaled to the height, padded on the right with zeros."""
    width = min(WIDTH, round(image.width * HEIGHT / image.height))
    scaled = np.asarray(image.resize((width, HEIGHT), Image.Resampling.BILINEAR), dtype=np.float32)
    normalised = (scaled.transpose(2, 0, 1) / 255 - 0.5) / 0.5
    padded = np.zeros((1, 3, HEIGHT, WIDTH), dtype=np.float32)
    padded[0, :, :, :width] = normalised
    return padded
