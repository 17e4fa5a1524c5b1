/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Parses patterns into small programs and runs those on names.
 */
#include "Pattern.h"

#include "Failure.h"

#include <string>

namespace moelora {

/// Recursive descent: alternation, sequence, repetition, atom.
class PatternParser {
  using Program = Pattern::Program;
  using Instruction = Pattern::Instruction;
  using Set = Pattern::Set;

public:
  PatternParser(std::string_view text, std::vector<Set> &sets)
      : text(text), sets(sets) {}

  Program parse() {
    Program whole = alternation();
    if (at < text.size())
      refuse("an unbalanced parenthesis");
    return whole;
  }

private:
  /// Bounds the program, whatever {m,n} asks for, and with it the time.
  static constexpr size_t maxProgram = 4096;
  static constexpr int maxNesting = 32;

  [[noreturn]] void refuse(const std::string &why) {
    fail("expects a regular expression without look-around, back-references "
         "and flags, but '" +
         std::string(text) + "' has " + why);
  }

  bool more() const { return at < text.size(); }
  bool next(char c) { return more() && text[at] == c; }
  bool take(char c) { return next(c) && ++at; }

  void append(Program &to, const Program &from) {
    if (to.size() + from.size() > maxProgram)
      refuse("too many repetitions");
    to.insert(to.end(), from.begin(), from.end());
  }

  static Instruction split(size_t first, size_t second) {
    return {Instruction::Split, 0, static_cast<int32_t>(first),
            static_cast<int32_t>(second)};
  }
  static Instruction jump(int64_t distance) {
    return {Instruction::Jump, 0, static_cast<int32_t>(distance), 0};
  }

  Program alternation() {
    if (++nesting > maxNesting)
      refuse("too many nested groups");
    Program left = sequence();
    while (take('|')) {
      Program right = sequence(), both{split(1, left.size() + 2)};
      append(both, left);
      both.push_back(jump(static_cast<int64_t>(right.size()) + 1));
      append(both, right);
      left = std::move(both);
    }
    --nesting;
    return left;
  }

  Program sequence() {
    Program all;
    while (more() && !next('|') && !next(')'))
      append(all, repetition());
    return all;
  }

  Program repetition() {
    Program once = atom();
    size_t least = 1, most = 1; // most == 0: without end
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
    take('?'); // lazy: the same answer
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
    for (; more() && text[at] >= '0' && text[at] <= '9'; ++at)
      if ((value = value * 10 + static_cast<size_t>(text[at] - '0')) > 1000)
        refuse("too many repetitions");
    if (at == begin)
      refuse("a malformed repetition");
    return value;
  }

  Program repeat(const Program &once, size_t least, size_t most) {
    Program all;
    for (size_t i = 0; i < least; ++i)
      append(all, once);
    if (most == 0) { // split, once, jump back
      all.push_back(split(1, once.size() + 2));
      append(all, once);
      all.push_back(jump(-static_cast<int64_t>(once.size()) - 1));
    }
    for (size_t i = least; i < most; ++i) {
      all.push_back(split(1, once.size() + 1));
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
      return characters(~Set());
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
    return characters(only(c));
  }

  Program group() {
    if (take('?') && !take(':'))
      refuse("a group that begins with '?'");
    Program inner = alternation();
    if (!take(')'))
      refuse("an unbalanced parenthesis");
    return inner;
  }

  Program characters(const Set &set) {
    sets.push_back(set);
    return {{Instruction::Characters, static_cast<int32_t>(sets.size()) - 1}};
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
  std::vector<Set> &sets;
};

Pattern::Pattern(std::string_view text) {
  if (text.size() > maxLength)
    fail("expects a regular expression of at most " +
         std::to_string(maxLength) + " characters, but one has " +
         std::to_string(text.size()));
  program = PatternParser(text, sets).parse();
}

bool Pattern::matches(std::string_view text) const {
  // The set of positions in the program, as a list and as marks; `mark` holds
  // the step in which a position was last added.
  size_t end = program.size(), step = 0;
  std::vector<size_t> now, after, pending, mark(end + 1, SIZE_MAX);
  auto add = [&](std::vector<size_t> &to, size_t start) {
    pending.push_back(start);
    while (!pending.empty()) {
      size_t position = pending.back();
      pending.pop_back();
      if (std::exchange(mark[position], step) == step)
        continue;
      const Instruction *i = position < end ? &program[position] : nullptr;
      if (!i || i->kind == Instruction::Characters)
        to.push_back(position);
      else if (i->kind == Instruction::Begin || i->kind == Instruction::End) {
        if (step == (i->kind == Instruction::Begin ? 0 : text.size()))
          pending.push_back(position + 1);
      } else {
        pending.push_back(position + static_cast<size_t>(i->first));
        if (i->kind == Instruction::Split)
          pending.push_back(position + static_cast<size_t>(i->second));
      }
    }
  };
  add(now, 0);
  for (char c : text) {
    ++step;
    after.clear();
    for (size_t position : now)
      if (position < end &&
          sets[static_cast<size_t>(program[position].set)].test(
              static_cast<unsigned char>(c)))
        add(after, position + 1);
    now.swap(after);
  }
  return mark[end] == step;
}

} // namespace moelora
