// The few words of CUTLASS and of CUDA that the register epilogue uses, for cuda_on_cpu.h.
#pragma once
#include <algorithm>
#include <array>

#define CUTLASS_DEVICE inline
#define CUTLASS_PRAGMA_UNROLL
#define __syncwarp() cuda_on_cpu::wait(cuda_on_cpu::State::kAtWarpBarrier)

using std::max;
using std::min;

inline uint32_t __funnelshift_l(uint32_t low, uint32_t high, unsigned bits) {
  return bits % 32 == 0 ? high : high << bits % 32 | low >> (32 - bits % 32);
}

namespace cute {
template <class T, int N>
using array = std::array<T, N>;
}
namespace cutlass::arch {
template <class Vector, int kBytes>
void global_store(Vector const& vector, void* pointer, bool inside) {
  if (inside) std::memcpy(pointer, &vector, kBytes);
}
}  // namespace cutlass::arch

// In place of vector_copies_sm90.cuh.jinja.
#define BOLTIR_VECTOR_COPIES_SM90
namespace boltir {
inline void copy_vector(void* shared, void const* global, int bytes) {
  std::memset(shared, 0, 16);
  std::memcpy(shared, global, bytes);
}
inline void await_copies() {}
}  // namespace boltir
