/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads UTF-8 character by character.
 */
#include "base/Text.h"

#include <algorithm>
#include <cstdint>

using namespace moelora;

namespace {

/// The character at one position of a text.
struct Character {
  uint32_t value = 0;
  size_t bytes = 0; ///< 0: no character begins here
};

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

/// The number of bytes of a character with this first byte; 0 if there is none.
size_t lengthFrom(unsigned char first) {
  if (first < 0x80)
    return 1;
  if (first < 0xc2 || first > 0xf4)
    return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

Character readCharacter(std::string_view text) {
  constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  unsigned char first = static_cast<unsigned char>(text.front());
  size_t bytes = lengthFrom(first);
  if (bytes == 0 || bytes > text.size())
    return {};
  uint32_t value = bytes == 1 ? first : first & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if (!continues(text[i]))
      return {};
    value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < least[bytes] || value > 0x10ffff || surrogate)
    return {};
  return {value, bytes};
}

/// Whether a terminal or a viewer may interpret the character instead of
/// displaying it.
bool isControl(uint32_t character) {
  constexpr uint32_t ranges[][2] = {{0x00, 0x1f},
                                    {0x7f, 0x9f},
                                    {0x2028, 0x2029},
                                    {0x202a, 0x202e},
                                    {0x2066, 0x2069}};
  return std::any_of(std::begin(ranges), std::end(ranges), [&](auto &range) {
    return character >= range[0] && character <= range[1];
  });
}

} // namespace

std::string moelora::cutText(std::string_view text, size_t most) {
  if (text.size() <= most)
    return std::string(text);
  size_t end = most;
  while (end > 0 && most - end < 3 && continues(text[end]))
    --end;
  // Continuation bytes without a first byte have no boundary.
  return std::string(text.substr(0, continues(text[end]) ? most : end)) + "...";
}

std::string moelora::quoted(std::string_view text, size_t most) {
  return "'" + cutText(text, most) + "'";
}

std::string moelora::printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    Character character = readCharacter(text.substr(at));
    if (character.bytes == 0 || isControl(character.value))
      shown += '?';
    else
      shown += text.substr(at, character.bytes);
    at += std::max<size_t>(character.bytes, 1);
  }
  return shown;
}
