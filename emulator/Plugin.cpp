/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The function that the shared library exports. It opens the device "emulator".
 */
#include "Guard.h"

using namespace moelora;
using namespace moelora::emulator;

extern "C" MOELORA_API moelora_status
moelora_device_plugin(uint32_t version, const char *options,
                      const moelora_device **device, moelora_error **error) {
  return answer(error, [&] {
    if (version != MOELORA_DEVICE_VERSION)
      fail("expects to be asked for a device of version " +
               std::to_string(MOELORA_DEVICE_VERSION) +
               ", but it is asked for version " + std::to_string(version),
           MOELORA_UNSUPPORTED);
    *device = openDevice(options);
  });
}
