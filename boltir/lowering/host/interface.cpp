#include <cuda_runtime_api.h>

#include <memory>
#include <string>

#include "boltir_model.h"
#include "device.h"
#include "failure.h"
#include "launch.h"
#include "profile.h"
#include "program.h"
#include "tensors.h"
#include "weights.h"

using namespace boltir;

namespace {

std::unique_ptr<boltir_model> new_instance(int device, std::shared_ptr<const DeviceMemory> weights) {
  auto arena = std::make_shared<const DeviceMemory>(kProgram.arena_bytes, "intermediate tensors");
  return std::unique_ptr<boltir_model>(
      new boltir_model{device, std::move(weights), std::move(arena), std::vector<void*>(kProgram.max_operands)});
}

const boltir_tensor_info* description(const Tensor* tensor) { return tensor == nullptr ? nullptr : &tensor->info; }

}  // namespace

int boltir_input_count(void) { return kProgram.inputs.size; }
int boltir_output_count(void) { return kProgram.outputs.size; }
int boltir_launch_count(void) { return kProgram.launches.size; }

const boltir_tensor_info* boltir_input(int index) { return description(kProgram.inputs.at(index)); }
const boltir_tensor_info* boltir_output(int index) { return description(kProgram.outputs.at(index)); }

const boltir_kernel_info* boltir_kernel(int launch) {
  const Launch* found = kProgram.launches.at(launch);
  return found == nullptr ? nullptr : &found->info;
}

const char* boltir_target(void) { return kProgram.target.name; }
int64_t boltir_arena_bytes(void) { return kProgram.arena_bytes; }
int64_t boltir_weights_bytes(void) { return kProgram.weights_bytes; }

boltir_status boltir_create(const char* folder, boltir_model** model) {
  return guarded([&] {
    require(folder, "folder");
    require(model, "model");
    const int device = usable_device();
    *model = new_instance(device, upload_weights(folder)).release();
  });
}

boltir_status boltir_clone(const boltir_model* model, boltir_model** clone) {
  return guarded([&] {
    require(model, "model");
    require(clone, "clone");
    const OnDevice guard(model->device);
    *clone = new_instance(model->device, model->weights).release();
  });
}

void boltir_destroy(boltir_model* model) { delete model; }

boltir_status boltir_run(boltir_model* model, const boltir_tensor* inputs, int input_count,
                         const boltir_tensor* outputs, int output_count, void* stream) {
  return guarded([&] {
    require(model, "model");
    const Tensors tensors{inputs, input_count, outputs, output_count};
    check_tensors(tensors);
    const OnDevice guard(model->device);
    launch_all(*model, tensors, static_cast<cudaStream_t>(stream));
  });
}

boltir_status boltir_capture(boltir_model* model, const boltir_tensor* inputs, int input_count,
                             const boltir_tensor* outputs, int output_count, boltir_graph** graph) {
  return guarded([&] {
    require(model, "model");
    require(graph, "graph");
    const Tensors tensors{inputs, input_count, outputs, output_count};
    check_tensors(tensors);
    const OnDevice guard(model->device);
    Recording recording;
    launch_all(*model, tensors, recording.stream());
    *graph = new boltir_graph{model->device, model->weights, model->arena, recording.finish()};
  });
}

boltir_status boltir_replay(boltir_graph* graph, void* stream) {
  return guarded([&] {
    require(graph, "graph");
    const OnDevice guard(graph->device);
    check(cudaGraphLaunch(graph->executable.get(), static_cast<cudaStream_t>(stream)), "launching the CUDA graph");
  });
}

void boltir_graph_destroy(boltir_graph* graph) { delete graph; }

boltir_status boltir_profile(boltir_model* model, const boltir_tensor* inputs, int input_count,
                             const boltir_tensor* outputs, int output_count, void* stream, int repetitions,
                             float* microseconds) {
  return guarded([&] {
    require(model, "model");
    require(microseconds, "microseconds");
    if (repetitions < 1) throw Failure{BOLTIR_INVALID_ARGUMENT, "repetitions must be at least 1"};
    const Tensors tensors{inputs, input_count, outputs, output_count};
    check_tensors(tensors);
    const OnDevice guard(model->device);
    measure_launches(*model, tensors, static_cast<cudaStream_t>(stream), repetitions, microseconds);
  });
}
