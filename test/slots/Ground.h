/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The objects that consecutive worlds share: a device that is reset for each
 * world, and the adapter that they load.
 */
#ifndef MOELORA_TEST_SLOTS_GROUND_H
#define MOELORA_TEST_SLOTS_GROUND_H

#include "TestDevice.h"
#include "moelora/runtime/Adapter.h"

#include <memory>

namespace moelora::test {

class Ground {
public:
  Ground();
  /// The model that the adapter is of.
  static const moelora_adapter_target &target();

  TestDevice device;
  std::unique_ptr<moelora_adapter, void (*)(moelora_adapter *)> adapter;
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_GROUND_H
