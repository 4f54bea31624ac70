// CUTLASS example 41 includes cuRAND's header for a dropout that only PyTorch's build of it has. This empty one stands in for it.
