/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How each kind of device is opened.
 */
#ifndef MOELORA_RUNTIME_OPENERS_H
#define MOELORA_RUNTIME_OPENERS_H

#include "moelora/runtime/Device.h"

#include <string>

namespace moelora {

/// The CUDA device of this number, or a failure.
const moelora_device *openCuda(int ordinal);

/// The device of the plug-in in this shared object. Fails as NOT_FOUND where
/// there is no such plug-in.
const moelora_device *openPlugin(const std::string &file,
                                 const std::string &options);

/// Where the plug-in of this name is looked for: beside this library.
std::string pluginFile(const std::string &name);

} // namespace moelora

#endif // MOELORA_RUNTIME_OPENERS_H
