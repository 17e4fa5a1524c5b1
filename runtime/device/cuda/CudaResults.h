/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The results of functions of the CUDA driver.
 */
#ifndef MOELORA_DEVICE_CUDARESULTS_H
#define MOELORA_DEVICE_CUDARESULTS_H

namespace moelora::cuda {

/// The results that the runtime distinguishes.
enum Result : int {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialized = 3, // also in a process that was forked
  Deinitialized = 4,
  NoDevice = 100,
  InvalidImage = 200,
  InvalidContext = 201,
  NoBinaryForGpu = 209,
  EccUncorrectable = 214,
  InvalidPtx = 218,
  NvlinkUncorrectable = 220,
  UnsupportedPtxVersion = 222,
  Contained = 226,
  InvalidHandle = 400,
  NotFound = 500,
  NotReady = 600,
  IllegalAddress = 700,
  LaunchTimeout = 702,
  ContextIsDestroyed = 709,
  Assert = 710,
  HardwareStackError = 714,
  IllegalInstruction = 715,
  MisalignedAddress = 716,
  InvalidAddressSpace = 717,
  InvalidPc = 718,
  LaunchFailed = 719,
  TensorMemoryLeak = 721,
  NotSupported = 801,
  MpsClientTerminated = 810,
  CaptureUnsupported = 900, // the first of what a capture forbids
  CaptureWrongThread = 908, // the last one
};

} // namespace moelora::cuda

#endif // MOELORA_DEVICE_CUDARESULTS_H
