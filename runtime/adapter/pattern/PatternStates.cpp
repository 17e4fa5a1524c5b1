/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Sets of positions in programs.
 */
#include "adapter/pattern/PatternStates.h"

#include "files/NameHash.h"

#include <algorithm>

using namespace moelora;

using Instruction = PatternInstruction;

size_t PatternStates::PositionsHash::operator()(const Positions &of) const {
  return NameHash()(
      {reinterpret_cast<const char *>(of.data()), of.size() * sizeof(int32_t)});
}

void PatternStates::add(const PatternProgram &added, int64_t index) {
  /// Limits the memory to 64 MB, whatever the number of patterns.
  constexpr size_t maxInstructions = 4 << 20;
  if (program.size() + added.size() >= maxInstructions)
    fail("expects regular expressions of at most " +
         std::to_string(maxInstructions) +
         " instructions together, but they have more");
  begins.push_back(static_cast<int32_t>(program.size()));
  program.insert(program.end(), added.begin(), added.end());
  program.push_back({Instruction::Match, static_cast<int32_t>(index)});
  states.clear();
}

/// Deletes all states except the first.
void PatternStates::restart(const Cost &cost) {
  states.clear();
  known.clear();
  seen.resize(program.size());
  enter(begins, cost);
}

/// Follows the instructions that read no character. A position that waits for
/// the beginning of the text stays, unless this is the beginning.
void PatternStates::follow(int32_t from, bool atBegin, const Cost &cost,
                           Positions &to) {
  bool atEnd = states.empty();
  for (pending.assign(1, from); !pending.empty();) {
    int32_t position = pending.back();
    pending.pop_back();
    cost.spend(1);
    uint64_t &last = seen[static_cast<size_t>(position)];
    if (std::exchange(last, expansions) == expansions)
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
      to.push_back(position);
    }
  }
}

PatternStates::Positions PatternStates::expand(const Positions &from,
                                               bool atBegin, const Cost &cost) {
  Positions expanded;
  ++expansions;
  for (int32_t position : from)
    follow(position, atBegin, cost, expanded);
  if (!std::is_sorted(expanded.begin(), expanded.end()))
    std::sort(expanded.begin(), expanded.end());
  return expanded;
}

/// Positions are sorted, so the first match has the smallest index.
int64_t PatternStates::matchOf(const Positions &positions) const {
  for (int32_t position : positions)
    if (program[static_cast<size_t>(position)].kind == Instruction::Match)
      return program[static_cast<size_t>(position)].value;
  return -1;
}

int32_t PatternStates::enter(const Positions &positions, const Cost &cost) {
  /// The cost of the table of a new state.
  constexpr uint64_t stateSteps = 16;
  auto [found, added] =
      known.emplace(expand(positions, false, cost), states.size());
  if (!added)
    return found->second;
  const Positions &expanded = found->first;
  cost.spend(stateSteps + 2 * expanded.size());
  auto waits = [&](int32_t position) {
    return program[static_cast<size_t>(position)].kind == Instruction::Begin;
  };
  bool begins = std::any_of(expanded.begin(), expanded.end(), waits);
  int64_t match = matchOf(begins ? expand(positions, true, cost) : expanded);
  State state{&expanded, match, {}};
  state.next.fill(-1);
  states.push_back(state);
  return found->second;
}

bool PatternStates::takes(int32_t position, unsigned char c) const {
  const Instruction &i = program[static_cast<size_t>(position)];
  switch (i.kind) {
  case Instruction::Byte:
    return i.value == c;
  case Instruction::Any:
    return true;
  case Instruction::Class:
    return classes[static_cast<size_t>(i.value)].test(c);
  default:
    return false;
  }
}

int32_t PatternStates::advance(int32_t state, unsigned char c,
                               const Cost &cost) {
  /// A state takes about a kilobyte. Names share few states except those of
  /// their ends, so deleting the others costs little.
  constexpr size_t maxStates = 32768;
  const Positions &before = *states[static_cast<size_t>(state)].positions;
  cost.spend(1 + before.size());
  Positions after;
  for (int32_t position : before)
    if (takes(position, c))
      after.push_back(position + 1);
  if (states.size() < maxStates) {
    int32_t next = enter(after, cost);
    return states[static_cast<size_t>(state)].next[c] = next;
  }
  restart(cost);
  return enter(after, cost);
}

int64_t PatternStates::firstMatch(std::string_view text, PatternBudget &budget,
                                  Work &work) {
  const Cost cost = {budget, work};
  if (begins.empty())
    return -1;
  if (states.empty())
    restart(cost);
  work.step(text.size());
  int32_t state = 0;
  for (size_t i = text.size(); i > 0; --i) {
    unsigned char c = static_cast<unsigned char>(text[i - 1]);
    int32_t next = states[static_cast<size_t>(state)].next[c];
    state = next >= 0 ? next : advance(state, c, cost);
  }
  return states[static_cast<size_t>(state)].match;
}
