// A CUDA runtime for tests: device memory is host memory, streams run at once, and every call can be made to fail.
// C functions that a test drives it with; a kernel gives its work to fake_launch.
#pragma once

#include <cstdint>
#include <functional>

/// What a kernel does: runs `work` now, or, on a stream that is being captured, with the graph. Returns a cudaError_t.
int fake_launch(void* stream, std::function<void()> work);

extern "C" {

/// Devices from 0 on, all of one architecture; a driver of version 0 is none. The runtime is of version 13000.
void fake_set_devices(int count, int major, int minor, int driver);

/// How much device memory there is.
void fake_set_memory(int64_t bytes);

/// Lets the `nth` call from now on fail, if it can, with `error`; 0 lets none fail.
void fake_fail(int nth, int error);

/// Lets every call fail with `error` from now on, as after a kernel that wrote where it must not; 0 mends the device.
void fake_break(int error);

/// The times in microseconds that launches take, one after the other and from the first one again, and recording an event.
void fake_set_durations(const float* microseconds, int count, float event);

/// The calls since fake_forget_calls, separated by spaces.
const char* fake_calls();
void fake_forget_calls();

/// How many blocks of memory, streams, events and graphs are alive.
int fake_alive();

/// How many launches have run.
int fake_launches();
}
