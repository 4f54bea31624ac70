// What the generated program.cpp holds: the network as tables.
#ifndef BOLTIR_PROGRAM_H
#define BOLTIR_PROGRAM_H

#include <cstdint>

#include "boltir_model.h"

namespace boltir {

/// Launches one kernel: operands in its order, its launch integers. Returns a cudaError_t.
using Kernel = int (*)(void* const* operands, const int64_t* integers, void* stream);

enum Space : int32_t { kInput, kOutput, kArena, kWeights };

/// A buffer: which input or output, or a byte offset into the arena or the weights.
struct Place {
  Space space;
  int64_t offset;
};

struct Launch {
  Kernel kernel;
  const Place* places;
  int32_t operand_count;
  const int64_t* integers;
  boltir_kernel_info info;
};

struct Tensor {
  boltir_tensor_info info;
  const char* label;  // "input 'x'", printable and of bounded length
};

template <typename T>
struct Table {
  const T* rows;
  int size;

  const T* begin() const { return rows; }
  const T* end() const { return rows + size; }
  /// Row `index`, or null if there is none.
  const T* at(int index) const { return index >= 0 && index < size ? rows + index : nullptr; }
};

/// A GPU architecture that code is compiled for; a specific one ("sm_90a") has instructions no other one has.
struct Architecture {
  const char* name;
  int major;
  int minor;
  bool specific;
};

struct Program {
  Architecture target;
  Table<Architecture> targets;  // all that boltir compiles for
  Table<Tensor> inputs;
  Table<Tensor> outputs;
  Table<Launch> launches;
  int max_operands;  // of one launch
  int64_t arena_bytes;
  int64_t weights_bytes;
};

extern const Program kProgram;

/// Fletcher-64 of weights.bin.
extern const uint64_t kWeightsChecksum;

}  // namespace boltir

#endif
