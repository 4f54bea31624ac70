"""The products and convolutions, each with its epilogue, that the epilogue benchmark measures."""

from __future__ import annotations

from race import graph_formulas as formulas
from race.layers import dense, image
from race.subject import IMAGES, Subject

GROUP = "pairs"

SEQUENCES, LENGTH = 32, 128
TOKENS = SEQUENCES * LENGTH
"""What BERT reads at a time."""

PATCHES = IMAGES * 197
"""Of the vision transformer, with the class token."""

SUBJECTS = (
    dense(GROUP, "BERT query", "bias", formulas.bias, TOKENS, 768, 768),
    dense(GROUP, "BERT QKV", "bias", formulas.bias, TOKENS, 3 * 768, 768),
    Subject(
        GROUP,
        "BERT Q, K, V",
        "three products with bias",
        formulas.three_biases,
        ((TOKENS, 768),),
        ((768, 768),) * 3 + ((768,),) * 3,
    ),
    Subject(
        GROUP,
        "BERT query",
        "bias, split into heads",
        formulas.bias_heads,
        ((SEQUENCES, LENGTH, 768),),
        ((768, 768), (768,)),
    ),
    dense(GROUP, "BERT attention out", "bias, residual", formulas.bias_residual, TOKENS, 768, 768),
    dense(GROUP, "BERT up", "bias, gelu", formulas.bias_gelu, TOKENS, 3072, 768),
    dense(GROUP, "BERT up, training", "bias (kept), gelu", formulas.bias_gelu_kept, TOKENS, 3072, 768),
    dense(GROUP, "BERT up, quantized", "bias, gelu, i8", formulas.bias_gelu_int8, TOKENS, 3072, 768),
    dense(GROUP, "BERT down", "bias, residual", formulas.bias_residual, TOKENS, 768, 3072),
    dense(GROUP, "ViT-B/16 up", "bias, gelu", formulas.bias_gelu, PATCHES, 3072, 768),
    dense(GROUP, "ViT-B/16 down", "bias, residual", formulas.bias_residual, PATCHES, 768, 3072),
    Subject(GROUP, "Llama 1.1B gate and up", "silu(a) * b", formulas.gated, ((2048, 2048),), ((5632, 2048),) * 2),
    dense(GROUP, "Llama 1.1B down", "residual", formulas.residual, 2048, 2048, 5632),
    dense(
        GROUP,
        "Llama 1.1B attention out",
        "residual (kept), mean square",
        formulas.residual_mean_square,
        2048,
        2048,
        2048,
    ),
    image(GROUP, "ResNet-50, 56", (56, 56), 64, 64, 3),
    image(GROUP, "ResNet-50, 28", (28, 28), 128, 128, 3),
    image(GROUP, "ResNet-50, 56", (56, 56), 64, 256, 1, residual=True),
    image(GROUP, "ResNet-50, 28", (28, 28), 128, 512, 1, residual=True),
    image(GROUP, "ResNet-50, 14", (14, 14), 256, 1024, 1, residual=True),
    image(GROUP, "ResNet-50, 7", (7, 7), 512, 2048, 1, residual=True),
    image(GROUP, "RepVGG-A0, 56", (56, 56), 48, 48, 3),
    image(GROUP, "RepVGG-B0, 14", (14, 14), 256, 256, 3),
    Subject(
        GROUP,
        "Inception",
        "three branches: bias, relu, concat",
        formulas.branches,
        ((IMAGES, 28, 28, 192), (IMAGES, 28, 28, 96), (IMAGES, 28, 28, 192)),
        ((64, 1, 1, 192), (128, 3, 3, 96), (32, 1, 1, 192), (64,), (128,), (32,)),
    ),
)
