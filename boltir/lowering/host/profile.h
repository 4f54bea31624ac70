// How long each launch takes.
#ifndef BOLTIR_PROFILE_H
#define BOLTIR_PROFILE_H

#include <cuda_runtime_api.h>

#include "launch.h"

namespace boltir {

/// Measures each launch `repetitions` times; writes the medians in microseconds, one per launch, which add up to a run.
void measure_launches(boltir_model& model, const Tensors& tensors, cudaStream_t stream, int repetitions,
                      float* microseconds);

}  // namespace boltir

#endif
