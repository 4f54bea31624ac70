// Random operands, the same for the same seed.
#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

namespace boltir_fill_detail {
namespace {

// A hash of the position (the finalizer of MurmurHash3): no state, any order.
__device__ uint32_t hash(uint64_t position, uint64_t seed) {
  uint64_t bits = position + seed * 0x9e3779b97f4a7c15ull;
  bits = (bits ^ (bits >> 33)) * 0xff51afd7ed558ccdull;
  bits = (bits ^ (bits >> 33)) * 0xc4ceb9fe1a85ec53ull;
  return static_cast<uint32_t>((bits ^ (bits >> 33)) >> 16);
}

// Uniform in [-1, 1) * scale with the 10 bits behind the point that f16 and tf32 keep, so that what tensor cores
// make of an f32 operand is the operand.
__device__ float random_float(uint32_t bits, float scale) {
  return (static_cast<int>(bits % 2048) - 1024) * (scale / 1024);
}

template <typename T>
__device__ void store_float(void* data, int64_t i, uint32_t bits, float scale) {
  static_cast<T*>(data)[i] = static_cast<T>(random_float(bits, scale));
}

__device__ void store(void* data, int64_t i, int64_t element, uint32_t bits, float scale) {
  switch (element) {  // boltir_dtype of boltir_model.h
    case 1: return store_float<__half>(data, i, bits, scale);
    case 2: return store_float<__nv_bfloat16>(data, i, bits, scale);
    case 3: return store_float<float>(data, i, bits, scale);
    case 4: static_cast<int8_t*>(data)[i] = static_cast<int8_t>(bits); return;
    case 5: static_cast<int32_t*>(data)[i] = static_cast<int32_t>(bits % 8); return;
    case 6: static_cast<int64_t*>(data)[i] = static_cast<int64_t>(bits % 8); return;
    default: static_cast<bool*>(data)[i] = bits & 1;
  }
}

__global__ void kernel(void* data, int64_t count, int64_t element, uint64_t seed, float scale) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
    store(data, i, element, hash(i, seed), scale);
  }
}

}  // namespace
}  // namespace boltir_fill_detail

// Operands: the data. Integers: how many elements, of which type, the seed, and the scale of floats as a power of two.
extern "C" int boltir_fill(void* const* pointers, const int64_t* parameters, void* stream) {
  const float scale = parameters[3] < 0 ? 1.0f / (1ull << -parameters[3]) : static_cast<float>(1ull << parameters[3]);
  boltir_fill_detail::kernel<<<1024, 256, 0, static_cast<cudaStream_t>(stream)>>>(
      pointers[0], parameters[0], parameters[1], parameters[2], scale);
  return cudaGetLastError();
}
