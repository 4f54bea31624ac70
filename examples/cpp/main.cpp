// Loads a compiled network, runs it on random numbers or on raw files, and shows where the time goes.
//
//   run_model ARTIFACT [INPUT=FILE]...
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "boltir_model.h"

namespace {

using Bytes = std::vector<char>;

[[noreturn]] void fail(const std::string& text) {
  std::fprintf(stderr, "error: %s\n", text.c_str());
  std::exit(1);
}

void check(boltir_status status) {
  if (status != BOLTIR_OK) fail("status " + std::to_string(status) + ": " + boltir_last_error());
}

void check(cudaError_t error) {
  if (error != cudaSuccess) fail(cudaGetErrorString(error));
}

const char* dtype_name(boltir_dtype dtype) {
  const char* const names[] = {"?", "f16", "bf16", "f32", "i8", "i32", "i64", "bool", "ui8"};
  return names[dtype];
}

template <typename T>
Bytes bytes_of(const std::vector<T>& values) {
  const auto* begin = reinterpret_cast<const char*>(values.data());
  return Bytes(begin, begin + values.size() * sizeof(T));
}

/// `count` values of type T, each made from what `draw` gives.
template <typename T, typename Draw>
Bytes filled(size_t count, Draw draw) {
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(draw());
  return bytes_of(values);
}

size_t element_count(const boltir_tensor_info& tensor) {
  size_t count = 1;
  for (int i = 0; i < tensor.rank; ++i) count *= static_cast<size_t>(tensor.shape[i]);
  return count;
}

/// Normal numbers, or zeros and ones where integers are wanted: they can be indices.
Bytes random_bytes(const boltir_tensor_info& tensor, std::mt19937& generator) {
  std::normal_distribution<float> normal;
  std::bernoulli_distribution coin;
  const auto number = [&] { return normal(generator); };
  const auto bit = [&] { return coin(generator); };
  const size_t count = element_count(tensor);
  switch (tensor.dtype) {
    case BOLTIR_F16: return filled<__half>(count, number);
    case BOLTIR_BF16: return filled<__nv_bfloat16>(count, number);
    case BOLTIR_F32: return filled<float>(count, number);
    case BOLTIR_I8: return filled<int8_t>(count, bit);
    case BOLTIR_I32: return filled<int32_t>(count, bit);
    case BOLTIR_I64: return filled<int64_t>(count, bit);
    case BOLTIR_BOOL: return filled<char>(count, bit);
    case BOLTIR_U8: return filled<uint8_t>(count, bit);
  }
  fail(std::string("the input ") + tensor.name + " has a type that this program does not know");
}

Bytes file_bytes(const std::string& path, const boltir_tensor_info& tensor) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("cannot read " + path);
  Bytes bytes{std::istreambuf_iterator<char>(file), {}};
  if (static_cast<int64_t>(bytes.size()) != tensor.bytes) {
    fail(path + " has " + std::to_string(bytes.size()) + " bytes, the input takes " + std::to_string(tensor.bytes));
  }
  return bytes;
}

template <typename T>
double element(const char* data, size_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  if constexpr (std::is_arithmetic_v<T>) return static_cast<double>(value);
  return static_cast<double>(static_cast<float>(value));
}

double element(boltir_dtype dtype, const char* data, size_t index) {
  switch (dtype) {
    case BOLTIR_F16: return element<__half>(data, index);
    case BOLTIR_BF16: return element<__nv_bfloat16>(data, index);
    case BOLTIR_F32: return element<float>(data, index);
    case BOLTIR_I8: return element<int8_t>(data, index);
    case BOLTIR_I32: return element<int32_t>(data, index);
    case BOLTIR_I64: return element<int64_t>(data, index);
    case BOLTIR_BOOL: return element<char>(data, index);
    case BOLTIR_U8: return element<uint8_t>(data, index);
  }
  return 0;
}

void print_description() {
  std::printf("compiled for %s, %d launches, %.1f MiB of weights, %.1f MiB of intermediate tensors\n", boltir_target(),
              boltir_launch_count(), boltir_weights_bytes() / 1048576.0, boltir_arena_bytes() / 1048576.0);
  const auto print = [](const char* side, const boltir_tensor_info& tensor) {
    std::string shape;
    for (int i = 0; i < tensor.rank; ++i) shape += (i > 0 ? "x" : "") + std::to_string(tensor.shape[i]);
    std::printf("%s %s: %s %s\n", side, tensor.name, dtype_name(tensor.dtype), shape.c_str());
  };
  for (int i = 0; i < boltir_input_count(); ++i) print("input", *boltir_input(i));
  for (int i = 0; i < boltir_output_count(); ++i) print("output", *boltir_output(i));
}

