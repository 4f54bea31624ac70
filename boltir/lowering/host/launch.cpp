#include "launch.h"

#include <string>

#include "failure.h"

namespace boltir {
namespace {

void* address(const Place& place, const boltir_model& model, const Tensors& tensors) {
  switch (place.space) {
    case kInput: return tensors.inputs[place.offset].data;
    case kOutput: return tensors.outputs[place.offset].data;
    case kArena: return model.arena->data() + place.offset;
    case kWeights: return model.weights->data() + place.offset;
  }
  return nullptr;
}

}  // namespace

void launch(boltir_model& model, int index, const Tensors& tensors, cudaStream_t stream) {
  const Launch& launch = kProgram.launches.rows[index];
  for (int i = 0; i < launch.operand_count; ++i) model.operands[i] = address(launch.places[i], model, tensors);
  cudaGetLastError();  // a kernel reports the thread's last error: it must be its own
  const auto error = static_cast<cudaError_t>(launch.kernel(model.operands.data(), launch.integers, stream));
  if (error == cudaSuccess) return;
  throw cuda_failure("launch " + std::to_string(index) + ", kernel " + launch.info.kernel, error);
}

void launch_all(boltir_model& model, const Tensors& tensors, cudaStream_t stream) {
  for (int i = 0; i < kProgram.launches.size; ++i) launch(model, i, tensors, stream);
}

}  // namespace boltir
