// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/CudaStream.h"

#include <cstdlib>
#include <dlfcn.h>
#include <utility>

namespace moelora::host {
namespace {

/// Failures name the function, and the number in <cuda.h>.
template <typename... Parameters> class Function {
public:
  Function(void *library, const char *name)
      : name(name), address(reinterpret_cast<int (*)(Parameters...)>(
                        ::dlsym(library, name))) {
    if (!address)
      throw Error(std::string("the CUDA driver is too old: it has no ") + name);
  }
  void operator()(Parameters... arguments) const {
    if (int result = address(arguments...))
      throw Error("the CUDA driver answers " + std::to_string(result) + " to " +
                  name);
  }
  /// For functions that free objects.
  void orIgnore(Parameters... arguments) const { (void)address(arguments...); }

private:
  const char *name;
  int (*address)(Parameters...);
};

/// The library that the runtime has opened for the device.
void *openDriver() {
  const char *file = std::getenv("MOELORA_CUDA_DRIVER");
  file = file && *file ? file : "libcuda.so.1";
  void *library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library)
    throw Error(std::string("cannot open ") + file);
  return library;
}

} // namespace

struct CudaFunctions {
  void *library = openDriver();
  using Stream = moelora_stream *;

  Function<int *, int> deviceGet{library, "cuDeviceGet"};
  Function<void **, int> retain{library, "cuDevicePrimaryCtxRetain"};
  Function<int> release{library, "cuDevicePrimaryCtxRelease_v2"};
  Function<void *> push{library, "cuCtxPushCurrent_v2"};
  Function<void **> pop{library, "cuCtxPopCurrent_v2"};

  Function<Stream, int> beginCapture{library, "cuStreamBeginCapture_v2"};
  Function<Stream, void **> endCapture{library, "cuStreamEndCapture"};
  Function<void *, void *, size_t *> graphNodes{library, "cuGraphGetNodes"};
  Function<void **, void *, unsigned long long> instantiate{
      library, "cuGraphInstantiateWithFlags"};
  Function<void *, Stream> graphLaunch{library, "cuGraphLaunch"};
  Function<void *> graphDestroy{library, "cuGraphDestroy"};
  Function<void *> executableDestroy{library, "cuGraphExecDestroy"};

  Function<void **, unsigned> eventCreate{library, "cuEventCreate"};
  Function<void *> eventDestroy{library, "cuEventDestroy_v2"};
  Function<void *, Stream> eventRecord{library, "cuEventRecord"};
  Function<void *> eventSynchronize{library, "cuEventSynchronize"};
  Function<float *, void *, void *> eventTime{library, "cuEventElapsedTime"};
};

CudaGraph::CudaGraph(CudaGraph &&other) noexcept
    : driver(other.driver), stream(other.stream),
      executable(std::exchange(other.executable, nullptr)), count(other.count) {
}

CudaGraph::~CudaGraph() {
  if (executable)
    driver.executableDestroy.orIgnore(executable);
}

void CudaGraph::replay() const { driver.graphLaunch(executable, stream); }

CudaStream::CudaStream(const moelora_device &device)
    : device(device), driver(std::make_unique<CudaFunctions>()) {
  int64_t ordinal = 0;
  void *context = nullptr;
  call(device.query, device.context, int32_t(MOELORA_DEVICE_ORDINAL), &ordinal);
  driver->deviceGet(&number, int(ordinal));
  driver->retain(&context, number);
  driver->push(context);
  call(device.stream_create, device.context, &stream);
  driver->eventCreate(&begin, 0);
  driver->eventCreate(&end, 0);
}

CudaStream::~CudaStream() {
  void *context = nullptr;
  driver->eventDestroy.orIgnore(begin);
  driver->eventDestroy.orIgnore(end);
  device.stream_destroy(device.context, stream);
  driver->pop.orIgnore(&context);
  driver->release.orIgnore(number);
}

CudaGraph CudaStream::capture(const std::function<void()> &work) const {
  constexpr int threadLocal = 1; // forbids this thread alone to wait
  void *graph = nullptr;
  driver->beginCapture(stream, threadLocal);
  try {
    work();
  } catch (...) {
    driver->endCapture.orIgnore(stream, &graph);
    if (graph)
      driver->graphDestroy.orIgnore(graph);
    throw;
  }
  driver->endCapture(stream, &graph);
  CudaGraph made(*driver, stream);
  driver->graphNodes(graph, nullptr, &made.count);
  driver->instantiate(&made.executable, graph, 0);
  driver->graphDestroy(graph);
  return made;
}

void CudaStream::finish() const {
  call(device.stream_synchronize, device.context, stream);
}

double CudaStream::secondsOf(const std::function<void()> &work) const {
  float milliseconds = 0;
  driver->eventRecord(begin, stream);
  work();
  driver->eventRecord(end, stream);
  driver->eventSynchronize(end);
  driver->eventTime(&milliseconds, begin, end);
  return double(milliseconds) / 1000;
}

} // namespace moelora::host