/// Device memory for an input or output.
boltir_tensor allocated(const boltir_tensor_info& info) {
  boltir_tensor tensor{nullptr, info.dtype, info.rank, info.shape};
  check(cudaMalloc(&tensor.data, static_cast<size_t>(info.bytes)));
  return tensor;
}

/// The inputs, from the files that are given for some and else random.
std::vector<boltir_tensor> uploaded_inputs(const std::map<std::string, std::string>& files) {
  std::mt19937 generator(0);
  std::vector<boltir_tensor> inputs;
  for (int i = 0; i < boltir_input_count(); ++i) {
    const boltir_tensor_info& info = *boltir_input(i);
    const auto file = files.find(info.name);
    const Bytes bytes = file == files.end() ? random_bytes(info, generator) : file_bytes(file->second, info);
    inputs.push_back(allocated(info));
    check(cudaMemcpy(inputs.back().data, bytes.data(), bytes.size(), cudaMemcpyHostToDevice));
  }
  return inputs;
}

std::vector<boltir_tensor> allocated_outputs() {
  std::vector<boltir_tensor> outputs;
  for (int i = 0; i < boltir_output_count(); ++i) outputs.push_back(allocated(*boltir_output(i)));
  return outputs;
}

std::vector<Bytes> downloaded(const std::vector<boltir_tensor>& outputs) {
  std::vector<Bytes> copies;
  for (size_t i = 0; i < outputs.size(); ++i) {
    copies.emplace_back(static_cast<size_t>(boltir_output(static_cast<int>(i))->bytes));
    check(cudaMemcpy(copies[i].data(), outputs[i].data, copies[i].size(), cudaMemcpyDeviceToHost));
  }
  return copies;
}

void print_outputs(const std::vector<Bytes>& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const boltir_tensor_info& info = *boltir_output(static_cast<int>(i));
    std::printf("%s =", info.name);
    const size_t count = element_count(info);
    for (size_t j = 0; j < count && j < 6; ++j) std::printf(" %.5g", element(info.dtype, outputs[i].data(), j));
    std::printf(count > 6 ? " ...\n" : "\n");
  }
}

void print_profile(const std::vector<float>& microseconds) {
  float total = 0;
  std::printf("%9s %9s %9s  %-22s %s\n", "us", "GB/s", "TFLOP/s", "kernel", "computes");
  for (size_t i = 0; i < microseconds.size(); ++i) {
    const boltir_kernel_info& launch = *boltir_kernel(static_cast<int>(i));
    const double seconds = microseconds[i] * 1e-6;
    std::printf("%9.2f %9.0f %9.2f  %-22s %.60s\n", microseconds[i], static_cast<double>(launch.bytes) / seconds / 1e9,
                static_cast<double>(launch.flops) / seconds / 1e12, launch.kernel, launch.origin);
    total += microseconds[i];
  }
  std::printf("%9.2f in all\n", total);
}

std::map<std::string, std::string> files_of(int argc, char** argv) {
  std::map<std::string, std::string> files;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.rfind('=');
    if (equals == std::string::npos) fail("expected INPUT=FILE, got " + argument);
    files[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) fail("usage: run_model ARTIFACT [INPUT=FILE]...");
  const auto files = files_of(argc, argv);
  print_description();

  boltir_model* model = nullptr;
  check(boltir_create(argv[1], &model));
  const std::vector<boltir_tensor> inputs = uploaded_inputs(files), outputs = allocated_outputs();
  const int input_count = boltir_input_count(), output_count = boltir_output_count();
  cudaStream_t stream = nullptr;
  check(cudaStreamCreate(&stream));

  check(boltir_run(model, inputs.data(), input_count, outputs.data(), output_count, stream));
  check(cudaStreamSynchronize(stream));
  const std::vector<Bytes> results = downloaded(outputs);
  print_outputs(results);

  boltir_graph* graph = nullptr;
  check(boltir_capture(model, inputs.data(), input_count, outputs.data(), output_count, &graph));
  check(boltir_replay(graph, stream));
  check(cudaStreamSynchronize(stream));
  std::printf("the captured run gives %s\n", downloaded(outputs) == results ? "the same" : "something else");

  std::vector<float> microseconds(static_cast<size_t>(boltir_launch_count()));
  check(boltir_profile(model, inputs.data(), input_count, outputs.data(), output_count, stream, 50,
                       microseconds.data()));
  print_profile(microseconds);

  boltir_graph_destroy(graph);
  boltir_destroy(model);
  for (const boltir_tensor& tensor : inputs) check(cudaFree(tensor.data));
  for (const boltir_tensor& tensor : outputs) check(cudaFree(tensor.data));
  check(cudaStreamDestroy(stream));
  return 0;
}
