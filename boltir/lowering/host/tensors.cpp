#include "tensors.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "failure.h"
#include "program.h"

namespace boltir {
namespace {

constexpr uintptr_t kAlignment = 16;  // of the widest access of a kernel
constexpr int kPrintedRank = 16;

[[noreturn]] void refuse(const std::string& text) { throw Failure{BOLTIR_BAD_TENSOR, text}; }

std::string dtype_text(boltir_dtype dtype) {
  switch (dtype) {
    case BOLTIR_F16: return "f16";
    case BOLTIR_BF16: return "bf16";
    case BOLTIR_F32: return "f32";
    case BOLTIR_I8: return "i8";
    case BOLTIR_I32: return "i32";
    case BOLTIR_I64: return "i64";
    case BOLTIR_BOOL: return "bool";
    case BOLTIR_U8: return "ui8";
  }
  return "unknown type " + std::to_string(static_cast<int>(dtype));
}

std::string shape_text(int32_t rank, const int64_t* shape) {
  if (rank < 0 || rank > kPrintedRank) return std::to_string(rank) + " dimensions";
  if (rank > 0 && shape == nullptr) return "no shape";
  std::string text = "[";
  for (int32_t i = 0; i < rank; ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

bool has_shape(const boltir_tensor& given, const boltir_tensor_info& expected) {
  if (given.rank != expected.rank) return false;
  return given.rank == 0 || (given.shape != nullptr && std::equal(given.shape, given.shape + given.rank, expected.shape));
}

void check_tensor(const Tensor& expected, const boltir_tensor& given) {
  const boltir_tensor_info& info = expected.info;
  const std::string label = expected.label;
  if (given.dtype != info.dtype) {
    refuse(label + ": expected elements of " + dtype_text(info.dtype) + ", got " + dtype_text(given.dtype));
  }
  if (!has_shape(given, info)) {
    refuse(label + ": expected shape " + shape_text(info.rank, info.shape) + ", got " +
           shape_text(given.rank, given.shape) + "; a network is compiled for fixed shapes");
  }
  if (given.data == nullptr) refuse(label + ": expected device memory, got NULL");
  if (reinterpret_cast<uintptr_t>(given.data) % kAlignment != 0) {
    refuse(label + ": its address is no multiple of " + std::to_string(kAlignment) +
           " bytes; copy it to memory of its own");
  }
}

void check_side(const char* side, const Table<Tensor>& expected, const boltir_tensor* given, int count) {
  if (count != expected.size) {
    refuse("expected " + std::to_string(expected.size) + " " + side + ", got " + std::to_string(count));
  }
  if (count > 0) require(given, side);
  for (int i = 0; i < count; ++i) check_tensor(expected.rows[i], given[i]);
}

void check_apart(const Tensor& expected, const boltir_tensor& output, const Tensor& other, const boltir_tensor& given) {
  const auto* begin = static_cast<const char*>(output.data);
  const auto* other_begin = static_cast<const char*>(given.data);
  if (begin < other_begin + other.info.bytes && other_begin < begin + expected.info.bytes) {
    refuse(std::string(expected.label) + " overlaps " + other.label + "; give it memory of its own");
  }
}

}  // namespace

void check_tensors(const Tensors& given) {
  const Table<Tensor>&inputs = kProgram.inputs, &outputs = kProgram.outputs;
  check_side("inputs", inputs, given.inputs, given.input_count);
  check_side("outputs", outputs, given.outputs, given.output_count);
  for (int i = 0; i < outputs.size; ++i) {
    for (int j = 0; j < inputs.size; ++j) check_apart(outputs.rows[i], given.outputs[i], inputs.rows[j], given.inputs[j]);
    for (int j = 0; j < i; ++j) check_apart(outputs.rows[i], given.outputs[i], outputs.rows[j], given.outputs[j]);
  }
}

}  // namespace boltir
