// Kernels as the profiler calls them, on the host's memory: `y[i] = x[i] + 1` on f32, right and wrong in several ways.
#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

float* floats(void* const* pointers, int index) { return static_cast<float*>(pointers[index]); }

void add_one(void* const* pointers, const int64_t* parameters) {
  for (int64_t i = 0; i < parameters[0]; ++i) floats(pointers, 1)[i] = floats(pointers, 0)[i] + 1;
}

}  // namespace

extern "C" {

int fills;

int fill(void* const* pointers, const int64_t* parameters, void*) {
  for (int64_t i = 0; i < parameters[0]; ++i) floats(pointers, 0)[i] = std::sin(parameters[2] + i);
  ++fills;
  return 0;
}

int compare(void* const* pointers, const int64_t* parameters, void*) {
  float largest = 0, scale = 0;
  uint32_t mismatch = 0;
  for (int64_t i = 0; i < parameters[0]; ++i) {
    const float x = floats(pointers, 0)[i], y = floats(pointers, 1)[i];
    if (std::isfinite(x) && std::isfinite(y)) {
      largest = std::fmax(largest, std::fabs(x - y));
      scale = std::fmax(scale, std::fabs(y));
    } else if (!(x == y || (std::isnan(x) && std::isnan(y)))) {
      ++mismatch;
    }
  }
  std::memcpy(pointers[2], &largest, 4);
  std::memcpy(static_cast<char*>(pointers[2]) + 4, &scale, 4);
  std::memcpy(static_cast<char*>(pointers[2]) + 8, &mismatch, 4);
  return 0;
}

int right(void* const* pointers, const int64_t* parameters, void*) {
  add_one(pointers, parameters);
  return 0;
}

int wrong(void* const* pointers, const int64_t* parameters, void*) {
  add_one(pointers, parameters);
  floats(pointers, 1)[parameters[0] - 1] += 0.5f;
  return 0;
}

int forgets_the_last(void* const* pointers, const int64_t* parameters, void*) {
  const int64_t fewer[] = {parameters[0] - 1};
  add_one(pointers, fewer);
  return 0;
}

int not_a_number(void* const* pointers, const int64_t* parameters, void*) {
  add_one(pointers, parameters);
  floats(pointers, 1)[0] = NAN;
  return 0;
}

int writes_outside(void* const* pointers, const int64_t* parameters, void*) {
  add_one(pointers, parameters);
  floats(pointers, 1)[parameters[0] + 3] = 0;
  return 0;
}

int cannot_be_launched(void* const*, const int64_t*, void*) { return 9; }
}
