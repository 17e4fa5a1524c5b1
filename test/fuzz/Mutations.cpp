// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The single changes. Each leaves a text that has nothing to change as it is.

#include "Mutator.h"

namespace moelora::fuzz {

static void overwrite(Tokens &tokens, Range range, const Tokens &source,
                      Range with) {
  Tokens copy(source.begin() + with.begin, source.begin() + with.end);
  tokens.erase(tokens.begin() + range.begin, tokens.begin() + range.end);
  tokens.insert(tokens.begin() + range.begin, copy.begin(), copy.end());
}

void Mutator::drop(Tokens &tokens, Random &random) const {
  size_t at = pick(tokens, random);
  if (at < tokens.size())
    tokens.erase(tokens.begin() + at);
}

void Mutator::repeat(Tokens &tokens, Random &random) const {
  size_t at = pick(tokens, random);
  if (at < tokens.size())
    tokens.insert(tokens.begin() + at, Token(tokens[at]));
}

void Mutator::exchange(Tokens &tokens, Random &random) const {
  size_t a = pick(tokens, random), b = pick(tokens, random);
  if (a < tokens.size() && b < tokens.size())
    std::swap(tokens[a], tokens[b]);
}

void Mutator::replace(Tokens &tokens, Random &random) const {
  size_t at = pick(tokens, random);
  if (at < tokens.size())
    tokens[at].text = another(tokens, at, random);
}

/// A type or size that changes everywhere still fits itself.
void Mutator::replaceAll(Tokens &tokens, Random &random) const {
  size_t at = pick(tokens, random);
  if (at >= tokens.size())
    return;
  std::string from = tokens[at].text, to = another(tokens, at, random);
  for (Token &token : tokens)
    if (token.text == from)
      token.text = to;
}

void Mutator::replaceAllNumbers(Tokens &tokens, Random &random) const {
  size_t at = pickOf(tokens, TokenKind::Number, random);
  if (at >= tokens.size())
    return;
  std::string from = tokens[at].text, to = another(tokens, at, random);
  for (Token &token : tokens)
    if (token.text == from)
      token.text = to;
}

void Mutator::replaceGroup(Tokens &tokens, Random &random) const {
  std::vector<Range> here = groups(tokens, "");
  if (here.empty())
    return;
  Range range = here[below(random, here.size())];
  const Tokens &source = modules[below(random, modules.size())];
  std::vector<Range> there = groups(source, tokens[range.begin - 1].text);
  if (!there.empty())
    overwrite(tokens, range, source, there[below(random, there.size())]);
}

/// `bias(...)`, `weighted(...)`, `{...}`: what an op may do without.
void Mutator::dropClause(Tokens &tokens, Random &random) const {
  for (int tries = 0; tries < 32; ++tries) {
    size_t at = pickOf(tokens, TokenKind::Punctuation, random);
    if (at >= tokens.size() || at == 0)
      return;
    if (tokens[at].text != "(" && tokens[at].text != "{")
      continue;
    size_t begin = at - (tokens[at - 1].kind == TokenKind::Word);
    if (size_t end = closing(tokens, at))
      tokens.erase(tokens.begin() + begin, tokens.begin() + end);
    return;
  }
}

void Mutator::moveLine(Tokens &tokens, Random &random) const {
  std::vector<Range> all = lines(tokens);
  if (all.size() < 2)
    return;
  Range from = all[below(random, all.size())],
        to = all[below(random, all.size())];
  Tokens line(tokens.begin() + from.begin, tokens.begin() + from.end);
  tokens.insert(tokens.begin() + to.begin, line.begin(), line.end());
  size_t shift = to.begin <= from.begin ? line.size() : 0;
  if (below(random, 2))
    tokens.erase(tokens.begin() + from.begin + shift,
                 tokens.begin() + from.end + shift);
}

void Mutator::spliceLine(Tokens &tokens, Random &random) const {
  const Tokens &source = modules[below(random, modules.size())];
  std::vector<Range> here = lines(tokens), there = lines(source);
  if (!here.empty() && !there.empty())
    overwrite(tokens, here[below(random, here.size())], source,
              there[below(random, there.size())]);
}

} // namespace moelora::fuzz
