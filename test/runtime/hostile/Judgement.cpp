/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Compares what became of a mutant with what its kind says.
 */
#include "Judgement.h"

#include "Mutations.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <sstream>

namespace moelora::test {

std::string statusName(int32_t status) {
  static const char *const names[] = {
      "ok",   "invalid", "io",    "out of memory", "unsupported",
      "full", "busy",    "stale", "not found",     "cancelled"};
  bool known = status >= 0 && status < static_cast<int32_t>(std::size(names));
  return known ? names[status] : "status " + std::to_string(status);
}

bool saysOneOf(const std::string &text, const std::string &pieces) {
  std::istringstream all(pieces);
  std::string piece;
  while (std::getline(all, piece, '|'))
    if (text.find(piece) != std::string::npos)
      return true;
  return false;
}

bool sameButNotFinite(const Pages &good, const Pages &spoiled) {
  if (good.pairs != spoiled.pairs || good.bytes.size() != spoiled.bytes.size())
    return false;
  bool any = false;
  for (size_t at = 0; at < good.bytes.size(); at += sizeof(float)) {
    float left, right;
    std::memcpy(&left, good.bytes.data() + at, sizeof left);
    std::memcpy(&right, spoiled.bytes.data() + at, sizeof right);
    if (std::isfinite(right) && left != right)
      return false;
    any = any || !std::isfinite(right);
  }
  return any;
}

std::string Mutations::wrongContent(const Mutant &mutant) const {
  const char *name = mutant.door == Replace ? "victim" : "mutant";
  int32_t slot = findSlot(table, name);
  if (slot < 0)
    return "it was accepted, but is in no slot";
  Pages pages = readPages(table, slot, {}, sizeof(float));
  if (mutant.kind.content == Content::Same && !(pages == mutant.good->pages))
    return "its pages are not those of the good adapter";
  if (mutant.kind.content == Content::NotFinite &&
      !sameButNotFinite(mutant.good->pages, pages))
    return "finite values have changed, or none is not finite";
  return "";
}

void Mutations::judge(const Mutant &mutant, const Answer &answer,
                      const std::string &before) {
  const Kind &kind = mutant.kind;
  Tally &tally = tallies[kind.name];
  bool accepted = answer.status == MOELORA_OK;
  ++files;
  ++tally.files;
  ++(accepted ? tally.accepted : tally.refused);
  ++tally.statuses[statusName(answer.status)];
  std::string why;
  if (kind.status != anyAnswer && answer.status != kind.status)
    why = "expects the status " + statusName(kind.status);
  else if (kind.status > MOELORA_OK && !saysOneOf(answer.text, kind.text))
    why = std::string("expects a text with '") + kind.text + "'";
  else if (accepted)
    why = wrongContent(mutant);
  else if (answer.text.empty())
    why = "expects a text";
  if (accepted && mutant.door != Replace)
    moelora_slot_table_evict(
        table, inspect(table, findSlot(table, "mutant")).id, nullptr);
  else if (!accepted && describe() != before && why.empty())
    why = "the table has changed: " + before + "to " + describe();
  if (!why.empty())
    fail(mutant,
         why + ", but got " + statusName(answer.status) + ": " + answer.text);
}

void Mutations::fail(const Mutant &mutant, const std::string &why) {
  static const char *const doors[] = {"assign", "replace", "load"};
  const Recipe &recipe = mutant.good->draft.recipe;
  ++failed;
  ++tallies[mutant.kind.name].failed;
  failures.push_back("file " + std::to_string(files) + " of seed " +
                     std::to_string(seed) + ", " + mutant.kind.name + ", " +
                     formName(recipe.form) + " " +
                     moelora_dtype_name(recipe.dtype) + ", " +
                     doors[mutant.door] + ": " + why);
}

void Mutations::print() const {
  std::printf("%-42s %6s %8s %8s  %s\n", "kind", "files", "refused", "accepted",
              "statuses");
  for (const auto &[name, tally] : tallies) {
    std::string statuses;
    for (const auto &[status, count] : tally.statuses)
      statuses +=
          (statuses.empty() ? "" : ", ") + status + " " + std::to_string(count);
    std::printf("%-42s %6lu %8lu %8lu  %s\n", name.c_str(), tally.files,
                tally.refused, tally.accepted, statuses.c_str());
  }
}

} // namespace moelora::test
