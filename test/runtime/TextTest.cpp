/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Error texts quote hostile files: they stay valid UTF-8 that a terminal shows
 * as it is written.
 */
#include "moelora/runtime/Error.h"

#include <gtest/gtest.h>
#include <string>

namespace {

/// The text that a caller receives with the error.
std::string shown(const std::string &text) {
  moelora_error *error = nullptr;
  moelora_error_make(&error, MOELORA_INVALID, text.c_str());
  std::string result = moelora_error_text(error);
  moelora_error_free(error);
  return result;
}

std::string utf8(uint32_t character) {
  auto tail = [&](int shift) {
    return static_cast<char>(0x80 | (character >> shift & 0x3f));
  };
  if (character < 0x80)
    return {static_cast<char>(character)};
  if (character < 0x800)
    return {static_cast<char>(0xc0 | character >> 6), tail(0)};
  if (character < 0x10000)
    return {static_cast<char>(0xe0 | character >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | character >> 18), tail(12), tail(6),
          tail(0)};
}

bool isForbidden(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

} // namespace

TEST(ErrorText, each_character_is_kept_or_replaced) {
  for (uint32_t c = 1; c < 0x110000; c = c == 0xd7ff ? 0xe000 : c + 1)
    ASSERT_EQ(shown("a" + utf8(c) + "b"),
              isForbidden(c) ? "a?b" : "a" + utf8(c) + "b")
        << std::hex << c;
}

TEST(ErrorText, bytes_that_are_no_character_are_replaced) {
  const char *cases[][2] = {
      {"\x80", "?"},                 // continues nothing
      {"\xff", "?"},                 // in no character
      {"a\xc3", "a?"},               // cut
      {"\xe2\x82", "??"},            //
      {"\xf0\x9f\x98", "???"},       //
      {"\xc3(", "?("},               // not continued
      {"\xc0\xaf", "??"},            // longer than need be
      {"\xe0\x80\xaf", "???"},       //
      {"\xf0\x80\x80\xaf", "????"},  //
      {"\xed\xa0\x80", "???"},       // a surrogate
      {"\xf4\x90\x80\x80", "????"},  // beyond the last character
      {"\xf5\x80\x80\x80", "????"}}; //
  for (const auto &[text, expected] : cases)
    EXPECT_EQ(shown(text), expected);
}

TEST(ErrorText, is_cut_between_characters) {
  for (const char *character :
       {"x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"})
    for (size_t shift = 0; shift < 4; ++shift) {
      std::string text(shift, 'x');
      while (text.size() < 3000)
        text += character;
      std::string cut = shown(text);
      ASSERT_GT(cut.size(), 1990u);
      ASSERT_LE(cut.size(), 2003u);
      std::string kept = cut.substr(0, cut.size() - 3);
      EXPECT_EQ(cut.substr(kept.size()), "...");
      EXPECT_EQ(shown(kept), kept); // nothing in it had to be replaced
      EXPECT_EQ(text.substr(0, kept.size()), kept);
      EXPECT_EQ((kept.size() - shift) % std::string(character).size(), 0u);
    }
}
