// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Tokens.h"

#include <cctype>
#include <functional>

namespace moelora::fuzz {

static bool isWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' ||
         c == '.';
}

static bool isDigit(char c) {
  return std::isdigit(static_cast<unsigned char>(c));
}

static bool isSpace(char c) {
  return std::isspace(static_cast<unsigned char>(c));
}

static size_t endWhile(const std::string &text, size_t at,
                       const std::function<bool(char)> &holds) {
  while (at < text.size() && holds(text[at]))
    ++at;
  return at;
}

static size_t endOfString(const std::string &text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    at += text[at] == '\\';
  return std::min(at + 1, text.size());
}

/// 7, 0.5, 1.0e-06
static size_t endOfNumber(const std::string &text, size_t at) {
  at = endWhile(text, at, isDigit);
  if (at + 1 >= text.size() || text[at] != '.' || !isDigit(text[at + 1]))
    return at;
  at = endWhile(text, at + 1, isDigit);
  if (at < text.size() && text[at] == 'e')
    at = endWhile(text, at + 1,
                  [](char c) { return isDigit(c) || c == '-' || c == '+'; });
  return at;
}

/// In 2x32x64xbf16 sizes and element type are tokens of their own.
static bool separatesSizes(const std::string &text, size_t at) {
  return text[at] == 'x' && at > 0 &&
         (isDigit(text[at - 1]) || text[at - 1] == '?');
}

static Token tokenAt(const std::string &text, size_t at) {
  auto token = [&](TokenKind kind, size_t end) {
    return Token{kind, text.substr(at, end - at)};
  };
  char c = text[at];
  if (isSpace(c))
    return token(TokenKind::Space, endWhile(text, at, isSpace));
  if (c == '"')
    return token(TokenKind::String, endOfString(text, at));
  if (isDigit(c))
    return token(TokenKind::Number, endOfNumber(text, at));
  if (separatesSizes(text, at))
    return token(TokenKind::Punctuation, at + 1);
  if (c == '%' || c == '@' || c == '#' || c == '!' || c == '^')
    return token(TokenKind::Name, endWhile(text, at + 1, isWordCharacter));
  if (isWordCharacter(c))
    return token(TokenKind::Word, endWhile(text, at, isWordCharacter));
  if (text.compare(at, 2, "->") == 0)
    return token(TokenKind::Punctuation, at + 2);
  return token(TokenKind::Punctuation, at + 1);
}

Tokens tokenize(const std::string &text) {
  Tokens tokens;
  for (size_t at = 0; at < text.size();) {
    if (text.compare(at, 2, "//") == 0) {
      at = endWhile(text, at, [](char c) { return c != '\n'; });
      continue;
    }
    tokens.push_back(tokenAt(text, at));
    at += tokens.back().text.size();
  }
  return tokens;
}

std::string join(const Tokens &tokens) {
  std::string text;
  for (const Token &token : tokens)
    text += token.text;
  return text;
}

std::vector<std::string> splitCases(const std::string &text) {
  static const std::string separator = "// -----\n";
  std::vector<std::string> cases;
  size_t begin = 0;
  for (size_t at; (at = text.find(separator, begin)) != std::string::npos;
       begin = at + separator.size())
    cases.push_back(text.substr(begin, at - begin));
  cases.push_back(text.substr(begin));
  return cases;
}

} // namespace moelora::fuzz
