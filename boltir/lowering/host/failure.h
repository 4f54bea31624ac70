// Failures: thrown inside, a status and a text outside.
#ifndef BOLTIR_FAILURE_H
#define BOLTIR_FAILURE_H

#include <cuda_runtime_api.h>

#include <new>
#include <string>
#include <utility>

#include "boltir_model.h"

namespace boltir {

struct Failure {
  boltir_status status;
  std::string text;
};

/// What a CUDA error at `place` means. CUDA's own memory of it is cleared: the caller has ours.
Failure cuda_failure(const std::string& place, cudaError_t error);

/// Throws if a CUDA call failed.
inline void check(cudaError_t error, const char* action) {
  if (error != cudaSuccess) throw cuda_failure(action, error);
}

/// Throws if a pointer that the caller must give is null.
inline void require(const void* pointer, const char* name) {
  if (pointer == nullptr) throw Failure{BOLTIR_INVALID_ARGUMENT, std::string(name) + " is NULL"};
}

/// Makes `text` the thread's last error, cut to what fits, and returns `status`.
boltir_status remember(boltir_status status, const char* text) noexcept;

/// Runs `body`; what it throws becomes the returned status and the thread's last error.
template <typename Body>
boltir_status guarded(Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return remember(BOLTIR_OK, "");
  } catch (const Failure& failure) {
    return remember(failure.status, failure.text.c_str());
  } catch (const std::bad_alloc&) {
    return remember(BOLTIR_OUT_OF_MEMORY, "out of host memory");
  }
}

}  // namespace boltir

#endif
