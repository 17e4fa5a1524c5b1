/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A campaign of mutations: valid adapters, each corrupted in one way, are
 * loaded into a slot table that is in use. Each must have the result of its
 * kind. A refusal must not change any byte of the table, and an accepted
 * adapter must have its original content.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_MUTATIONS_H
#define MOELORA_TEST_RUNTIME_HOSTILE_MUTATIONS_H

#include "Kinds.h"
#include "TableText.h"
#include "moelora/runtime/Loader.h"

namespace moelora::test {

class Mutations {
public:
  explicit Mutations(unsigned seed);
  ~Mutations();
  Mutations(const Mutations &) = delete;

  /// Makes this number of files, of all kinds in turn.
  void run(uint64_t count);
  /// So many of one kind; false: there is none of this name.
  bool runKind(const std::string &name, uint64_t count);
  /// A line for each kind: files, refused, accepted, statuses.
  void print() const;

  struct Tally {
    uint64_t files = 0, refused = 0, accepted = 0, failed = 0;
    std::map<std::string, uint64_t> statuses;
  };
  std::map<std::string, Tally> tallies; ///< by the kinds' names
  std::vector<std::string> failures;
  uint64_t files = 0, failed = 0;

private:
  /// How the adapter comes into the table.
  enum Door { Assign, Replace, Load, Doors };
  struct Good {
    Draft draft;
    Pages pages;
  };
  struct Answer {
    moelora_status status = MOELORA_OK;
    std::string text;
  };
  /// The state of one file.
  struct Mutant {
    Kind kind;
    const Good *good;
    Recipe recipe; ///< of the draft after it was corrupted
    Door door;
    Folder folder;
  };

  void addGood(const Recipe &recipe);
  void bring(const Kind &kind);
  void write(Mutant &mutant);
  Answer pass(Mutant &mutant);
  Answer stage(Mutant &mutant, const moelora_adapter *adapter);
  Answer load(Mutant &mutant);
  void judge(const Mutant &mutant, const Answer &answer,
             const std::string &before);
  std::string wrongContent(const Mutant &mutant) const;
  std::string describe() const;
  void fail(const Mutant &mutant, const std::string &why);

  unsigned seed;
  Random random;
  std::vector<Kind> kinds;
  std::vector<Good> goods;
  moelora_slot_table *table = nullptr;
  moelora_loader *loader = nullptr;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_MUTATIONS_H
