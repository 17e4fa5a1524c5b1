// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of a module as tokens, and ways to find some of them.
#ifndef MOELORA_FUZZ_TOKENS_H
#define MOELORA_FUZZ_TOKENS_H

#include <random>
#include <string>
#include <vector>

namespace moelora::fuzz {

enum class TokenKind { Space, Word, Name, Number, String, Punctuation };

struct Token {
  TokenKind kind;
  std::string text;
};

using Tokens = std::vector<Token>;

/// All characters of a text, each in one token; comments become space.
Tokens tokenize(const std::string &text);
std::string join(const Tokens &tokens);

/// The cases of a file that a line "// -----" separates.
std::vector<std::string> splitCases(const std::string &text);

struct Range {
  size_t begin, end;
};

/// `<...>` of types and attributes called `word`; of all if it is empty.
std::vector<Range> groups(const Tokens &tokens, const std::string &word);
std::vector<Range> lines(const Tokens &tokens);

/// One past the bracket that closes the one at `at`, or 0.
size_t closing(const Tokens &tokens, size_t at);

/// The token in front of `at`, spaces aside.
std::string textBefore(const Tokens &tokens, size_t at);

using Random = std::mt19937_64;

size_t below(Random &random, size_t bound);

/// Index of a token that is not space, or of one kind; the end if none is
/// found.
size_t pick(const Tokens &tokens, Random &random);
size_t pickOf(const Tokens &tokens, TokenKind kind, Random &random);

} // namespace moelora::fuzz

#endif // MOELORA_FUZZ_TOKENS_H
