// The GPU: whether it can run the program, and owners of what CUDA hands out.
#ifndef BOLTIR_DEVICE_H
#define BOLTIR_DEVICE_H

#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>
#include <type_traits>

namespace boltir {

/// The index of the current device. Throws if there is no GPU, or none that can run the program's kernels.
int usable_device();

/// Makes a device the current one for as long as this lives.
class OnDevice {
 public:
  explicit OnDevice(int device);
  ~OnDevice();
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

 private:
  int device_;
  int previous_ = 0;
};

/// A block of device memory, aligned as cudaMalloc aligns.
class DeviceMemory {
 public:
  /// Throws BOLTIR_OUT_OF_MEMORY, with what the block was for.
  DeviceMemory(int64_t bytes, const char* purpose);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  char* data() const { return data_; }

 private:
  char* data_ = nullptr;
};

template <auto kRelease>
struct Release {
  template <typename T>
  void operator()(T* handle) const {
    kRelease(handle);
  }
};
template <typename Handle, auto kRelease>
using Owner = std::unique_ptr<std::remove_pointer_t<Handle>, Release<kRelease>>;

using Stream = Owner<cudaStream_t, cudaStreamDestroy>;
using Event = Owner<cudaEvent_t, cudaEventDestroy>;
using Graph = Owner<cudaGraph_t, cudaGraphDestroy>;
using GraphExec = Owner<cudaGraphExec_t, cudaGraphExecDestroy>;

/// A stream that does not wait for the legacy default stream.
Stream new_stream();

/// Records what is put into a stream of its own as a CUDA graph; nothing of it runs.
class Recording {
 public:
  Recording();
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  cudaStream_t stream() const { return stream_.get(); }
  /// Ends the recording; what was recorded can be launched.
  GraphExec finish();

 private:
  Stream stream_;
  bool recording_ = false;
};

}  // namespace boltir

#endif
