// boltir_model.h for a network of two launches that runs on host memory: the Python runtime without a GPU.
//
//   y = 2 x + n, one n per row;  positive = n > 0
//
// What it was asked to do can be read back, and the next call can be made to fail.
#include "boltir_model.h"

#include <string>

struct boltir_model {
  int weights;
};

struct boltir_graph {
  const float* x;
  const int64_t* n;
  float* y;
  bool* positive;
};

namespace {

const int64_t kShape[] = {2, 3};
const boltir_tensor_info kInputs[] = {{"x", BOLTIR_F32, 2, kShape, 24}, {"n", BOLTIR_I64, 1, kShape, 16}};
const boltir_tensor_info kOutputs[] = {{"y", BOLTIR_F32, 2, kShape, 24}, {"positive", BOLTIR_BOOL, 1, kShape, 2}};
const boltir_kernel_info kKernels[] = {
    {"gemm_0", "gemm", "graph.gemm; graph.bias_add", 64, 36},
    {"pointwise_1", "pointwise", "graph.greater", 18, 0},
};

int failure = 0;
int instances = 0;
int graphs = 0;
void* last_stream = nullptr;
std::string error;

boltir_status finish() {
  const int status = failure;
  failure = 0;
  error = status == 0 ? "" : "made to fail with status " + std::to_string(status);
  return static_cast<boltir_status>(status);
}

void compute(const boltir_graph& run) {
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 3; ++column) {
      run.y[3 * row + column] = 2 * run.x[3 * row + column] + static_cast<float>(run.n[row]);
    }
    run.positive[row] = run.n[row] > 0;
  }
}

boltir_graph recorded(const boltir_tensor* inputs, const boltir_tensor* outputs) {
  return {static_cast<const float*>(inputs[0].data), static_cast<const int64_t*>(inputs[1].data),
          static_cast<float*>(outputs[0].data), static_cast<bool*>(outputs[1].data)};
}

}  // namespace

extern "C" {

void fail_next(int status) { failure = status; }
int instance_count(void) { return instances; }
int graph_count(void) { return graphs; }
void* stream_of_last_call(void) { return last_stream; }

const char* boltir_last_error(void) { return error.c_str(); }
int boltir_input_count(void) { return 2; }
int boltir_output_count(void) { return 2; }
int boltir_launch_count(void) { return 2; }
const boltir_tensor_info* boltir_input(int index) { return kInputs + index; }
const boltir_tensor_info* boltir_output(int index) { return kOutputs + index; }
const boltir_kernel_info* boltir_kernel(int launch) { return kKernels + launch; }
const char* boltir_target(void) { return "sm_80"; }
int64_t boltir_arena_bytes(void) { return 512; }
int64_t boltir_weights_bytes(void) { return 256; }

boltir_status boltir_create(const char*, boltir_model** model) {
  if (failure == 0) *model = new boltir_model{++instances};
  return finish();
}

boltir_status boltir_clone(const boltir_model*, boltir_model** clone) { return boltir_create("", clone); }

void boltir_destroy(boltir_model* model) {
  delete model;
  --instances;
}

boltir_status boltir_run(boltir_model*, const boltir_tensor* inputs, int, const boltir_tensor* outputs, int,
                         void* stream) {
  last_stream = stream;
  compute(recorded(inputs, outputs));
  return finish();
}

boltir_status boltir_capture(boltir_model*, const boltir_tensor* inputs, int, const boltir_tensor* outputs, int,
                             boltir_graph** graph) {
  *graph = new boltir_graph(recorded(inputs, outputs));
  ++graphs;
  return finish();
}

boltir_status boltir_replay(boltir_graph* graph, void* stream) {
  last_stream = stream;
  compute(*graph);
  return finish();
}

void boltir_graph_destroy(boltir_graph* graph) {
  delete graph;
  --graphs;
}

boltir_status boltir_profile(boltir_model*, const boltir_tensor* inputs, int, const boltir_tensor* outputs, int,
                             void* stream, int repetitions, float* microseconds) {
  last_stream = stream;
  compute(recorded(inputs, outputs));
  microseconds[0] = 3.0F;
  microseconds[1] = static_cast<float>(repetitions);
  return finish();
}

}  // extern "C"
