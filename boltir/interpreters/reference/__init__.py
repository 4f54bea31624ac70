"""What the operators mean, as numpy functions: written once, used by the interpreters of every level.

Images are [N, H, W, C] and filters [K, R, S, C/groups]. Arithmetic happens in the dtype of the
arguments, which callers widen to f32 first. Nothing here knows the IR.
"""
