/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Devices that shared objects provide.
 */
#include "base/Failure.h"
#include "device/Handles.h"
#include "device/Openers.h"

#include <dlfcn.h>

using namespace moelora;

static constexpr const char *entryName = "moelora_device_plugin";

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

static moelora_device_plugin_function entryOf(const std::string &file) {
  // The library is never unloaded, because its devices may have threads.
  void *library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library)
    fail("there is no such device: cannot open its plug-in " + file + " (" +
             ::dlerror() + ")",
         MOELORA_NOT_FOUND);
  void *entry = ::dlsym(library, entryName);
  if (!entry)
    fail("expects the plug-in " + file + " to export " + entryName +
             ", but it does not",
         MOELORA_NOT_FOUND);
  return reinterpret_cast<moelora_device_plugin_function>(entry);
}

const moelora_device *moelora::openPlugin(const std::string &file,
                                          const std::string &options) {
  moelora_device_plugin_function entry = entryOf(file);
  const moelora_device *device = nullptr;
  moelora_error *error = nullptr;
  if (moelora_status status =
          entry(MOELORA_DEVICE_VERSION, options.c_str(), &device, &error))
    failWith(status, error);
  if (moelora_status status = moelora_device_check(device, &error))
    failWith(status, error);
  return device;
}
