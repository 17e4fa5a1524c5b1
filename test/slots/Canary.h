/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The tenant canary: threads that launch runs under leases, and threads that
 * change who is in the slots, on one slot table of the cpu. Every row of every
 * run says whose adapter it got (CanaryCode.h), and is held against whose it
 * may have got.
 */
#ifndef MOELORA_TEST_SLOTS_CANARY_H
#define MOELORA_TEST_SLOTS_CANARY_H

#include "moelora/runtime/SlotStats.h"

#include <atomic>
#include <string>
#include <vector>

namespace moelora::test {

struct CanaryOptions {
  int64_t tokens = 1000000;
  int32_t threads = 2; ///< that launch, and as many that change
  int32_t seed = 1;
  bool generations = true; ///< resolving an id compares its generation
  bool events = true;      ///< events are waited for
  /// On the test device, whose memory is hidden from the host, in place of the
  /// cpu.
  bool hidden = false;
  /// The name of a device whose kernels are not functions of the host, in place
  /// of the cpu, and the file of a layer that is compiled for it.
  std::string device, artifact;
};

/// Rows, by what they should be and are.
struct CanaryCounts {
  std::atomic<uint64_t> own{0};      ///< the adapter that was leased
  std::atomic<uint64_t> base{0};     ///< without adapter: id -1
  std::atomic<uint64_t> masked{0};   ///< invalid ids
  std::atomic<uint64_t> stale{0};    ///< of these: ids of earlier tenants
  std::atomic<uint64_t> disabled{0}; ///< base, while it may be disabled
  // The errors.
  std::atomic<uint64_t> crossed{0};    ///< the adapter of another tenant
  std::atomic<uint64_t> notNumbers{0}; ///< freed memory
  std::atomic<uint64_t> garbled{0};    ///< parts of different adapters
  std::atomic<uint64_t> lost{0};       ///< base in place of an adapter
  std::atomic<uint64_t> untimely{0};   ///< a version before or after its time
  std::atomic<uint64_t> refused{0};    ///< runs that did not run

  uint64_t wrong() const {
    return crossed + notNumbers + garbled + lost + untimely + refused;
  }
  uint64_t tokens() const {
    return own + base + masked + disabled + crossed + notNumbers + garbled +
           lost + untimely;
  }
};

struct CanaryResult {
  CanaryCounts counts;
  CanaryResult() { stats.size = after.size = sizeof stats; }
  moelora_slot_table_stats stats = {}; ///< when all streams are done
  moelora_slot_table_stats after = {}; ///< when the table has been emptied
  int64_t held = 0;                    ///< what outlived the table
  std::vector<std::string> complaints; ///< of the test device
  /// All errors, one per line.
  std::vector<std::string> faults() const;
};

/// Ends early when rows are wrong.
void runCanary(const CanaryOptions &options, CanaryResult &result);

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANARY_H
