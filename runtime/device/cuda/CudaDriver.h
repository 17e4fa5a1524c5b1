/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions of the CUDA driver that a device calls.
 */
#ifndef MOELORA_DEVICE_CUDADRIVER_H
#define MOELORA_DEVICE_CUDADRIVER_H

#include "device/cuda/CudaLibrary.h"
#include "device/cuda/CudaTypes.h"
#include "moelora/runtime/Error.h"

namespace moelora::cuda {

/// The status of a device's function for a result of the driver.
moelora_status statusOf(int result);

/// The functions of the driver. A symbol ends with the version of its
/// interface. Symbols that drivers of CUDA 11.0 do not have may be absent.
struct Driver {
  /// `name` of the library. Fails where it cannot be opened or is too old.
  explicit Driver(const std::string &name) : library(name) {}

  /// Fails with a message if the result is not Success.
  void check(Answer answer) const;
  /// A message that names the result and the function.
  std::string words(Answer answer) const;

  Library library;

  Function<int, const char **> errorName{library.need("cuGetErrorName")};
  Function<int, const char **> errorText{library.need("cuGetErrorString")};

  Function<unsigned> init{library.need("cuInit")};
  Function<int *> version{library.need("cuDriverGetVersion")};
  Function<int *> deviceCount{library.need("cuDeviceGetCount")};
  Function<int *, int> deviceGet{library.need("cuDeviceGet")};
  Function<char *, int, int> deviceName{library.need("cuDeviceGetName")};
  Function<int *, int, int> deviceAttribute{
      library.need("cuDeviceGetAttribute")};

  Function<ContextHandle *, int> contextRetain{
      library.need("cuDevicePrimaryCtxRetain")};
  Function<int> contextRelease{library.need("cuDevicePrimaryCtxRelease_v2")};
  Function<ContextHandle> contextPush{library.need("cuCtxPushCurrent_v2")};
  Function<ContextHandle *> contextPop{library.need("cuCtxPopCurrent_v2")};
  Function<int *> captureMode{
      library.need("cuThreadExchangeStreamCaptureMode")};

  Function<Address *, size_t> allocate{library.need("cuMemAlloc_v2")};
  Function<Address> release{library.need("cuMemFree_v2")};
  Function<void **, size_t, unsigned> hostAllocate{
      library.need("cuMemHostAlloc")};
  Function<void *> hostRelease{library.need("cuMemFreeHost")};
  Function<PoolHandle *, const PoolProperties *> poolCreate{
      library.find("cuMemPoolCreate")};
  Function<PoolHandle> poolDestroy{library.find("cuMemPoolDestroy")};
  Function<PoolHandle, int, void *> poolSet{
      library.find("cuMemPoolSetAttribute")};
  Function<Address *, size_t, PoolHandle, StreamHandle> poolAllocate{
      library.find("cuMemAllocFromPoolAsync")};
  Function<Address, StreamHandle> poolRelease{library.find("cuMemFreeAsync")};

  Function<Address, Address, size_t, StreamHandle> copy{
      library.need("cuMemcpyAsync")};
  Function<Address, const void *, size_t, StreamHandle> copyFromHost{
      library.need("cuMemcpyHtoDAsync_v2")};
  Function<StreamHandle, Address, uint64_t, unsigned> store{
      library.find("cuStreamWriteValue64_v2")};

  Function<StreamHandle *, unsigned> streamCreate{
      library.need("cuStreamCreate")};
  Function<StreamHandle> streamDestroy{library.need("cuStreamDestroy_v2")};
  Function<StreamHandle> streamSynchronize{library.need("cuStreamSynchronize")};
  Function<StreamHandle, EventHandle, unsigned> streamWait{
      library.need("cuStreamWaitEvent")};

  Function<StreamHandle, int *, uint64_t *> captureInfo{
      library.need("cuStreamGetCaptureInfo")};

  Function<EventHandle *, unsigned> eventCreate{library.need("cuEventCreate")};
  Function<EventHandle> eventDestroy{library.need("cuEventDestroy_v2")};
  Function<EventHandle, StreamHandle> eventRecord{
      library.need("cuEventRecord")};
  Function<EventHandle> eventQuery{library.need("cuEventQuery")};
  Function<EventHandle> eventSynchronize{library.need("cuEventSynchronize")};

  Function<ModuleHandle *, const void *, unsigned, int *, void **> moduleLoad{
      library.need("cuModuleLoadDataEx")};
  Function<ModuleHandle> moduleUnload{library.need("cuModuleUnload")};
  Function<FunctionHandle *, ModuleHandle, const char *> moduleFunction{
      library.need("cuModuleGetFunction")};
  Function<FunctionHandle> functionLoad{library.find("cuFuncLoad")};
  Function<int *, int, FunctionHandle> functionGet{
      library.need("cuFuncGetAttribute")};
  Function<FunctionHandle, int, int> functionSet{
      library.need("cuFuncSetAttribute")};
  Function<FunctionHandle, unsigned, unsigned, unsigned, unsigned, unsigned,
           unsigned, unsigned, StreamHandle, void **, void **>
      launch{library.need("cuLaunchKernel")};
  Function<const LaunchConfig *, FunctionHandle, void **, void **> launchWith{
      library.find("cuLaunchKernelEx")};
};

} // namespace moelora::cuda

#endif // MOELORA_DEVICE_CUDADRIVER_H
