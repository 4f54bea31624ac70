"""The conversion from `graph` to `fused`: one file per group of operations, `convert.py` lists them."""
