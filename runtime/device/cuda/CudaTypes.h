/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Types and numbers of the CUDA driver's binary interface, as far as a device
 * needs them, so that building needs no CUDA.
 */
#ifndef MOELORA_DEVICE_CUDATYPES_H
#define MOELORA_DEVICE_CUDATYPES_H

#include "device/cuda/CudaResults.h"

#include <cstddef>
#include <cstdint>

namespace moelora::cuda {

using Address = unsigned long long; // of the one space of host and devices
using ContextHandle = struct CUctx_st *;
using StreamHandle = struct CUstream_st *;
using EventHandle = struct CUevent_st *;
using ModuleHandle = struct CUmod_st *;
using FunctionHandle = struct CUfunc_st *;
using PoolHandle = struct CUmemPoolHandle_st *;

enum DeviceAttribute : int {
  Multiprocessors = 16,
  ArchitectureMajor = 75,
  ArchitectureMinor = 76,
  MostSharedBytes = 97, // of a block that opts in to more than usual
  HasMemoryPools = 115,
  HasStores = 122, // of 8 bytes, by the second version of the interface
};
enum FunctionAttribute : int { MostThreads = 0, MostDynamicSharedBytes = 8 };
enum PoolAttribute : int { ReleaseThreshold = 4 };
enum CaptureMode : int { CaptureRelaxed = 2 };
enum CaptureStatus : int {
  CaptureNone = 0,
  CaptureActive = 1,
  CaptureInvalidated = 2,
};
enum JitOption : int { ErrorLog = 5, ErrorLogBytes = 6 };
enum LaunchAttributeId : int {
  ClusterDimension = 4,
  ProgrammaticStreamSerialization = 6,
};
enum Flags : unsigned {
  HostPortable = 1,      // pinned for every context
  StreamNonBlocking = 1, // not ordered with the legacy default stream
  EventDisableTiming = 2,
  StoreDefault = 0, // after everything before it on the stream
};

struct PoolProperties {
  int type = 1;     // pinned
  int handles = 0;  // none: not for other processes
  int location = 1; // a device
  int ordinal = 0;
  void *security = nullptr;
  size_t most = 0; // the driver's choice
  unsigned short usage = 0;
  unsigned char reserved[54] = {};
};
static_assert(sizeof(PoolProperties) == 88);

struct LaunchAttribute {
  int id; // a LaunchAttributeId
  char padding[4];
  union {
    char bytes[64];
    unsigned cluster[3];
    int allowed;
  };
};
static_assert(sizeof(LaunchAttribute) == 72);

struct LaunchConfig {
  unsigned grid[3], block[3], sharedBytes;
  StreamHandle stream;
  LaunchAttribute *attributes;
  unsigned attributeCount;
};
static_assert(sizeof(LaunchConfig) == 56);

/// Keys in the last argument of functions that launch.
inline void *const launchEnd = nullptr;
inline void *const launchParameters = reinterpret_cast<void *>(1);
inline void *const launchParameterBytes = reinterpret_cast<void *>(2);

} // namespace moelora::cuda

#endif // MOELORA_DEVICE_CUDATYPES_H
