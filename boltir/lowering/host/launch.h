// An instance of the network, and its launches.
#ifndef BOLTIR_LAUNCH_H
#define BOLTIR_LAUNCH_H

#include <cuda_runtime_api.h>

#include <memory>
#include <vector>

#include "device.h"
#include "program.h"
#include "tensors.h"

struct boltir_model {
  int device;
  std::shared_ptr<const boltir::DeviceMemory> weights;
  std::shared_ptr<const boltir::DeviceMemory> arena;
  std::vector<void*> operands;  // of the launch at hand: a run allocates nothing
};

struct boltir_graph {
  int device;
  std::shared_ptr<const boltir::DeviceMemory> weights;
  std::shared_ptr<const boltir::DeviceMemory> arena;
  boltir::GraphExec executable;
};

namespace boltir {

/// Launches kernel `index` of a run. Throws what the launch reports.
void launch(boltir_model& model, int index, const Tensors& tensors, cudaStream_t stream);

/// Launches all of a run.
void launch_all(boltir_model& model, const Tensors& tensors, cudaStream_t stream);

}  // namespace boltir

#endif
