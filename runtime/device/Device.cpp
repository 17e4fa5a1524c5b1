/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Opens devices by name, counts the open ones, and checks devices that callers
 * provide.
 */
#include "base/Failure.h"
#include "device/Openers.h"
#include "device/Rules.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

using namespace moelora;

namespace {

/// The open devices. A device occurs once for each time that it was opened.
struct OpenDevices {
  std::mutex mutex;
  std::vector<const moelora_device *> devices;
};

OpenDevices &openDevices() {
  static OpenDevices devices;
  return devices;
}

void add(const moelora_device *device) {
  std::lock_guard<std::mutex> lock(openDevices().mutex);
  openDevices().devices.push_back(device);
}

/// False where it is not open.
bool remove(const moelora_device *device) {
  std::lock_guard<std::mutex> lock(openDevices().mutex);
  std::vector<const moelora_device *> &devices = openDevices().devices;
  auto found = std::find(devices.begin(), devices.end(), device);
  if (found == devices.end())
    return false;
  devices.erase(found);
  return true;
}

void end(const moelora_device *device) {
  if (device->close)
    device->close(device->context);
}

/// The N of "cuda:N", 0 for "cuda", and -1 for any other name. Nine digits are
/// enough for every device number and fit an int.
int cudaOrdinal(std::string_view name) {
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

const moelora_device *open(const std::string &name) {
  if (name == "cpu")
    return moelora_device_cpu();
  if (int ordinal = cudaOrdinal(name); ordinal >= 0)
    return openCuda(ordinal);
  size_t colon = name.find(':');
  std::string plugin = name.substr(0, colon);
  std::string options =
      colon == std::string::npos ? "" : name.substr(colon + 1);
  if (plugin.find('/') != std::string::npos)
    return openPlugin(plugin, options);
  if (plugin == "emulator")
    return openPlugin(pluginFile(plugin), options);
  fail("expects a device to be called cpu, cuda, cuda:<number>, emulator or "
       "the path of a plug-in, but it is \"" +
       name + "\"");
}

} // namespace

moelora_status moelora_device_open(const char *name,
                                   const moelora_device **device,
                                   moelora_error **error) {
  return guarded(error, [&] {
    checkThere(name, "the name of a device");
    checkResults(device);
    std::unique_ptr<const moelora_device, void (*)(const moelora_device *)>
        opened(open(name), end);
    if (opened.get() != moelora_device_cpu())
      add(opened.get());
    *device = opened.release();
  });
}

moelora_status moelora_device_close(const moelora_device *device,
                                    moelora_error **error) {
  return guarded(error, [&] {
    if (!device || device == moelora_device_cpu())
      return;
    if (!remove(device))
      fail("expects to close a device that is open, but it is not");
    end(device);
  });
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
      {"event_state", device.event_state != nullptr},
      {"capture", device.capture != nullptr},
      {"query", device.query != nullptr},
      {"module_load", device.module_load != nullptr},
      {"module_unload", device.module_unload != nullptr},
      {"kernel_get", device.kernel_get != nullptr},
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
    checkThere(device, "a device");
    if (device->version != MOELORA_DEVICE_VERSION)
      fail("expects a device of version " +
           std::to_string(MOELORA_DEVICE_VERSION) + ", but it is of version " +
           std::to_string(device->version));
    if (device->size != sizeof *device)
      fail("expects the struct of a device to have " +
           std::to_string(sizeof *device) + " bytes, but it has " +
           std::to_string(device->size));
    if (!device->name)
      fail("expects a device to have a name, but it is NULL");
    if (device->granularity == 0)
      fail("expects the granularity of a device to be at least 1, but it is 0");
    checkFunctions(*device);
  });
}
