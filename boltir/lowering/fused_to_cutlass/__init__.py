"""The conversion from `fused` to `cutlass`, and what chooses templates for it.

`selectors.py` lists the operations; the folder `simt` has the selectors of boltir's own kernels, `chains` forms chains.
"""
