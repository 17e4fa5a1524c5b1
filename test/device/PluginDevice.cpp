// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plug-in for the tests: the cpu with another name, which is the text of its
// options. Some options have another effect.

#include "moelora/runtime/Device.h"

#include <cstring>
#include <string>

namespace {

struct Plugged {
  moelora_device device = *moelora_device_cpu();
  std::string name;
};

} // namespace

extern "C" MOELORA_API moelora_status
moelora_device_plugin(uint32_t version, const char *options,
                      const moelora_device **device, moelora_error **error) {
  if (std::strcmp(options, "refuse") == 0)
    return moelora_error_make(error, MOELORA_FULL, "the plug-in was told to");
  static Plugged later;
  auto *plugged = std::strcmp(options, "later") == 0 ? &later : new Plugged;
  plugged->name = options;
  plugged->device.context = plugged;
  plugged->device.name = plugged->name.c_str();
  plugged->device.version = version + (plugged == &later);
  plugged->device.close = [](void *context) {
    delete static_cast<Plugged *>(context);
  };
  *device = &plugged->device;
  return MOELORA_OK;
}
