#include "fake_cudart.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

using Work = std::vector<std::function<void()>>;

struct CUgraph_st {
  Work work;
};
struct CUgraphExec_st {
  Work work;
};
struct CUstream_st {
  CUgraph_st* capture = nullptr;
};
struct CUevent_st {
  double time = 0;
};

namespace {

constexpr int kRuntimeVersion = 13000;

std::recursive_mutex mutex;
int device_count = 1, major_version = 8, minor_version = 0, driver_version = kRuntimeVersion;
int64_t memory_size = int64_t{1} << 30, memory_used = 0;
std::map<void*, size_t> blocks;
int alive = 0, launches = 0, failing_call = 0;
cudaError_t failure = cudaSuccess, lasting = cudaSuccess;
std::vector<float> durations{1};
double now = 0, event_duration = 0;
std::string calls;
thread_local cudaError_t last_error = cudaSuccess;
thread_local int current_device = 0, captures = 0;

cudaError_t result(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

/// Notes the call; whether it fails, and how.
cudaError_t outcome(const char* name) {
  calls += std::string(name) + " ";
  if (lasting != cudaSuccess) return lasting;
  return failing_call > 0 && --failing_call == 0 ? failure : cudaSuccess;
}

void put(CUstream_st* stream, std::function<void()> work) {
  if (stream != nullptr && stream->capture != nullptr) {
    stream->capture->work.push_back(std::move(work));
  } else {
    work();
  }
}

}  // namespace

#define CALL const std::lock_guard<std::recursive_mutex> lock(mutex)
#define CAN_FAIL \
  CALL;          \
  if (const cudaError_t error = outcome(__func__)) return result(error)
#define NOT_IN_CAPTURE \
  if (captures > 0) return result(cudaErrorStreamCaptureUnsupported)

int fake_launch(void* stream, std::function<void()> work) {
  CAN_FAIL;
  put(static_cast<cudaStream_t>(stream), [work = std::move(work)] {
    work();
    now += durations[launches++ % durations.size()];
  });
  return cudaSuccess;
}

extern "C" {

void fake_set_devices(int count, int major, int minor, int driver) {
  device_count = count, major_version = major, minor_version = minor, driver_version = driver;
}
void fake_set_memory(int64_t bytes) { memory_size = bytes; }
void fake_fail(int nth, int error) { failing_call = nth, failure = static_cast<cudaError_t>(error); }
void fake_break(int error) { lasting = static_cast<cudaError_t>(error); }
void fake_set_durations(const float* microseconds, int count, float event) {
  durations.assign(microseconds, microseconds + count), event_duration = event;
}
const char* fake_calls() { return calls.c_str(); }
void fake_forget_calls() { calls.clear(); }
int fake_alive() { return alive; }
int fake_launches() { return launches; }

// What nvcc calls when a library is loaded, with kernels for a device or without.
void** __cudaRegisterFatBinary(void*) { return nullptr; }
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    default: return "a made-up error";
  }
}

cudaError_t cudaGetLastError() {
  CALL;
  calls += "cudaGetLastError ";
  return lasting != cudaSuccess ? lasting : std::exchange(last_error, cudaSuccess);
}

cudaError_t cudaDriverGetVersion(int* version) {
  CAN_FAIL;
  *version = driver_version;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  CAN_FAIL;
  *version = kRuntimeVersion;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  CAN_FAIL;
  if (driver_version < kRuntimeVersion) return result(cudaErrorInsufficientDriver);
  if (device_count == 0) return result(cudaErrorNoDevice);
  *count = device_count;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  CAN_FAIL;
  *device = current_device;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  CAN_FAIL;
  if (device < 0 || device >= device_count) return result(cudaErrorInvalidDevice);
  current_device = device;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  CAN_FAIL;
  *value = attribute == cudaDevAttrComputeCapabilityMajor ? major_version : minor_version;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  CAN_FAIL;
  NOT_IN_CAPTURE;
  if (memory_used + static_cast<int64_t>(bytes) > memory_size) return result(cudaErrorMemoryAllocation);
  *pointer = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(*pointer, 0xff, bytes);  // NaN: what is read before it is written shows
  blocks[*pointer] = bytes;
  memory_used += static_cast<int64_t>(bytes);
  ++alive;
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  CALL;
  NOT_IN_CAPTURE;
  if (pointer == nullptr) return cudaSuccess;
  const auto block = blocks.find(pointer);
  if (block == blocks.end()) return result(cudaErrorInvalidValue);
  memory_used -= static_cast<int64_t>(block->second);
  blocks.erase(block);
  std::free(pointer);
  --alive;
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  CAN_FAIL;
  *free = static_cast<size_t>(memory_size - memory_used);
  *total = static_cast<size_t>(memory_size);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t) {
  CAN_FAIL;
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, 0); }

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  CAN_FAIL;
  *stream = new CUstream_st;
  ++alive;
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  CALL;
  if (stream->capture != nullptr) std::abort();  // a capture was left open
  delete stream;
  --alive;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t) {
  CAN_FAIL;
  NOT_IN_CAPTURE;
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  CAN_FAIL;
  stream->capture = new CUgraph_st;
  ++captures;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  CALL;
  CUgraph_st* const recorded = std::exchange(stream->capture, nullptr);
  --captures;
  if (const cudaError_t error = outcome(__func__)) {
    delete recorded;
    *graph = nullptr;
    return result(error);
  }
  *graph = recorded;
  ++alive;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  CALL;
  delete graph;
  --alive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  CAN_FAIL;
  *executable = new CUgraphExec_st{graph->work};
  ++alive;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  CALL;
  delete executable;
  --alive;
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  CAN_FAIL;
  for (const auto& work : executable->work) put(stream, work);
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  CAN_FAIL;
  *event = new CUevent_st;
  ++alive;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  CALL;
  delete event;
  --alive;
  return cudaSuccess;
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned) {
  CAN_FAIL;
  put(stream, [event] { event->time = now, now += event_duration; });
  return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  CAN_FAIL;
  *milliseconds = static_cast<float>((end->time - start->time) / 1000);
  return cudaSuccess;
}
}
