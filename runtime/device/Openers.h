/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Functions that open each kind of device.
 */
#ifndef MOELORA_RUNTIME_OPENERS_H
#define MOELORA_RUNTIME_OPENERS_H

#include "moelora/runtime/Device.h"

#include <string>

namespace moelora {

/// Opens the CUDA device with this number, or fails.
const moelora_device *openCuda(int ordinal);

/// Opens the device of the plug-in in this shared object. Fails with NOT_FOUND
/// if there is no such plug-in.
const moelora_device *openPlugin(const std::string &file,
                                 const std::string &options);

/// The path of the plug-in with this name, in the folder of this library.
std::string pluginFile(const std::string &name);

/// The function that a plug-in exports under this name. Fails with NOT_FOUND if
/// there is no such plug-in. `what` is "device", or what else it provides.
void *pluginEntry(const std::string &file, const char *name, const char *what);

} // namespace moelora

#endif // MOELORA_RUNTIME_OPENERS_H
