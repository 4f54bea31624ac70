// Runs the kernels of boltir's own families on the CPU: each thread of a block is a coroutine, blocks run one after another.
// __syncthreads and warp shuffles wait for every thread that has not returned, so that a divergent one is an error here too.
// A kernel launched with an attribute may overlap the one before it, so all of its threads must wait for that one.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#undef __shared__
#define __shared__ static
#define cudaLaunchKernelEx cuda_on_cpu::launch
#define cudaGridDependencySynchronize() (cuda_on_cpu::threads[cuda_on_cpu::current].has_waited = true)
#define cudaTriggerProgrammaticLaunchCompletion()
#define __launch_bounds__(threads)

namespace cuda_on_cpu {

struct Index {
  unsigned x = 0;
};
enum class State { kReady, kAtBlockBarrier, kAtWarpBarrier, kDone };

struct Thread {
  ucontext_t context;
  State state = State::kReady;
  unsigned parity = 0;
  bool has_waited = false;     // for the kernels before this one
  uint64_t exchanged[2] = {};  // the value given to the last two shuffles
  std::vector<char> stack = std::vector<char>(128 * 1024);
};

inline std::vector<Thread> threads;
inline ucontext_t scheduler;
inline unsigned current, block;
inline void (*body)(const void*);
inline const void* body_arguments;

inline void wait(State state) {
  threads[current].state = state;
  swapcontext(&threads[current].context, &scheduler);
}

inline void enter() {
  body(body_arguments);
  threads[current].state = State::kDone;
}

/// Lets the threads of [begin, end) go on if all that still run wait for `state`.
inline bool release(size_t begin, size_t end, State state) {
  bool waiting = false;
  for (size_t i = begin; i < end; ++i) {
    if (threads[i].state != state && threads[i].state != State::kDone) return false;
    waiting |= threads[i].state == state;
  }
  for (size_t i = begin; i < end && waiting; ++i) {
    if (threads[i].state == state) threads[i].state = State::kReady;
  }
  return waiting;
}

inline bool run_ready() {
  bool alive = false;
  for (current = 0; current < threads.size(); ++current) {
    if (threads[current].state == State::kReady) swapcontext(&scheduler, &threads[current].context);
    alive |= threads[current].state != State::kDone;
  }
  return alive;
}

inline void run_block(unsigned count) {
  if (threads.size() != count) threads = std::vector<Thread>(count);
  for (Thread& thread : threads) {
    thread.state = State::kReady;
    thread.parity = 0;
    thread.has_waited = false;
    getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = thread.stack.data();
    thread.context.uc_stack.ss_size = thread.stack.size();
    thread.context.uc_link = &scheduler;
    makecontext(&thread.context, enter, 0);
  }
  while (run_ready()) {
    bool progress = release(0, count, State::kAtBlockBarrier);
    for (size_t warp = 0; warp < count; warp += 32) {
      progress |= release(warp, warp + 32 < count ? warp + 32 : count, State::kAtWarpBarrier);
    }
    if (!progress) {
      std::fprintf(stderr, "deadlock: threads of one block wait at different barriers\n");
      std::abort();
    }
  }
}

inline void require_waits() {
  for (const Thread& thread : threads) {
    if (thread.has_waited) continue;
    std::fprintf(stderr, "a thread did not wait for the kernels before its own\n");
    std::abort();
  }
}

template <typename Arguments>
cudaError_t launch(const cudaLaunchConfig_t* config, void (*kernel)(Arguments), const Arguments& arguments) {
  static void (*launched)(Arguments);
  launched = kernel;
  body = [](const void* given) { launched(*static_cast<const Arguments*>(given)); };
  body_arguments = &arguments;
  for (block = 0; block < config->gridDim.x; ++block) {
    run_block(config->blockDim.x);
    if (config->numAttrs > 0) require_waits();
  }
  return cudaSuccess;
}

template <typename T>
T shuffle_xor(T value, unsigned distance) {
  Thread& thread = threads[current];
  uint64_t& mine = thread.exchanged[thread.parity];
  std::memcpy(&mine, &value, sizeof value);
  wait(State::kAtWarpBarrier);
  std::memcpy(&value, &threads[current ^ distance].exchanged[thread.parity], sizeof value);
  thread.parity ^= 1;
  return value;
}

}  // namespace cuda_on_cpu

#define threadIdx (cuda_on_cpu::Index{cuda_on_cpu::current})
#define blockIdx (cuda_on_cpu::Index{cuda_on_cpu::block})
#define __syncthreads() cuda_on_cpu::wait(cuda_on_cpu::State::kAtBlockBarrier)
#define __shfl_xor_sync(mask, value, distance) cuda_on_cpu::shuffle_xor(value, distance)
#define __umulhi(a, b) static_cast<uint32_t>((static_cast<uint64_t>(a) * (b)) >> 32)
