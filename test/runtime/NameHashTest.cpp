/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The hash of names that come from files.
 */
#include "files/NameHash.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

using namespace moelora;

namespace {

/// Names of 16 letters that std::hash of this library gives one value: it mixes
/// eight bytes at a time in steps that can be undone, so the second half of a
/// name can be chosen for any first half.
std::set<std::string> namesOfOneHash(size_t count) {
  auto candidate = [](uint64_t number) {
    std::string half(8, 'a');
    for (char &c : half) {
      c = static_cast<char>('a' + number % 26);
      number /= 26;
    }
    return half;
  };
  constexpr uint64_t multiplier = 0xc6a4a7935bd1e995u;
  uint64_t inverse = 1;
  for (int i = 0; i < 6; ++i)
    inverse *= 2 - multiplier * inverse;
  auto fold = [](uint64_t value) { return value ^ value >> 47; };
  auto mixed = [&](const std::string &half) {
    uint64_t word;
    std::memcpy(&word, half.data(), sizeof word);
    return fold(word * multiplier) * multiplier;
  };
  const uint64_t seed = 0xc70f6907u ^ 16 * multiplier;
  const uint64_t meeting =
      ((seed ^ mixed("aaaaaaaa")) * multiplier) ^ mixed("bbbbbbbb");
  std::set<std::string> names;
  for (uint64_t i = 0; names.size() < count; ++i) {
    std::string first = candidate(i);
    uint64_t wanted = ((seed ^ mixed(first)) * multiplier) ^ meeting;
    uint64_t word = fold(wanted * inverse) * inverse;
    std::string second(8, 0);
    std::memcpy(second.data(), &word, sizeof word);
    bool printable = true;
    for (char c : second)
      printable = printable && c >= ' ' && c <= '~';
    if (printable)
      names.insert(first + second);
  }
  return names;
}

} // namespace

TEST(NameHash, is_siphash_1_3) {
  // Of the reference implementation: key 00 01 .. 0f, texts of 0, 1, .. bytes
  // 00 01 ...
  constexpr uint64_t key0 = 0x0706050403020100u, key1 = 0x0f0e0d0c0b0a0908u;
  constexpr uint64_t expected[] = {
      0xabac0158050fc4dcu, 0xc9f49bf37d57ca93u, 0x82cb9b024dc7d44du,
      0x8bf80ab8e7ddf7fbu, 0xcf75576088d38328u, 0xdef9d52f49533b67u,
      0xc50d2b50c59f22a7u, 0xd3927d989bb11140u, 0x369095118d299a8eu};
  std::string text;
  for (uint64_t value : expected) {
    EXPECT_EQ(sipHash(text, key0, key1), value) << text.size();
    text += static_cast<char>(text.size());
  }
}

TEST(NameHash, tells_names_apart_that_were_made_to_collide) {
  std::set<std::string> names = namesOfOneHash(50);
  std::set<size_t> common, ours;
  for (const std::string &name : names) {
    common.insert(std::hash<std::string>()(name));
    ours.insert(NameHash()(name));
  }
#ifdef __GLIBCXX__
  EXPECT_EQ(common.size(), 1u);
#endif
  EXPECT_EQ(ours.size(), names.size());
}
