// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A CUDA driver without a GPU. Work on a stream is done as late as CUDA allows,
// so that a missing wait is detected, and any call can be made to fail.
//
//   libcuda-fake.so      kernels are functions of the host, which cannot access
//                        memory of the device
//   libcuda-emulated.so  the GPU is the emulator: of a compiled layer with
//                        variants for sm_80 and emulated-sm_80, it runs the
//                        kernels of the second one in place of the PTX
#ifndef MOELORA_TEST_DEVICE_FAKEDRIVER_H
#define MOELORA_TEST_DEVICE_FAKEDRIVER_H

namespace moelora::test {

/// The numbers of all objects that must be freed.
struct FakeLive {
  long current; // contexts on the calling thread's stack
  long contexts, pools, memory, host, streams, events, modules, graphs;

  long all() const {
    return current + contexts + pools + memory + host + streams + events +
           modules + graphs;
  }
};

/// How a test steers the driver. Settings hold for devices opened later.
struct FakeControl {
  /// The n-th call from now, from 0, returns `result`. If negative, all calls
  /// succeed. Calls that free objects never fail and are not counted.
  void (*failCall)(long n, int result);
  /// The same, and so do all calls after it until the last context is released.
  void (*loseAtCall)(long n, int result);
  /// Whether the driver is a new one: the device has memory pools and stores of
  /// 8 bytes, and launches may have attributes.
  void (*setFeatures)(bool all);
  void (*setDevices)(int count);
  FakeLive (*live)();
  /// How many stream-ordered stores and pool allocations there have been.
  long (*featureUses)();
  /// The state of a stream's capture that the driver returns.
  void (*setCapture)(const void *stream, int status, unsigned long long id);
  /// The number of calls before the failure of failCall; negative after it.
  long (*callsToFailure)();
  /// How many modules have been loaded that are machine code.
  long (*cubinLoads)();
};

} // namespace moelora::test

/// Found with dlsym.
extern "C" const moelora::test::FakeControl *fake_cuda_control();

#endif // MOELORA_TEST_DEVICE_FAKEDRIVER_H
