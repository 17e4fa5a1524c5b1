/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Parses patterns into small programs and runs those on names.
 */
#include "adapter/Pattern.h"

#include "base/Failure.h"

#include <algorithm>
#include <string>
#include <utility>

namespace moelora {

/// Recursive descent: alternation, sequence, repetition, atom.
class PatternParser {
  using Program = Patterns::Program;
  using Instruction = Patterns::Instruction;
  using Set = Patterns::Set;

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

  /// The last piece first, as texts are read.
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
    auto found = std::find(sets.begin(), sets.end(), set);
    int32_t index = static_cast<int32_t>(found - sets.begin());
    if (found == sets.end())
      sets.push_back(set);
    return {{Instruction::Characters, index}};
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

void Patterns::add(std::string_view text) {
  /// Bounds the memory, whatever the number of patterns: 64 MB.
  constexpr size_t maxInstructions = 4 << 20;
  if (text.size() > maxLength)
    fail("expects a regular expression of at most " +
         std::to_string(maxLength) + " characters, but one has " +
         std::to_string(text.size()));
  Program added = PatternParser(text, sets).parse();
  if (program.size() + added.size() >= maxInstructions)
    fail("expects regular expressions of at most " +
         std::to_string(maxInstructions) + " steps together, but with '" +
         std::string(text) + "' they have more");
  program.insert(program.end(), added.begin(), added.end());
  program.push_back({Instruction::Match, static_cast<int32_t>(ends.size())});
  ends.push_back(static_cast<int32_t>(program.size()));
  memory.states.clear();
}

/// Forgets all states but the first.
void Patterns::restart() const {
  memory.known.clear();
  memory.states.clear();
  memory.seen.resize(program.size());
  std::vector<int32_t> begins;
  for (size_t i = 0; i < ends.size(); ++i)
    begins.push_back(i == 0 ? 0 : ends[i - 1]);
  enter(begins, true);
}

/// Follows what needs no character. `atEnd` and `atBegin` say where in the text
/// it is; a position that waits for its begin stays.
std::vector<int32_t> Patterns::expand(std::vector<int32_t> pending, bool atEnd,
                                      bool atBegin) const {
  std::vector<int32_t> expanded;
  ++memory.expansions;
  while (!pending.empty()) {
    int32_t position = pending.back();
    pending.pop_back();
    uint64_t &seen = memory.seen[static_cast<size_t>(position)];
    ++memory.work;
    if (std::exchange(seen, memory.expansions) == memory.expansions)
      continue;
    const Instruction &i = program[static_cast<size_t>(position)];
    if (i.kind == Instruction::Split || i.kind == Instruction::Jump) {
      pending.push_back(position + i.first);
      if (i.kind == Instruction::Split)
        pending.push_back(position + i.second);
    } else if ((i.kind == Instruction::Begin && atBegin) ||
               (i.kind == Instruction::End && atEnd)) {
      pending.push_back(position + 1);
    } else if (i.kind != Instruction::End) {
      expanded.push_back(position);
    }
  }
  std::sort(expanded.begin(), expanded.end());
  return expanded;
}

int32_t Patterns::enter(const std::vector<int32_t> &positions,
                        bool atEnd) const {
  auto [found, added] = memory.known.emplace(expand(positions, atEnd, false),
                                             memory.states.size());
  if (!added)
    return found->second;
  State state{&found->first, -1, {}};
  state.next.fill(-1);
  auto isKind = [&](Instruction::Kind kind) {
    return [&, kind](int32_t position) {
      return program[static_cast<size_t>(position)].kind == kind;
    };
  };
  std::vector<int32_t> final = found->first;
  if (std::any_of(final.begin(), final.end(), isKind(Instruction::Begin)))
    final = expand(positions, atEnd, true);
  // Positions are sorted: the first match is of the first pattern.
  auto match =
      std::find_if(final.begin(), final.end(), isKind(Instruction::Match));
  if (match != final.end())
    state.match = program[static_cast<size_t>(*match)].set;
  memory.states.push_back(state);
  return found->second;
}

int32_t Patterns::advance(int32_t state, unsigned char c) const {
  /// Adapters with a pattern for each of 18,432 modules take a quarter.
  constexpr uint64_t maxWork = uint64_t(1) << 27;
  /// A state takes about a kilobyte. Names have few of them in common but for
  /// those of their ends, so forgetting the others costs little.
  constexpr size_t maxStates = 32768;
  const std::vector<int32_t> &before =
      *memory.states[static_cast<size_t>(state)].positions;
  if ((memory.work += before.size()) > maxWork)
    fail("expects regular expressions that can be decided in " +
         std::to_string(maxWork) + " steps, but these " +
         std::to_string(ends.size()) + " take more");
  std::vector<int32_t> after;
  for (int32_t position : before) {
    const Instruction &i = program[static_cast<size_t>(position)];
    if (i.kind == Instruction::Characters &&
        sets[static_cast<size_t>(i.set)].test(c))
      after.push_back(position + 1);
  }
  if (memory.states.size() < maxStates) {
    int32_t next = enter(after, false);
    return memory.states[static_cast<size_t>(state)].next[c] = next;
  }
  restart();
  return enter(after, false);
}

int64_t Patterns::firstMatch(std::string_view text) const {
  if (memory.states.empty())
    restart();
  int32_t state = 0;
  for (size_t i = text.size(); i > 0; --i) {
    unsigned char c = static_cast<unsigned char>(text[i - 1]);
    int32_t next = memory.states[static_cast<size_t>(state)].next[c];
    state = next >= 0 ? next : advance(state, c);
  }
  return memory.states[static_cast<size_t>(state)].match;
}

} // namespace moelora
