#include "failure.h"

#include <cstdio>

namespace {

// Of fixed size, since remembering an error must not fail; long enough for a path.
thread_local char last_error[8192] = "";

}  // namespace

namespace boltir {

Failure cuda_failure(const std::string& place, cudaError_t error) {
  const boltir_status status = error == cudaErrorMemoryAllocation ? BOLTIR_OUT_OF_MEMORY : BOLTIR_CUDA_ERROR;
  cudaGetLastError();
  const bool lasting = cudaGetLastError() != cudaSuccess;
  return {status, place + ": " + cudaGetErrorString(error) +
                      (lasting ? "; work on the GPU failed and this process cannot use it any more: start it again with "
                                 "CUDA_LAUNCH_BLOCKING=1 to see where"
                               : "")};
}

boltir_status remember(boltir_status status, const char* text) noexcept {
  std::snprintf(last_error, sizeof last_error, "%s", text);
  return status;
}

}  // namespace boltir

extern "C" const char* boltir_last_error(void) { return last_error; }
