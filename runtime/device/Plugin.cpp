/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Devices, and others, that shared objects provide.
 */
#include "base/Failure.h"
#include "device/Handles.h"
#include "device/Openers.h"

#include <dlfcn.h>

using namespace moelora;

std::string moelora::pluginFile(const std::string &name) {
  std::string folder;
  Dl_info library = {};
  if (::dladdr(reinterpret_cast<void *>(&moelora_device_open), &library) &&
      library.dli_fname)
    folder = library.dli_fname;
  size_t slash = folder.rfind('/');
  folder = slash == std::string::npos ? "./" : folder.substr(0, slash + 1);
  return folder + "libmoelora_" + name + ".so";
}

void *moelora::pluginEntry(const std::string &file, const char *name,
                           const char *what) {
  // The library is never unloaded, because it may have threads.
  void *library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library)
    fail(std::string("there is no such ") + what +
             ": cannot open its plug-in " + file + " (" + ::dlerror() + ")",
         MOELORA_NOT_FOUND);
  void *entry = ::dlsym(library, name);
  if (!entry)
    fail("expects the plug-in " + file + " to export " + name +
             ", but it does not",
         MOELORA_NOT_FOUND);
  return entry;
}

const moelora_device *moelora::openPlugin(const std::string &file,
                                          const std::string &options) {
  auto entry = reinterpret_cast<moelora_device_plugin_function>(
      pluginEntry(file, "moelora_device_plugin", "device"));
  const moelora_device *device = nullptr;
  moelora_error *error = nullptr;
  if (moelora_status status =
          entry(MOELORA_DEVICE_VERSION, options.c_str(), &device, &error))
    failWith(status, error);
  if (moelora_status status = moelora_device_check(device, &error))
    failWith(status, error);
  return device;
}
