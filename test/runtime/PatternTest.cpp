/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The expressions of rank_pattern and alpha_pattern.
 */
#include "adapter/pattern/Pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

using moelora::Patterns;
using moelora::Work;

namespace {

/// One pattern.
struct Pattern {
  explicit Pattern(std::string_view text) { all.add(text, work); }
  bool matches(std::string_view text) {
    return all.firstMatch(text, work) == 0;
  }
  Patterns all;
  Work work;
};

bool matches(const std::string &key, const std::string &name) {
  return Pattern(key).matches(name);
}

/// Several patterns.
struct All {
  void add(const std::string &text) { patterns.add(text, work); }
  int64_t firstMatch(const std::string &name) {
    return patterns.firstMatch(name, work);
  }
  Patterns patterns;
  Work work;
};

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
  EXPECT_FALSE(Pattern("^[^.]+").matches("a.b"));
  EXPECT_TRUE(Pattern("[]x]+[a-]").matches("]x-"));
  EXPECT_TRUE(Pattern("[\\d_]*\\w\\W\\s\\S\\D").matches("1_a. bc"));
}

TEST(Pattern, anchors) {
  EXPECT_TRUE(matches("^model\\.a", "model.a"));
  EXPECT_FALSE(matches("^a", "model.a"));
  EXPECT_TRUE(matches("a$", "model.a"));
  EXPECT_FALSE(matches("a$b", "a$b"));
}

// These are looked up, and run when a group is added to them: both must agree.
TEST(Pattern, of_one_length) {
  const char *keys[] = {"",     "b",    "a.b", "a\\.b", "^b",    "^a.b",
                        ".*b",  "^.*b", "...", "^...",  "\\.b",  ".*",
                        "x\\*", "\\_b", "..b", "b\\$",  "\\\\b", ".*..b",
                        "b$",   "$",    "^$",  "^a.b$", "b$$",   "b\\$$"};
  const char *names[] = {"",     "b",   "a.b", "axb",  "x.a.b", "x.axb",
                         "xa.b", "x.b", "..b", "b.",   ".",     "_b",
                         "b$",   "x*",  "\\b", "a._b", "xa_b",  "bb"};
  for (const std::string key : keys)
    for (const char *name : names)
      EXPECT_EQ(matches(key, name), matches("(" + key + ")", name))
          << key << " on " << name;
}

TEST(Pattern, looked_up_and_run_side_by_side) {
  All all;
  for (const char *text : {"b", "(a|b)", "a", ".", "(x)?y"})
    all.add(text);
  EXPECT_EQ(all.firstMatch("b"), 0);
  EXPECT_EQ(all.firstMatch("a"), 1);
  EXPECT_EQ(all.firstMatch("c"), 3);
  EXPECT_EQ(all.firstMatch("y"), 3);
  EXPECT_EQ(all.firstMatch("xy"), 4);
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

TEST(Pattern, the_first_of_many_that_matches) {
  All all;
  for (const char *text : {"a.c", "b|ab+c", "^abc$", ".*c", "(x|y)z?"})
    all.add(text);
  EXPECT_EQ(all.firstMatch("abc"), 0);
  EXPECT_EQ(all.firstMatch("abbc"), 1);
  EXPECT_EQ(all.firstMatch("b"), 1);
  EXPECT_EQ(all.firstMatch("cc"), 3);
  EXPECT_EQ(all.firstMatch("yz"), 4);
  EXPECT_EQ(all.firstMatch("xzz"), -1);
  EXPECT_EQ(all.firstMatch(""), -1);
  EXPECT_EQ(All().firstMatch("a"), -1);
}

TEST(Pattern, a_pattern_for_each_module) {
  // More states than are cached, so the results must not depend on the cache.
  All all;
  std::vector<std::string> names;
  for (int layer = 0; layer < 40; ++layer)
    for (int expert = 0; expert < 40; ++expert)
      names.push_back("model.layers." + std::to_string(layer) +
                      ".mlp.experts." + std::to_string(expert) + ".up_proj");
  for (const std::string &name : names)
    all.add(name + "()"); // not one that is looked up
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(all.firstMatch(names[i]), static_cast<int64_t>(i));
    EXPECT_EQ(all.firstMatch("language_" + names[i]), -1);
    EXPECT_EQ(all.firstMatch("x." + names[i]), static_cast<int64_t>(i));
  }
}

TEST(Pattern, hostile_sets_of_patterns) {
  All all;
  for (int i = 0; i < 20000; ++i)
    all.add(".*" + std::to_string(i) + ".*x.*y.*z");
  auto matchMany = [&] {
    for (int i = 0; i < 100000; ++i)
      all.firstMatch(std::to_string(i) + "xyz" + std::to_string(i % 977) + "z");
  };
  EXPECT_THROW(matchMany(), moelora::Failure);
}
