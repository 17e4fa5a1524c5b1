/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Each function checks whether it has to fail, calls the real device, and
 * counts.
 */
#include "FaultyDevice.h"

#include "Interposed.h"

#include <tuple>

namespace moelora::test {

namespace {

using Count = std::atomic<int64_t> FaultyDevice::*;

template <typename Member> FaultyDevice::Refused kindOf(Member function) {
  auto is = [&](auto other) {
    if constexpr (std::is_same_v<Member, decltype(other)>)
      return function == other;
    return false;
  };
  return is(&moelora_device::event_state)          ? FaultyDevice::State
         : is(&moelora_device::event_record)       ? FaultyDevice::Record
         : is(&moelora_device::stream_synchronize) ? FaultyDevice::Wait
                                                   : FaultyDevice::Other;
}

/// Wraps a function that can fail. `Made` counts its successes.
template <auto Function, Count Made = nullptr> struct Failing;
template <typename... Arguments,
          moelora_status (*moelora_device::*Function)(void *, Arguments...),
          Count Made>
struct Failing<Function, Made> {
  static moelora_status call(void *context, Arguments... arguments) {
    auto *self = static_cast<FaultyDevice *>(context);
    // The last argument is the address of the error.
    moelora_error **error =
        std::get<sizeof...(Arguments) - 1>(std::tie(arguments...));
    if (failsNow(Fault::Device)) {
      self->refuse(kindOf(Function));
      return moelora_error_make(error, MOELORA_IO, "the device was told to");
    }
    moelora_status status =
        (self->inner->*Function)(self->inner->context, arguments...);
    if constexpr (Made != nullptr)
      self->*Made += status == MOELORA_OK;
    return status;
  }
};

/// Wraps a function that frees an object.
template <auto Function, Count Made> struct Ending;
template <typename... Arguments,
          void (*moelora_device::*Function)(void *, Arguments...), Count Made>
struct Ending<Function, Made> {
  static void call(void *context, Arguments... arguments) {
    auto *self = static_cast<FaultyDevice *>(context);
    (self->inner->*Function)(self->inner->context, arguments...);
    --(self->*Made);
  }
};

} // namespace

FaultyDevice::FaultyDevice(bool remote)
    : device(*moelora_device_cpu()), inner(moelora_device_cpu()) {
  using D = moelora_device;
  using F = FaultyDevice;
  device.context = this;
  device.name = remote ? "faulty, remote" : "faulty";
  device.host_visible = device.null_is_done = !remote;
  device.allocate = Failing<&D::allocate, &F::memory>::call;
  device.release = Ending<&D::release, &F::memory>::call;
  device.allocate_host = Failing<&D::allocate_host, &F::hostMemory>::call;
  device.release_host = Ending<&D::release_host, &F::hostMemory>::call;
  device.copy = Failing<&D::copy>::call;
  device.store = Failing<&D::store>::call;
  device.stream_create = Failing<&D::stream_create, &F::streams>::call;
  device.stream_destroy = Ending<&D::stream_destroy, &F::streams>::call;
  device.stream_synchronize = Failing<&D::stream_synchronize>::call;
  device.stream_wait = Failing<&D::stream_wait>::call;
  device.event_create = Failing<&D::event_create, &F::events>::call;
  device.event_destroy = Ending<&D::event_destroy, &F::events>::call;
  device.event_record = Failing<&D::event_record>::call;
  device.event_state = Failing<&D::event_state>::call;
  device.capture = Failing<&D::capture>::call;
  device.query = Failing<&D::query>::call;
  device.module_load = Failing<&D::module_load, &F::modules>::call;
  device.module_unload = Ending<&D::module_unload, &F::modules>::call;
  device.kernel_get = Failing<&D::kernel_get>::call;
  device.launch = Failing<&D::launch>::call;
}

} // namespace moelora::test
