#include "weights.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "failure.h"
#include "program.h"

namespace boltir {
namespace {

constexpr size_t kChunkWords = size_t{1} << 20;

using File = Owner<std::FILE*, std::fclose>;

/// Fletcher-64 (Fletcher 1982): two sums modulo 2^32 - 1 over 32-bit words.
class Fletcher64 {
 public:
  void add(const uint32_t* words, size_t count) {
    while (count > 0) {
      const size_t block = std::min(count, kWordsWithoutOverflow);
      for (size_t i = 0; i < block; ++i) {
        sum_ += words[i];
        sum_of_sums_ += sum_;
      }
      sum_ %= kModulus;
      sum_of_sums_ %= kModulus;
      words += block;
      count -= block;
    }
  }
  uint64_t value() const { return sum_of_sums_ << 32 | sum_; }

 private:
  static constexpr uint64_t kModulus = 0xffffffff;
  static constexpr size_t kWordsWithoutOverflow = 65536;
  uint64_t sum_ = 0;
  uint64_t sum_of_sums_ = 0;
};

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
  throw Failure{BOLTIR_BAD_WEIGHTS, path + " " + reason + "; copy the folder that bolt-compile wrote again, as a whole"};
}

[[noreturn]] void refuse_unreadable(const std::string& path) {
  refuse(path, std::string("cannot be read (") + std::strerror(errno) + ")");
}

void check_size(const std::string& path) {
  struct stat entry;
  if (stat(path.c_str(), &entry) != 0) refuse_unreadable(path);
  if (!S_ISREG(entry.st_mode)) refuse(path, "is no file");
  const int64_t size = entry.st_size, needed = kProgram.weights_bytes;
  const std::string sizes = std::to_string(size) + " bytes instead of " + std::to_string(needed);
  if (size < needed) refuse(path, "is truncated: it has " + sizes);
  if (size > needed) refuse(path, "is another network's: it has " + sizes);
}

void read(std::FILE* file, void* to, size_t bytes, const std::string& path) {
  if (std::fread(to, 1, bytes, file) == bytes) return;
  if (std::feof(file)) refuse(path, "is truncated");
  refuse_unreadable(path);
}

}  // namespace

std::shared_ptr<const DeviceMemory> upload_weights(const std::string& folder) {
  const std::string path = folder + "/weights.bin";
  check_size(path);
  const File file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) refuse_unreadable(path);

  auto weights = std::make_shared<const DeviceMemory>(kProgram.weights_bytes, "weights");
  const Stream stream = new_stream();
  std::vector<uint32_t> chunk(std::min(kChunkWords, static_cast<size_t>(kProgram.weights_bytes) / sizeof(uint32_t)));
  Fletcher64 checksum;
  for (int64_t done = 0; done < kProgram.weights_bytes;) {
    const size_t words = std::min(chunk.size(), static_cast<size_t>(kProgram.weights_bytes - done) / sizeof(uint32_t));
    const size_t bytes = words * sizeof(uint32_t);
    read(file.get(), chunk.data(), bytes, path);
    checksum.add(chunk.data(), words);
    check(cudaMemcpyAsync(weights->data() + done, chunk.data(), bytes, cudaMemcpyHostToDevice, stream.get()),
          "uploading the weights");
    check(cudaStreamSynchronize(stream.get()), "uploading the weights");
    done += static_cast<int64_t>(bytes);
  }
  if (checksum.value() != kWeightsChecksum) refuse(path, "is damaged or another network's, its checksum differs");
  return weights;
}

}  // namespace boltir
