"""The conversion from `fused` to `cutlass`: one file per group of operations, `selectors.py` lists them."""
