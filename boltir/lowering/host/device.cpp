#include "device.h"

#include <string>

#include "failure.h"
#include "program.h"

namespace boltir {
namespace {

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string why_no_device(cudaError_t error) {
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  const std::string reason = std::string("there is no GPU to run on (") + cudaGetErrorString(error) + "): ";
  if (driver == 0) return reason + "install NVIDIA's driver, or give the container access to the GPU";
  if (driver / 1000 < runtime / 1000) {
    return reason + "the driver is for CUDA " + version_text(driver) + " and this library for " + version_text(runtime) +
           ": update the driver, or compile with an older nvcc";
  }
  return reason + "nvidia-smi must list one, and CUDA_VISIBLE_DEVICES must not hide it";
}

/// Machine code runs on its own major version from its minor version on; that of a specific architecture only there
/// (CUDA C++ Programming Guide, "Binary Compatibility" and "Architecture-Specific Features").
bool runs_on(const Architecture& code, int major, int minor) {
  return code.major == major && (code.specific ? code.minor == minor : code.minor <= minor);
}

void check_architecture(int device) {
  int major = 0, minor = 0;
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "asking for the GPU's architecture");
  check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device), "asking for the GPU's architecture");
  if (runs_on(kProgram.target, major, minor)) return;
  const Architecture* best = nullptr;
  for (const Architecture& candidate : kProgram.targets) {
    if (runs_on(candidate, major, minor) && (best == nullptr || best->minor <= candidate.minor)) best = &candidate;
  }
  const std::string given = "sm_" + std::to_string(major) + std::to_string(minor);
  throw Failure{BOLTIR_WRONG_ARCHITECTURE,
                std::string("the network was compiled for ") + kProgram.target.name + ", and GPU " +
                    std::to_string(device) + " is " + given + ": " +
                    (best != nullptr ? std::string("compile it with bolt-compile --target ") + best->name
                                     : std::string("choose another GPU, boltir does not compile for this one"))};
}

std::string mebibytes(int64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

std::string out_of_memory(int64_t bytes, const char* purpose) {
  size_t free = 0, total = 0;
  std::string text = "no device memory for the " + std::string(purpose) + ": " + mebibytes(bytes) + " are needed";
  if (cudaMemGetInfo(&free, &total) == cudaSuccess) text += ", " + mebibytes(static_cast<int64_t>(free)) + " are free";
  return text + "; free some, or compile for a smaller batch";
}

}  // namespace

int usable_device() {
  int count = 0, device = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    cudaGetLastError();
    throw Failure{BOLTIR_NO_DEVICE, why_no_device(error != cudaSuccess ? error : cudaErrorNoDevice)};
  }
  check(cudaGetDevice(&device), "asking for the current GPU");
  check_architecture(device);
  return device;
}

OnDevice::OnDevice(int device) : device_(device) {
  check(cudaGetDevice(&previous_), "asking for the current GPU");
  if (previous_ != device_) check(cudaSetDevice(device_), "choosing the network's GPU");
}

OnDevice::~OnDevice() {
  if (previous_ != device_) cudaSetDevice(previous_);
}

DeviceMemory::DeviceMemory(int64_t bytes, const char* purpose) {
  if (bytes == 0) return;
  const cudaError_t error = cudaMalloc(reinterpret_cast<void**>(&data_), static_cast<size_t>(bytes));
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw Failure{BOLTIR_OUT_OF_MEMORY, out_of_memory(bytes, purpose)};
  }
  check(error, "allocating device memory");
}

DeviceMemory::~DeviceMemory() {
  if (cudaFree(data_) != cudaSuccess) cudaGetLastError();
}

Stream new_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
  return Stream(stream);
}

Recording::Recording() : stream_(new_stream()) {
  check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal), "beginning a capture");
  recording_ = true;
}

Recording::~Recording() {
  if (!recording_) return;
  cudaGraph_t abandoned = nullptr;
  if (cudaStreamEndCapture(stream(), &abandoned) != cudaSuccess) cudaGetLastError();
  Graph{abandoned};
}

GraphExec Recording::finish() {
  recording_ = false;
  cudaGraph_t recorded = nullptr;
  const cudaError_t error = cudaStreamEndCapture(stream(), &recorded);
  const Graph graph(recorded);
  check(error, "ending a capture");
  cudaGraphExec_t executable = nullptr;
  check(cudaGraphInstantiate(&executable, graph.get(), 0), "preparing a CUDA graph");
  return GraphExec(executable);
}

}  // namespace boltir
