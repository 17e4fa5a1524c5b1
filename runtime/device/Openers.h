/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What each kind of device defines for those who open and close devices.
 */
#ifndef MOELORA_RUNTIME_OPENERS_H
#define MOELORA_RUNTIME_OPENERS_H

#include "moelora/runtime/Device.h"

namespace moelora {

/// The CUDA device of this number, or a failure.
const moelora_device *openCuda(int ordinal);
void closeCuda(const moelora_device &device);

} // namespace moelora

#endif // MOELORA_RUNTIME_OPENERS_H
