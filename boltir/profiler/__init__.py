"""Choosing kernels by measuring them: candidates, measurements, and what is remembered of them."""
