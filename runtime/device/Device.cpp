/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Devices by name, and a look at those that others bring.
 */
#include "base/Failure.h"
#include "device/Openers.h"

#include <cstring>
#include <string_view>

using namespace moelora;

/// The N of "cuda:N", 0 without it, -1 where the name is another one. Nine
/// digits are more than there are devices, and fit.
static int cudaOrdinal(std::string_view name) {
  constexpr std::string_view prefix = "cuda";
  constexpr size_t mostDigits = 9;
  if (name.substr(0, prefix.size()) != prefix)
    return -1;
  std::string_view rest = name.substr(prefix.size());
  if (rest.empty())
    return 0;
  std::string digits(rest.substr(1));
  bool number = rest.front() == ':' && !digits.empty() &&
                digits.size() <= mostDigits &&
                digits.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::stoi(digits) : -1;
}

static const moelora_device *open(std::string_view name) {
  if (name == "cpu")
    return moelora_device_cpu();
  if (name == "emulator")
    fail("the device \"emulator\" is not part of this version",
         MOELORA_UNSUPPORTED);
  int ordinal = cudaOrdinal(name);
  if (ordinal < 0)
    fail("expects a device to be called cpu, cuda, cuda:<number> or emulator, "
         "but it is \"" +
         std::string(name) + "\"");
  return openCuda(ordinal);
}

moelora_status moelora_device_open(const char *name,
                                   const moelora_device **device,
                                   moelora_error **error) {
  return guarded(error, [&] {
    if (!name)
      fail("expects the name of a device, but it is NULL");
    *device = open(name);
  });
}

void moelora_device_close(const moelora_device *device) {
  if (device && device != moelora_device_cpu())
    closeCuda(*device);
}

static void checkFunctions(const moelora_device &device) {
  const struct {
    const char *name;
    bool there;
  } functions[] = {
      {"allocate", device.allocate != nullptr},
      {"release", device.release != nullptr},
      {"allocate_host", device.allocate_host != nullptr},
      {"release_host", device.release_host != nullptr},
      {"copy", device.copy != nullptr},
      {"store", device.store != nullptr},
      {"stream_create", device.stream_create != nullptr},
      {"stream_destroy", device.stream_destroy != nullptr},
      {"stream_synchronize", device.stream_synchronize != nullptr},
      {"stream_wait", device.stream_wait != nullptr},
      {"event_create", device.event_create != nullptr},
      {"event_destroy", device.event_destroy != nullptr},
      {"event_record", device.event_record != nullptr},
      {"event_query", device.event_query != nullptr},
      {"kernel_load", device.kernel_load != nullptr},
      {"kernel_unload", device.kernel_unload != nullptr},
      {"launch", device.launch != nullptr},
  };
  for (const auto &function : functions)
    if (!function.there)
      fail(std::string("expects a device to have all functions, but ") +
           function.name + " is NULL");
}

moelora_status moelora_device_check(const moelora_device *device,
                                    moelora_error **error) {
  return guarded(error, [&] {
    if (!device)
      fail("expects a device, but it is NULL");
    if (device->version != MOELORA_DEVICE_VERSION)
      fail("expects a device of version " +
           std::to_string(MOELORA_DEVICE_VERSION) + ", but it is of version " +
           std::to_string(device->version));
    if (device->struct_size != sizeof *device)
      fail("expects the struct of a device to have " +
           std::to_string(sizeof *device) + " bytes, but it has " +
           std::to_string(device->struct_size));
    if (!device->name)
      fail("expects a device to have a name, but it is NULL");
    if (device->granularity == 0)
      fail("expects the granularity of a device to be at least 1, but it is 0");
    checkFunctions(*device);
  });
}
