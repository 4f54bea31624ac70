#include "profile.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "failure.h"
#include "launch.h"

namespace boltir {
namespace {

Event new_event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreate(&event), "creating an event");
  return Event(event);
}

float median(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// A recorded run that takes the time at its start, after some launches and at its end. It is a CUDA graph so that the GPU
/// never waits for the host between two kernels.
class TimedRun {
 public:
  /// Takes the time after every launch, or only at the end.
  TimedRun(boltir_model& model, const Tensors& tensors, bool every_launch) {
    Recording recording;
    mark(recording);
    for (int i = 0; i < kProgram.launches.size; ++i) {
      launch(model, i, tensors, recording.stream());
      if (every_launch || i + 1 == kProgram.launches.size) mark(recording);
    }
    graph_ = recording.finish();
    times_.resize(marks_.size() - 1);
  }

  void run(cudaStream_t stream) {
    check(cudaGraphLaunch(graph_.get(), stream), "launching the network");
    check(cudaStreamSynchronize(stream), "running the network");
    for (size_t i = 0; i < times_.size(); ++i) {
      float milliseconds = 0;
      check(cudaEventElapsedTime(&milliseconds, marks_[i].get(), marks_[i + 1].get()), "reading a timer");
      times_[i].push_back(milliseconds * 1000);
    }
  }

  /// The median time between each two marks, in microseconds.
  std::vector<float> medians() {
    std::vector<float> values;
    for (std::vector<float>& times : times_) values.push_back(median(times));
    return values;
  }

 private:
  void mark(Recording& recording) {
    marks_.push_back(new_event());
    check(cudaEventRecordWithFlags(marks_.back().get(), recording.stream(), cudaEventRecordExternal), "setting a timer");
  }

  std::vector<Event> marks_;
  GraphExec graph_;
  std::vector<std::vector<float>> times_;  // per interval, of each run
};

float sum(const std::vector<float>& values) { return std::accumulate(values.begin(), values.end(), 0.0f); }

}  // namespace

void measure_launches(boltir_model& model, const Tensors& tensors, cudaStream_t stream, int repetitions,
                      float* microseconds) {
  const int count = kProgram.launches.size;
  TimedRun whole(model, tensors, false), split(model, tensors, true);
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    whole.run(stream);
    split.run(stream);
  }
  const std::vector<float> times = split.medians();
  // A mark costs more than a short kernel (2.7 us on an H100), but the same after each: the runs differ by count - 1 marks.
  const float mark = count > 1 ? (sum(times) - sum(whole.medians())) / static_cast<float>(count - 1) : 0;
  for (int i = 0; i < count; ++i) microseconds[i] = std::max(times[i] - mark, 0.0f);
}

}  // namespace boltir
