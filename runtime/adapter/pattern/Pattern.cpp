/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Keys that can be looked up, and those that have to be run.
 */
#include "adapter/pattern/Pattern.h"

#include <algorithm>

using namespace moelora;

/// The instructions of (.*\.)? in a program that reads texts from the end.
static void appendAnyModules(PatternProgram &program) {
  using Instruction = PatternInstruction;
  program.insert(program.end(), {splitTo(1, 5),
                                 {Instruction::Byte, '.'},
                                 splitTo(1, 3),
                                 {Instruction::Any},
                                 jumpTo(-2)});
}

void Patterns::add(std::string_view key, Work &work) {
  if (key.size() > maxLength)
    fail("expects a regular expression of at most " +
         std::to_string(maxLength) + " characters, but one has " +
         std::to_string(key.size()));
  int64_t index = static_cast<int64_t>(count++);
  budget.spend(1 + key.size() / 8, work);
  if (fixed.add(key, index))
    return;
  uint64_t before = work.steps();
  PatternProgram program = parsePattern(key, states.classes, work);
  budget.spend(work.steps() - before, work);
  appendAnyModules(program);
  states.add(program, index);
}

int64_t Patterns::firstMatch(std::string_view name, Work &work) const {
  uint64_t steps = 0;
  int64_t looked = fixed.firstMatch(name, steps);
  budget.spend(steps, work);
  int64_t run = states.firstMatch(name, budget, work);
  return looked < 0 || run < 0 ? std::max(looked, run) : std::min(looked, run);
}
