// How far a result is from the right one.
#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

namespace boltir_compare_detail {
namespace {

// Where the result is; f32 bits of numbers that are not negative are ordered as integers.
struct Difference {
  uint32_t largest;   // |actual - expected|, f32
  uint32_t scale;     // |expected|, f32
  uint32_t mismatch;  // elements of which only one is finite, or that are not the same infinity
};

__device__ float load(const void* data, int64_t i, int64_t element) {
  switch (element) {  // boltir_dtype of boltir_model.h
    case 1: return __half2float(static_cast<const __half*>(data)[i]);
    case 2: return __bfloat162float(static_cast<const __nv_bfloat16*>(data)[i]);
    case 3: return static_cast<const float*>(data)[i];
    case 4: return static_cast<const int8_t*>(data)[i];
    case 5: return static_cast<const int32_t*>(data)[i];
    case 6: return static_cast<const int64_t*>(data)[i];
    default: return static_cast<const bool*>(data)[i];
  }
}

__device__ void raise(uint32_t* value, float to) {
  if (__float_as_uint(to) > *value) atomicMax(value, __float_as_uint(to));
}

__global__ void kernel(const void* actual, const void* expected, Difference* difference, int64_t count,
                       int64_t element) {
  float largest = 0, scale = 0;
  uint32_t mismatch = 0;
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
    const float x = load(actual, i, element), y = load(expected, i, element);
    if (isfinite(x) && isfinite(y)) {
      largest = fmaxf(largest, fabsf(x - y));
      scale = fmaxf(scale, fabsf(y));
    } else if (!(x == y || (isnan(x) && isnan(y)))) {
      mismatch += 1;
    }
  }
  raise(&difference->largest, largest);
  raise(&difference->scale, scale);
  if (mismatch != 0) atomicAdd(&difference->mismatch, mismatch);
}

}  // namespace
}  // namespace boltir_compare_detail

// Operands: the result, the right one, and where the difference goes (zeros before). Integers: how many elements, of
// which type.
extern "C" int boltir_compare(void* const* pointers, const int64_t* parameters, void* stream) {
  boltir_compare_detail::kernel<<<1024, 256, 0, static_cast<cudaStream_t>(stream)>>>(
      pointers[0], pointers[1], static_cast<boltir_compare_detail::Difference*>(pointers[2]), parameters[0],
      parameters[1]);
  return cudaGetLastError();
}
