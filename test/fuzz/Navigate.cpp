// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Tokens.h"

namespace moelora::fuzz {

size_t below(Random &random, size_t bound) {
  return bound ? random() % bound : 0;
}

size_t pick(const Tokens &tokens, Random &random) {
  // Every other token is space; a few tries find one that is not.
  for (int tries = 0; tries < 32 && !tokens.empty(); ++tries) {
    size_t at = below(random, tokens.size());
    if (tokens[at].kind != TokenKind::Space)
      return at;
  }
  return tokens.size();
}

size_t pickOf(const Tokens &tokens, TokenKind kind, Random &random) {
  std::vector<size_t> found;
  for (size_t at = 0; at < tokens.size(); ++at)
    if (tokens[at].kind == kind)
      found.push_back(at);
  return found.empty() ? tokens.size() : found[below(random, found.size())];
}

size_t closing(const Tokens &tokens, size_t at) {
  static const std::string open = "(<[{", close = ")>]}";
  int depth = 0;
  for (; at < tokens.size(); ++at) {
    if (tokens[at].kind != TokenKind::Punctuation ||
        tokens[at].text.size() != 1)
      continue;
    depth += open.find(tokens[at].text) != std::string::npos;
    depth -= close.find(tokens[at].text) != std::string::npos;
    if (depth <= 0)
      return at + 1;
  }
  return 0;
}

std::vector<Range> groups(const Tokens &tokens, const std::string &word) {
  std::vector<Range> found;
  for (size_t at = 1; at < tokens.size(); ++at)
    if (tokens[at].text == "<" && (word.empty() || tokens[at - 1].text == word))
      if (size_t end = closing(tokens, at))
        found.push_back({at, end});
  return found;
}

std::vector<Range> lines(const Tokens &tokens) {
  std::vector<Range> found;
  size_t begin = 0;
  for (size_t at = 0; at < tokens.size(); ++at)
    if (tokens[at].text.find('\n') != std::string::npos) {
      found.push_back({begin, at + 1});
      begin = at + 1;
    }
  return found;
}

std::string textBefore(const Tokens &tokens, size_t at) {
  while (at > 0)
    if (tokens[--at].kind != TokenKind::Space)
      return tokens[at].text;
  return "";
}

} // namespace moelora::fuzz
