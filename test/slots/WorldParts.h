/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The knowledge of the slot table's callers.
 */
#ifndef MOELORA_TEST_SLOTS_WORLDPARTS_H
#define MOELORA_TEST_SLOTS_WORLDPARTS_H

#include "moelora/runtime/Step.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace moelora::test {

inline size_t index(int32_t i) { return static_cast<size_t>(i); }

/// The value that a token may read: base, or the first bytes of an image.
constexpr uint64_t base = 0;
inline uint64_t signatureOf(uint64_t tenant, uint64_t version) {
  return tenant << 32 | version;
}
inline uint64_t tenantOf(uint64_t signature) { return signature >> 32; }

/// An adapter from its assign to its end.
struct Loaded {
  std::string name;
  uint64_t number; ///< from 1 on
  int32_t id, slot;
  bool present = true, enabled = true;
  uint64_t version = 1;
  uint64_t used, released = 0; ///< times; enters at the last release
  /// The values of its id, in the order of the calls that changed them.
  std::vector<uint64_t> served;

  void change() {
    served.push_back(present && enabled ? signatureOf(number, version) : base);
  }
};

struct Lease {
  moelora_lease lease;
  size_t tenant;
};

struct Token {
  size_t tenant;
  /// The first of what the tenant has served that this token may get; nothing:
  /// it was not there when the step entered.
  std::optional<size_t> from;
  std::optional<uint64_t> got; ///< by the first run of the step
};

/// The tokens of one resolution.
struct Batch {
  static constexpr size_t most = 8;

  size_t pass;
  bool outside; ///< of a step: of a graph that was launched alone
  std::vector<Token> tokens;
  std::array<int32_t, most> ids = {};
};

/// A step object, and its last use.
struct Pass {
  moelora_step *step = nullptr;
  int32_t stream = 0;
  bool inside = false;
  std::optional<size_t> batch; ///< what it has resolved since it entered
  int32_t runs = 0;            ///< likewise
  uint64_t serial = 0;         ///< which enter it was
  uint64_t lastPosition = 0;   ///< of its stream, where its last use ends
  std::vector<size_t> present; ///< tenants' history when it entered
};

/// One enter of a step, and where its leave is on its stream.
struct Entry {
  uint64_t serial;
  bool left = false;
  int32_t stream = 0;
  uint64_t position = 0;
};

class World;

/// The parameters of the kernel that reads.
struct RunParameters {
  World *world;
  size_t batch;
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_WORLDPARTS_H
