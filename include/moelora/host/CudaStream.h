// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A stream of a CUDA device with what an engine uses of the driver: graphs and
// times. The runtime needs neither.
#ifndef MOELORA_HOST_CUDASTREAM_H
#define MOELORA_HOST_CUDASTREAM_H

#include "moelora/host/Device.h"

#include <functional>

namespace moelora::host {

struct CudaFunctions;

/// Work that was captured from a stream.
class CudaGraph {
public:
  CudaGraph(CudaGraph &&other) noexcept;
  ~CudaGraph();

  /// Enqueues the work on the stream that it was captured from.
  void replay() const;
  /// How many launches, copies and the like it contains.
  size_t nodes() const { return count; }

private:
  friend class CudaStream;
  CudaGraph(const CudaFunctions &driver, moelora_stream *stream)
      : driver(driver), stream(stream) {}

  const CudaFunctions &driver;
  moelora_stream *stream;
  void *executable = nullptr;
  size_t count = 0;
};

/// Its thread uses the context of the device as long as the stream exists.
class CudaStream {
public:
  /// Throws an Error if the driver lacks a function.
  explicit CudaStream(const moelora_device &device);
  CudaStream(const CudaStream &) = delete;
  ~CudaStream();

  moelora_stream *get() const { return stream; }
  /// Captures what `work` enqueues on the stream, and does not do it.
  CudaGraph capture(const std::function<void()> &work) const;
  /// Waits for what was enqueued.
  void finish() const;
  /// The time from the beginning to the end of what `work` enqueues, measured
  /// on the device. The work is done on return.
  double secondsOf(const std::function<void()> &work) const;

private:
  const moelora_device &device;
  std::unique_ptr<CudaFunctions> driver;
  int number = 0; // of the device, for the driver
  moelora_stream *stream = nullptr;
  void *begin = nullptr, *end = nullptr; // events
};

} // namespace moelora::host

#endif // MOELORA_HOST_CUDASTREAM_H
