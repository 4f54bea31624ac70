"""The conversion from `cutlass` to CUDA C++."""
