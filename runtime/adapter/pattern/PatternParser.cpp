/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Parses patterns into small programs.
 */
#include "adapter/pattern/PatternParser.h"

#include "base/Text.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

using namespace moelora;

namespace {

using Program = PatternProgram;
using Instruction = PatternInstruction;
using Set = CharacterSet;

/// Recursive descent: alternation, sequence, repetition, atom.
class PatternParser {
public:
  PatternParser(std::string_view text, std::vector<Set> &classes, Work &work)
      : text(text), classes(classes), work(work) {}

  Program parse() {
    Program whole = alternation();
    if (at < text.size())
      refuse("an unbalanced parenthesis");
    return whole;
  }

private:
  static constexpr int maxNesting = 32;

  [[noreturn]] void refuse(const std::string &why) {
    fail("expects a regular expression without look-around, back-references "
         "and flags, but " +
         quoted(text) + " has " + why);
  }

  bool more() const { return at < text.size(); }
  bool next(char c) { return more() && text[at] == c; }
  bool take(char c) { return next(c) && ++at; }

  void append(Program &to, const Program &from) {
    if (to.size() + from.size() > maxPatternProgram)
      refuse("too many repetitions");
    work.step(1 + from.size() / 4);
    to.insert(to.end(), from.begin(), from.end());
  }

  /// The alternatives follow each other. Each begins with a split to the next
  /// one, and all but the last jump to the end.
  Program alternation() {
    if (++nesting > maxNesting)
      refuse("too many nested groups");
    std::vector<Program> choices;
    do
      choices.push_back(sequence());
    while (take('|'));
    --nesting;
    if (choices.size() == 1)
      return std::move(choices.front());
    size_t rest = 2 * (choices.size() - 1);
    for (const Program &choice : choices)
      rest += choice.size();
    Program all;
    for (const Program &choice : choices) {
      bool last = &choice == &choices.back();
      if (!last)
        all.push_back(splitTo(1, int64_t(choice.size()) + 2));
      append(all, choice);
      rest -= choice.size() + (last ? 0 : 2);
      if (!last)
        all.push_back(jumpTo(int64_t(rest) + 1));
    }
    return all;
  }

  /// The last element comes first, because texts are read from the end.
  Program sequence() {
    std::vector<Program> pieces;
    while (more() && !next('|') && !next(')'))
      pieces.push_back(repetition());
    Program all;
    for (size_t i = pieces.size(); i > 0; --i)
      append(all, pieces[i - 1]);
    return all;
  }

  Program repetition() {
    Program once = atom();
    size_t least = 1, most = 1; // most == 0: unlimited
    if (take('*'))
      least = 0, most = 0;
    else if (take('+'))
      most = 0;
    else if (take('?'))
      least = 0;
    else if (take('{'))
      counts(least, most);
    else
      return once;
    take('?'); // lazy: the same result
    if (next('*') || next('+') || next('?') || next('{'))
      refuse("a repeated repetition");
    return repeat(once, least, most);
  }

  void counts(size_t &least, size_t &most) {
    least = next(',') ? 0 : number();
    most = least;
    if (take(','))
      most = next('}') ? 0 : number();
    else if (least == 0)
      refuse("a repetition of zero times");
    if (!take('}') || (most != 0 && most < least))
      refuse("a malformed repetition");
  }

  size_t number() {
    size_t value = 0, begin = at;
    for (; more() && text[at] >= '0' && text[at] <= '9'; ++at) {
      value = value * 10 + static_cast<size_t>(text[at] - '0');
      if (value > 1000)
        refuse("too many repetitions");
    }
    if (at == begin)
      refuse("a malformed repetition");
    return value;
  }

  Program repeat(const Program &once, size_t least, size_t most) {
    Program all;
    if (once.empty())
      return all;
    for (size_t i = 0; i < least; ++i)
      append(all, once);
    if (most == 0) { // split, once, jump back
      all.push_back(splitTo(1, int64_t(once.size()) + 2));
      append(all, once);
      all.push_back(jumpTo(-int64_t(once.size()) - 1));
    }
    for (size_t i = least; i < most; ++i) {
      all.push_back(splitTo(1, int64_t(once.size()) + 1));
      append(all, once);
    }
    return all;
  }

  Program atom() {
    char c = text[at++];
    switch (c) {
    case '(':
      return group();
    case '[':
      return characters(bracket());
    case '.':
      return {{Instruction::Any}};
    case '^':
      return {{Instruction::Begin}};
    case '$':
      return {{Instruction::End}};
    case '\\':
      return characters(escape());
    case '*':
    case '+':
    case '?':
      refuse("nothing to repeat");
    }
    return byte(c);
  }

  Program group() {
    if (take('?') && !take(':'))
      refuse("a group that begins with '?'");
    Program inner = alternation();
    if (!take(')'))
      refuse("an unbalanced parenthesis");
    return inner;
  }

  /// Finds an equal class among the last ones, or adds one.
  Program characters(const Set &set) {
    if (set.count() == 1)
      return {{Instruction::Byte, static_cast<int32_t>(set._Find_first())}};
    constexpr std::ptrdiff_t lately = 16;
    auto end = classes.end();
    auto found =
        std::find(end - std::min(lately, end - classes.begin()), end, set);
    int32_t index = static_cast<int32_t>(found - classes.begin());
    if (found == end)
      classes.push_back(set);
    return {{Instruction::Class, index}};
  }
  static Program byte(char c) {
    return {{Instruction::Byte, static_cast<unsigned char>(c)}};
  }

  static Set only(char c) { return Set().set(static_cast<unsigned char>(c)); }
  static Set range(char first, char last) {
    Set set;
    for (int c = static_cast<unsigned char>(first);
         c <= static_cast<unsigned char>(last); ++c)
      set.set(static_cast<size_t>(c));
    return set;
  }

  Set escape() {
    if (!more())
      refuse("a backslash at its end");
    char c = text[at++];
    Set digits = range('0', '9');
    Set word = digits | range('a', 'z') | range('A', 'Z') | only('_');
    Set space = range('\t', '\r') | only(' ');
    switch (c) {
    case 'd':
      return digits;
    case 'D':
      return ~digits;
    case 'w':
      return word;
    case 'W':
      return ~word;
    case 's':
      return space;
    case 'S':
      return ~space;
    }
    if (word.test(static_cast<unsigned char>(c)) && c != '_')
      refuse(std::string("the escape \\") + c);
    return only(c);
  }

  Set bracket() {
    bool negated = take('^'), first = true;
    Set set;
    for (; more() && (first || !next(']')); first = false) {
      char low = text[at++];
      if (low == '\\') {
        set |= escape();
      } else if (next('-') && at + 1 < text.size() && text[at + 1] != ']') {
        char high = text[at + 1];
        if (high == '\\' || high < low)
          refuse("a malformed range");
        at += 2;
        set |= range(low, high);
      } else {
        set |= only(low);
      }
    }
    if (!take(']'))
      refuse("an unbalanced bracket");
    return negated ? ~set : set;
  }

  std::string_view text;
  size_t at = 0;
  int nesting = 0;
  std::vector<Set> &classes;
  Work &work;
};

} // namespace

PatternProgram moelora::parsePattern(std::string_view text,
                                     std::vector<CharacterSet> &classes,
                                     Work &work) {
  work.step(text.size());
  return PatternParser(text, classes, work).parse();
}
