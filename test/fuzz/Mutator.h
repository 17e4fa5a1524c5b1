// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Modules that are almost right: the text of good ones with a few tokens
// dropped, repeated, exchanged or replaced. Random bytes die in the lexer; what
// keeps its shape reaches verifiers, passes and code generation.
#ifndef MOELORA_FUZZ_MUTATOR_H
#define MOELORA_FUZZ_MUTATOR_H

#include "Tokens.h"

#include <cstdint>
#include <map>

namespace moelora::fuzz {

/// Any number of threads may use one mutator.
class Mutator {
public:
  /// Mutants of good modules, with parts of those and of donors.
  Mutator(const std::vector<std::string> &good,
          const std::vector<std::string> &donors);

  /// The same text for the same seed and modules.
  std::string mutate(uint64_t seed) const;

private:
  using Mutation = void (Mutator::*)(Tokens &, Random &) const;

  void drop(Tokens &tokens, Random &random) const;
  void repeat(Tokens &tokens, Random &random) const;
  void exchange(Tokens &tokens, Random &random) const;
  void replace(Tokens &tokens, Random &random) const;
  void replaceAll(Tokens &tokens, Random &random) const;
  void replaceAllNumbers(Tokens &tokens, Random &random) const;
  void replaceGroup(Tokens &tokens, Random &random) const;
  void dropClause(Tokens &tokens, Random &random) const;
  void moveLine(Tokens &tokens, Random &random) const;
  void spliceLine(Tokens &tokens, Random &random) const;

  /// Another text for the token at `at`: mostly one that stands in the same
  /// context somewhere, else one of its kind.
  std::string another(const Tokens &tokens, size_t at, Random &random) const;
  std::string ofSameKind(const Token &token, Random &random) const;

  std::vector<Tokens> modules; ///< good ones first
  size_t good;
  /// The token after another one, and its kind.
  std::map<std::pair<std::string, TokenKind>, std::vector<std::string>> after;
};

} // namespace moelora::fuzz

#endif // MOELORA_FUZZ_MUTATOR_H
