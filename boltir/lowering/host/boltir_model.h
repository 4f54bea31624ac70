/*
 * The C interface of a compiled network. libmodel.so is one network for one GPU architecture.
 *
 *   boltir_model* model;
 *   if (boltir_create("net.bolt", &model) != BOLTIR_OK) fail(boltir_last_error());
 *   boltir_run(model, inputs, 1, outputs, 1, stream);
 *   boltir_destroy(model);
 *
 * A function that returns a status writes its results only if it returns BOLTIR_OK; any other status
 * comes with a text, boltir_last_error(), that says what to do. A `stream` is a cudaStream_t.
 *
 * Every function may be called from any thread. One instance, with the graphs captured from it, has one
 * arena for its intermediate tensors: use it on one stream at a time, and boltir_clone it for further ones.
 */
#ifndef BOLTIR_MODEL_H
#define BOLTIR_MODEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One instance: weights in device memory, shared between clones, and an arena of its own. */
typedef struct boltir_model boltir_model;

/* A run recorded as a CUDA graph, with fixed addresses of inputs and outputs. */
typedef struct boltir_graph boltir_graph;

typedef enum {
  BOLTIR_OK = 0,
  BOLTIR_INVALID_ARGUMENT = 1,   /* a null pointer, or a number out of range */
  BOLTIR_NO_DEVICE = 2,          /* no driver, one that is too old, or no GPU */
  BOLTIR_WRONG_ARCHITECTURE = 3, /* the GPU cannot run code for boltir_target() */
  BOLTIR_BAD_WEIGHTS = 4,        /* weights.bin is missing, unreadable, damaged or another network's */
  BOLTIR_BAD_TENSOR = 5,         /* count, element type, shape, address or overlap of inputs and outputs */
  BOLTIR_OUT_OF_MEMORY = 6,      /* of the device or the host */
  BOLTIR_CUDA_ERROR = 7          /* anything else that CUDA reports */
} boltir_status;

typedef enum {
  BOLTIR_F16 = 1,
  BOLTIR_BF16 = 2,
  BOLTIR_F32 = 3,
  BOLTIR_I8 = 4,
  BOLTIR_I32 = 5,
  BOLTIR_I64 = 6,
  BOLTIR_BOOL = 7, /* one byte, 0 or 1 */
  BOLTIR_U8 = 8
} boltir_dtype;

/* What an input or output must be. `bytes` is its whole size. */
typedef struct {
  const char* name; /* as the model has it, in UTF-8; a zero byte in it is given as the character U+2400 */
  boltir_dtype dtype;
  int32_t rank;
  const int64_t* shape; /* `rank` extents */
  int64_t bytes;
} boltir_tensor_info;

/* An input or output: device memory, contiguous, row-major, aligned to 16 bytes. */
typedef struct {
  void* data;
  boltir_dtype dtype;
  int32_t rank;
  const int64_t* shape;
} boltir_tensor;

/* One kernel launch of a run. */
typedef struct {
  const char* kernel; /* the file kernels/<kernel>.cu */
  const char* family; /* the template: "gemm", "softmax", ... */
  const char* origin; /* the operations of the model that it computes, separated by "; " */
  int64_t bytes;      /* of device memory that it reads and writes */
  int64_t flops;      /* floating-point operations; 0 where only memory counts */
} boltir_kernel_info;

/* Why the last call of this thread that returns a status failed; "" if it did not. Valid until the next one. */
const char* boltir_last_error(void);

/* Descriptions, which need no device. An index out of range gives NULL. */
int boltir_input_count(void);
int boltir_output_count(void);
int boltir_launch_count(void);
const boltir_tensor_info* boltir_input(int index);
const boltir_tensor_info* boltir_output(int index);
const boltir_kernel_info* boltir_kernel(int launch);
const char* boltir_target(void);       /* the architecture that the kernels are for: "sm_80" */
int64_t boltir_arena_bytes(void);      /* device memory of each instance */
int64_t boltir_weights_bytes(void);    /* size of weights.bin, and device memory shared by all clones */

/*
 * Makes an instance on the current device: uploads `folder`/weights.bin and allocates the arena.
 * The instance stays on that device; later calls find it whichever device is current.
 */
boltir_status boltir_create(const char* folder, boltir_model** model);

/* Another instance on the same device, with the same weights and an arena of its own: for another stream. */
boltir_status boltir_clone(const boltir_model* model, boltir_model** clone);

/*
 * Frees an instance; its last run must have finished. Clones and graphs live on: what they share goes with
 * the last of them. NULL is ignored.
 */
void boltir_destroy(boltir_model* model);

/*
 * Launches the network's kernels on `stream`: no allocation, no synchronisation. Inputs and outputs are in the
 * order of boltir_input and boltir_output; no output may overlap an input or another output.
 */
boltir_status boltir_run(boltir_model* model, const boltir_tensor* inputs, int input_count,
                         const boltir_tensor* outputs, int output_count, void* stream);

/* Records a run, which does not execute now, as a CUDA graph. Inputs and outputs must stay where they are. */
boltir_status boltir_capture(boltir_model* model, const boltir_tensor* inputs, int input_count,
                             const boltir_tensor* outputs, int output_count, boltir_graph** graph);

/* Launches the recorded run on `stream`: one launch for the host. */
boltir_status boltir_replay(boltir_graph* graph, void* stream);

/* Frees a graph; its last replay must have finished. NULL is ignored. */
void boltir_graph_destroy(boltir_graph* graph);

/*
 * Measures each launch of a run on `stream`, and waits for it. Writes to
 * microseconds[0 .. boltir_launch_count() - 1] the median time of each launch over `repetitions` runs, less what measuring
 * adds to it: the times add up to that of a captured run.
 */
boltir_status boltir_profile(boltir_model* model, const boltir_tensor* inputs, int input_count,
                             const boltir_tensor* outputs, int output_count, void* stream, int repetitions,
                             float* microseconds);

#ifdef __cplusplus
}
#endif

#endif
