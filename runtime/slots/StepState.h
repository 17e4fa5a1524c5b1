/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The state of a step.
 */
#ifndef MOELORA_RUNTIME_STEPSTATE_H
#define MOELORA_RUNTIME_STEPSTATE_H

#include "moelora/runtime/Step.h"
#include "slots/SlotTableState.h"

#include <atomic>
#include <memory>

struct moelora_step {
  /// Without a resolver, ids are resolved by the kernel of the table.
  moelora_step(moelora_slot_table &table, int64_t maxTokens,
               std::unique_ptr<moelora::Resolver> resolver);
  ~moelora_step();

  /// Whether the device may not have reached the last leave yet.
  bool leaving() const;

  moelora_slot_table &table;
  const int64_t maxTokens;
  const std::unique_ptr<moelora::Resolver> resolver; ///< may be NULL
  std::unique_ptr<moelora::PeerTokens> peers; ///< NULL: it has joined no group
  moelora::DeviceMemory memory;
  moelora_step_view view = {};
  // read by runs, which take no lock
  std::atomic<bool> entered{false};
  std::atomic<int64_t> tokens{0}; ///< of the last resolution
  // guarded by the table's lock
  uint64_t serial = 0;      ///< of the last enter
  moelora::Fence fence = 0; ///< for the next leave

  uint64_t *ticket() const {
    return reinterpret_cast<uint64_t *>(memory.data());
  }
  bool isBroken() const {
    const moelora::OpenStep *open = table.core.step(serial);
    return open && open->state == moelora::OpenStep::Broken;
  }
};

#endif // MOELORA_RUNTIME_STEPSTATE_H
