// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Mutator.h"

#include <algorithm>
#include <iterator>

namespace moelora::fuzz {
namespace {

// Bounds of the types that sizes pass through, and of the dialect's own rules.
const char *const edges[] = {"0",
                             "1",
                             "2",
                             "3",
                             "7",
                             "12",
                             "16",
                             "17",
                             "33",
                             "64",
                             "-1",
                             "-2",
                             "127",
                             "128",
                             "255",
                             "256",
                             "4096",
                             "65535",
                             "65536",
                             "65537",
                             "1048575",
                             "1048576",
                             "1048577",
                             "2147483647",
                             "2147483648",
                             "-2147483648",
                             "4294967295",
                             "4294967296",
                             "4294967297",
                             "4611686018427387904",
                             "9223372036854775807",
                             "9223372036854775808",
                             "-9223372036854775808",
                             "18446744073709551615",
                             "18446744073709551616",
                             "0.0",
                             "-0.0",
                             "1.0e-45",
                             "1.0e38",
                             "1.0e39",
                             "1.0e308",
                             "1.0e400",
                             "-1.0",
                             "0x7FC00000",
                             "0x7F800000",
                             "?"};

std::string neighbour(const std::string &number, Random &random) {
  uint64_t value = std::strtoull(number.c_str(), nullptr, 10);
  switch (below(random, 4)) {
  case 0:
    return std::to_string(value + 1);
  case 1:
    return std::to_string(value - 1);
  case 2:
    return std::to_string(value * 2);
  default:
    return edges[below(random, std::size(edges))];
  }
}

bool contains(const std::vector<std::string> &texts, const std::string &text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

} // namespace

Mutator::Mutator(const std::vector<std::string> &good,
                 const std::vector<std::string> &donors)
    : good(good.size()) {
  for (const std::vector<std::string> &texts : {good, donors})
    for (const std::string &text : texts)
      modules.push_back(tokenize(text));
  for (const Tokens &tokens : modules)
    for (size_t at = 0; at < tokens.size(); ++at) {
      auto &texts = after[{textBefore(tokens, at), tokens[at].kind}];
      if (!contains(texts, tokens[at].text))
        texts.push_back(tokens[at].text);
    }
}

std::string Mutator::ofSameKind(const Token &token, Random &random) const {
  if (token.kind == TokenKind::Number)
    return neighbour(token.text, random);
  const Tokens &source = modules[below(random, modules.size())];
  size_t at = pickOf(source, token.kind, random);
  return at < source.size() ? source[at].text : "";
}

std::string Mutator::another(const Tokens &tokens, size_t at,
                             Random &random) const {
  auto found = after.find({textBefore(tokens, at), tokens[at].kind});
  if (found == after.end() || below(random, 4) == 0)
    return ofSameKind(tokens[at], random);
  return found->second[below(random, found->second.size())];
}

std::string Mutator::mutate(uint64_t seed) const {
  // Changes that keep a module consistent are more frequent, because such a
  // module passes more stages.
  static const Mutation mutations[] = {&Mutator::drop,
                                       &Mutator::repeat,
                                       &Mutator::exchange,
                                       &Mutator::replace,
                                       &Mutator::replace,
                                       &Mutator::replace,
                                       &Mutator::replaceAll,
                                       &Mutator::replaceAll,
                                       &Mutator::replaceAll,
                                       &Mutator::replaceAllNumbers,
                                       &Mutator::replaceAllNumbers,
                                       &Mutator::replaceAllNumbers,
                                       &Mutator::replaceAllNumbers,
                                       &Mutator::replaceGroup,
                                       &Mutator::replaceGroup,
                                       &Mutator::dropClause,
                                       &Mutator::dropClause,
                                       &Mutator::moveLine,
                                       &Mutator::spliceLine};
  Random random(seed);
  Tokens tokens = modules[below(random, good)];
  // One change in half of the mutants, two in a quarter, ...
  do
    (this->*mutations[below(random, std::size(mutations))])(tokens, random);
  while (below(random, 2));
  return join(tokens);
}

} // namespace moelora::fuzz
