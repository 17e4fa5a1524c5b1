/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The expressions of rank_pattern and alpha_pattern.
 */
#include "Pattern.h"
#include "Failure.h"

#include <gtest/gtest.h>

using moelora::Pattern;

namespace {

/// As the keys are used: any modules before, the name at the end.
bool matches(const std::string &key, const std::string &name) {
  return Pattern("(.*\\.)?(" + key + ")$").matches(name);
}

} // namespace

TEST(Pattern, ends_at_components) {
  EXPECT_TRUE(matches("down_proj", "model.layers.0.mlp.experts.1.down_proj"));
  EXPECT_TRUE(matches("down_proj", "down_proj"));
  EXPECT_FALSE(matches("down_proj", "model.my_down_proj"));
  EXPECT_FALSE(matches("down_proj", "model.down_proj.weight"));
  EXPECT_TRUE(matches("experts.3.w2", "model.layers.0.moe.experts.3.w2"));
  EXPECT_FALSE(matches("experts.3.w2", "model.layers.0.moe.experts.13.w2"));
  EXPECT_TRUE(matches(".*\\.gate_up_proj", "a.experts.gate_up_proj"));
  EXPECT_FALSE(matches(".*\\.gate_up_proj", "gate_up_proj"));
  EXPECT_FALSE(matches(".*\\.gate_up_proj", "a.gate_up_projx"));
}

TEST(Pattern, operators) {
  EXPECT_TRUE(Pattern("a|bc|").matches("bc"));
  EXPECT_TRUE(Pattern("a|bc|").matches(""));
  EXPECT_FALSE(Pattern("a|bc").matches("abc"));
  EXPECT_TRUE(Pattern("(ab)+c?").matches("ababc"));
  EXPECT_FALSE(Pattern("(ab)+c?").matches("abac"));
  EXPECT_TRUE(Pattern("(?:ab)*?c").matches("ababc"));
  EXPECT_TRUE(Pattern("x{2,3}").matches("xxx"));
  EXPECT_FALSE(Pattern("x{2,3}").matches("xxxx"));
  EXPECT_FALSE(Pattern("x{2,3}").matches("x"));
  EXPECT_TRUE(Pattern("x{2,}").matches("xxxxx"));
  EXPECT_TRUE(Pattern("x{,2}y").matches("y"));
  EXPECT_FALSE(Pattern("x{2}").matches("xxx"));
}

TEST(Pattern, characters) {
  EXPECT_TRUE(Pattern("[0-9a]\\d\\.").matches("a7."));
  EXPECT_FALSE(Pattern("[0-9a]\\d\\.").matches("a7x"));
  EXPECT_TRUE(Pattern("[^.]+").matches("gate_proj"));
  EXPECT_FALSE(Pattern("[^.]+").matches("a.b"));
  EXPECT_TRUE(Pattern("[]x]+[a-]").matches("]x-"));
  EXPECT_TRUE(Pattern("[\\d_]*\\w\\W\\s\\S\\D").matches("1_a. bc"));
}

TEST(Pattern, anchors) {
  EXPECT_TRUE(matches("^model\\.a", "model.a"));
  EXPECT_FALSE(matches("^a", "model.a"));
  EXPECT_TRUE(matches("a$", "model.a"));
  EXPECT_FALSE(matches("a$b", "a$b"));
}

TEST(Pattern, refused) {
  for (const char *text :
       {"(",        ")",      "a)|(b",    "[",       "[a",
        "[b-a]",    "\\",     "\\1",      "\\b",     "(?=a)",
        "(?P<x>a)", "(?i)a",  "*",        "a**",     "a{",
        "a{2",      "a{3,2}", "a{,}x{x}", "a{1001}", "((a{200}){200})",
        "+",        "?"})
    EXPECT_THROW(Pattern{text}, moelora::Failure) << text;
  EXPECT_THROW(Pattern(std::string(1025, 'a')), moelora::Failure);
  EXPECT_THROW(Pattern(std::string(500, '(')), moelora::Failure);
}

TEST(Pattern, hostile_patterns_take_bounded_time) {
  std::string text(1000, 'a');
  EXPECT_FALSE(Pattern("(a+)+$b").matches(text + "c"));
  EXPECT_FALSE(Pattern("(a*)*(a*)*(a*)*b").matches(text));
  EXPECT_FALSE(Pattern("(a|a|aa)*c").matches(text));
  EXPECT_TRUE(Pattern("(()*)*a*").matches(text));
}
