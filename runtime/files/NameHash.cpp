/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * SipHash with one round for each word and three at the end.
 */
#include "files/NameHash.h"

#include <chrono>
#include <cstring>
#include <sys/random.h>

using namespace moelora;

namespace {

struct Key {
  uint64_t words[2];
};

Key drawKey() {
  Key key = {};
  if (::getrandom(&key, sizeof key, GRND_NONBLOCK) == sizeof key)
    return key;
  // The system has no random numbers yet, shortly after it started: a weaker
  // key is used.
  auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  key.words[0] = static_cast<uint64_t>(now);
  key.words[1] = reinterpret_cast<uintptr_t>(&key);
  return key;
}

uint64_t rotate(uint64_t word, int by) {
  return word << by | word >> (64 - by);
}

struct State {
  uint64_t a, b, c, d;

  void round() {
    a += b;
    b = rotate(b, 13) ^ a;
    a = rotate(a, 32);
    c += d;
    d = rotate(d, 16) ^ c;
    a += d;
    d = rotate(d, 21) ^ a;
    c += b;
    b = rotate(b, 17) ^ c;
    c = rotate(c, 32);
  }
  void add(uint64_t word) {
    d ^= word;
    round();
    a ^= word;
  }
};

} // namespace

uint64_t moelora::sipHash(std::string_view text, uint64_t key0, uint64_t key1) {
  State state = {key0 ^ 0x736f6d6570736575u, key1 ^ 0x646f72616e646f6du,
                 key0 ^ 0x6c7967656e657261u, key1 ^ 0x7465646279746573u};
  uint64_t word = 0;
  size_t at = 0;
  for (; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    state.add(word);
  }
  word = static_cast<uint64_t>(text.size()) << 56;
  for (size_t i = at; i < text.size(); ++i)
    word |= static_cast<uint64_t>(static_cast<unsigned char>(text[i]))
            << 8 * (i - at);
  state.add(word);
  state.c ^= 0xff;
  for (int i = 0; i < 3; ++i)
    state.round();
  return state.a ^ state.b ^ state.c ^ state.d;
}

size_t NameHash::operator()(std::string_view name) const {
  static const Key key = drawKey();
  return sipHash(name, key.words[0], key.words[1]);
}
