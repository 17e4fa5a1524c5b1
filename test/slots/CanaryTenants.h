/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The possible states of each tenant at a moment. A change starts with a call,
 * and is settled when the call returns: every step that enters afterwards reads
 * it, on any stream. A step may read every change that was not superseded when
 * it entered, up to the changes that were enqueued before it ended:
 *
 *     changes   start 4 ---- settled 4     start 5 ---- settled 5
 *     step                           entered ------ ended          sees 4 or 5
 */
#ifndef MOELORA_TEST_SLOTS_CANARYTENANTS_H
#define MOELORA_TEST_SLOTS_CANARYTENANTS_H

#include "moelora/runtime/SlotStats.h"

#include <array>
#include <atomic>
#include <mutex>
#include <random>
#include <vector>

namespace moelora::test {

/// A number that increases with each change.
struct Track {
  std::atomic<int32_t> asked{0}, settled{0};

  void settle(int32_t number);
};

struct CanaryTenant {
  std::string name;
  std::mutex changing; ///< changes of one tenant are made one at a time
  Track versions;
  Track outages; ///< enqueued by disabling, finished by enabling
};

/// Ids of evicted tenants.
class GoneIds {
public:
  void add(int32_t id);
  /// One of the latest ids; -1 if there is none.
  int32_t pick(std::mt19937 &random);

private:
  std::mutex mutex;
  std::array<int32_t, 64> ids = {};
  size_t count = 0;
};

/// Changes of the table, by moelora_slot_event_kind.
class Happened {
public:
  void add(int32_t kind) { ++counts[static_cast<size_t>(kind)]; }
  /// Each kind a few times, but for failures.
  bool all() const;

private:
  std::array<std::atomic<int64_t>, MOELORA_SLOT_FAILED + 1> counts = {};
};

/// Streams of a device; the first is none: the work is done at once.
class CanaryStreams {
public:
  CanaryStreams(const moelora_device &device, size_t count);
  ~CanaryStreams();
  CanaryStreams(const CanaryStreams &) = delete;

  moelora_stream *pick(std::mt19937 &random) const {
    return all[random() % all.size()];
  }
  void synchronize() const;

private:
  const moelora_device &device;
  std::vector<moelora_stream *> all;
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANARYTENANTS_H
