/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The hash of names that come from files. std::hash has a known key, so a file
 * could have a million names in one bucket, and a table of them would take
 * hours. This hash (SipHash-1-3) has a random key per process.
 */
#ifndef MOELORA_RUNTIME_FILES_NAMEHASH_H
#define MOELORA_RUNTIME_FILES_NAMEHASH_H

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace moelora {

uint64_t sipHash(std::string_view text, uint64_t key0, uint64_t key1);

struct NameHash {
  size_t operator()(std::string_view name) const;
};

template <typename Name, typename Value>
using NameMap = std::unordered_map<Name, Value, NameHash>;
template <typename Name> using NameSet = std::unordered_set<Name, NameHash>;

} // namespace moelora

#endif // MOELORA_RUNTIME_FILES_NAMEHASH_H
