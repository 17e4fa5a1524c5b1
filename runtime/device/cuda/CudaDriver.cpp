/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads the driver's library, and describes its results.
 */
#include "device/cuda/CudaDriver.h"

#include "base/Failure.h"

#include <dlfcn.h>

using namespace moelora;
using namespace moelora::cuda;

Library::Library(std::string file) : name(std::move(file)) {
  handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle)
    fail("no CUDA device: cannot open " + name +
             " (is the NVIDIA driver installed?)",
         MOELORA_NOT_FOUND);
}

Symbol Library::find(const char *symbol) const {
  return {symbol, ::dlsym(handle, symbol)};
}

Symbol Library::need(const char *symbol) const {
  Symbol found = find(symbol);
  if (!found.address)
    fail("no CUDA device: " + name + " is too old a driver, it has no " +
             symbol,
         MOELORA_NOT_FOUND);
  return found;
}

/// After one of these results, every call fails in the same way, because the
/// context is lost.
static bool isSticky(int result) {
  switch (result) {
  case NotInitialized:
  case Deinitialized:
  case InvalidContext:
  case EccUncorrectable:
  case NvlinkUncorrectable:
  case Contained:
  case IllegalAddress:
  case LaunchTimeout:
  case ContextIsDestroyed:
  case Assert:
  case HardwareStackError:
  case IllegalInstruction:
  case MisalignedAddress:
  case InvalidAddressSpace:
  case InvalidPc:
  case LaunchFailed:
  case TensorMemoryLeak:
  case MpsClientTerminated:
    return true;
  default:
    return false;
  }
}

/// A result that is neither known nor an error of the caller is an error of the
/// machine.
moelora_status cuda::statusOf(int result) {
  static constexpr struct {
    Result result;
    moelora_status status;
  } known[] = {
      {InvalidValue, MOELORA_INVALID},
      {InvalidImage, MOELORA_INVALID},
      {InvalidPtx, MOELORA_INVALID},
      {InvalidHandle, MOELORA_INVALID},
      {OutOfMemory, MOELORA_OUT_OF_MEMORY},
      {NoDevice, MOELORA_NOT_FOUND},
      {NotFound, MOELORA_NOT_FOUND},
      {NoBinaryForGpu, MOELORA_UNSUPPORTED},
      {UnsupportedPtxVersion, MOELORA_UNSUPPORTED},
      {NotSupported, MOELORA_UNSUPPORTED},
  };
  for (const auto &entry : known)
    if (entry.result == result)
      return entry.status;
  if (result >= CaptureUnsupported && result <= CaptureWrongThread)
    return MOELORA_INVALID;
  return isSticky(result) ? MOELORA_DEVICE_LOST : MOELORA_IO;
}

std::string Driver::words(Answer answer) const {
  const char *name = nullptr, *text = nullptr;
  bool known = errorName(answer.result, &name).result == Success &&
               errorText(answer.result, &text).result == Success;
  return "the CUDA driver answers " +
         (known ? std::string(name) + " (" + text + ")"
                : "the unknown result " + std::to_string(answer.result)) +
         " to " + answer.symbol;
}

void Driver::check(Answer answer) const {
  if (answer.result != Success)
    fail(words(answer), statusOf(answer.result));
}
