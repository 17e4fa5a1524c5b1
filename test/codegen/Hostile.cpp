// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Hostile.h"

namespace moelora::codetest {
namespace {

class Hostile {
public:
  Hostile(const CompiledLayer &code, const Operands &operands,
          const RunInput &input, moelora_entry_kind entry,
          const std::vector<char> &output)
      : code(code), operands(operands), input(input), entry(entry),
        whole(output), row(rowBytes()), tokens(output.size() / row) {
    if (input.step)
      slots = input.step->slots;
  }

  std::string check() {
    checkValid();
    checkRefused();
    if (entry == MOELORA_ENTRY_IDS)
      checkExperts();
    if (slots == 0)
      return why;
    RunInput without = input;
    without.step.reset();
    base = code.run(entry, without, tokens, nullptr).output;
    for (int32_t number : {INT32_MIN, -2, slots, slots + 1, INT32_MAX})
      checkNumber(number, slots, "the number " + std::to_string(number));
    checkNumber(slots - 1, slots - 1, "a number beyond the step's slots");
    checkNumber(0, slots, "a slot without an image",
                uint64_t(7) << MOELORA_WORD_ADDRESS_BITS);
    checkPages();
    return why;
  }

private:
  void expect(bool holds, const std::string &what) {
    if (!holds)
      why += what + "; ";
  }

  size_t rowBytes() const {
    int32_t index = moelora_variant_operand(&code.variant(), MOELORA_OUTPUT, 0);
    return moelora_variant_operand_bytes(&code.variant(), index, 1);
  }

  /// A run that cannot be is not begun.
  void checkRefused() {
    using Args = moelora_run_args;
    auto refuses = [&](int32_t status, const std::string &what,
                       const CompiledLayer::Change &change) {
      RunResult result = code.run(entry, input, tokens, nullptr, change);
      std::vector<char> untouched(whole.size(), char(0xff));
      expect(result.status == status && result.output == untouched,
             "begins with " + what);
    };
    refuses(MOELORA_RUN_ABI_MISMATCH, "another ABI",
            [](Args &args) { --args.abi; });
    refuses(MOELORA_RUN_ABI_MISMATCH, "arguments that are too short",
            [](Args &args) { args.size -= 8; });
    refuses(MOELORA_RUN_SMALL_WORKSPACE, "a workspace that is too small",
            [](Args &args) { --args.workspace_bytes; });
    for (uint32_t row = 0; row < code.variant().operands; ++row)
      if (code.variant().operand[row].entries >> entry & 1)
        refuses(MOELORA_RUN_MISSING_OPERAND, "no row " + std::to_string(row),
                [&](Args &args) {
                  const_cast<void **>(args.operand)[row] = nullptr;
                });
  }

  /// Tokens that are valid have their bits, whatever the number of them says,
  /// and the others have some that do not depend on the workspace.
  void checkValid() {
    auto all = int32_t(tokens);
    for (int32_t valid : {INT32_MIN, -1, 0, 1, all - 1, all, INT32_MAX}) {
      RunInput changed = input;
      changed.validTokens = &valid;
      RunResult result = code.run(entry, changed, tokens, nullptr);
      size_t bytes = std::clamp(valid, 0, all) * row;
      expect(
          result.status == 0 && std::equal(whole.begin(), whole.begin() + bytes,
                                           result.output.begin()),
          "answers other bits with " + std::to_string(valid) + " valid tokens");
      changed.fill = char(0xff);
      expect(code.run(entry, changed, tokens, nullptr).output == result.output,
             "answers what the workspace contained with " +
                 std::to_string(valid) + " valid tokens");
    }
  }

  /// All tokens have `number`, in a step with this number of slots.
  void checkNumber(int32_t number, int32_t stepSlots, const std::string &what,
                   uint64_t word = 0) {
    std::vector<int32_t> all(tokens, number);
    Guarded numbers = guarded(all.data(), tokens * sizeof(int32_t));
    Guarded words =
        guarded(operands.words().data(), stepSlots * sizeof(uint64_t));
    if (word)
      words.as<uint64_t>()[number] = word;
    RunInput changed = input;
    changed.step->number = numbers.as<int32_t>();
    changed.step->word = words.as<uint64_t>();
    changed.step->slots = stepSlots;
    RunResult result = code.run(entry, changed, tokens, nullptr);
    expect(result.status == 0 && result.output == base,
           "is not base with " + what);
  }

  /// Pairs with more pages than a table may have: only the pages that the table
  /// may have are read, for which there is memory here.
  void checkPages() {
    std::vector<Guarded> images;
    std::vector<uint64_t> words;
    for (const differential::Pages &pages : operands.images()) {
      std::vector<char> image = pages.bytes();
      for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
        if (moelora_pair *pair = differential::Pages::find(image, p, 0))
          for (int64_t e = 0; e < pairsOf(p); ++e)
            pair[e].pages = UINT16_MAX;
      image.resize(image.size() + mostPages());
      constexpr size_t align = MOELORA_WORD_ADDRESS_UNIT;
      images.push_back(guarded(image.data(), image.size(), align));
      words.push_back(reinterpret_cast<uintptr_t>(images.back().data()) /
                      align);
    }
    RunInput changed = input;
    changed.step->word = words.data();
    RunResult result = code.run(entry, changed, tokens, nullptr);
    expect(result.status == 0, "fails where pairs claim too many pages");
    for (int64_t t = 0; t < tokens; ++t)
      if (operands.numbers()[t] < 0)
        expect(std::equal(&base[t * row], &base[t * row] + row,
                          &result.output[t * row]),
               "changes a token without adapter where pairs claim too many "
               "pages");
  }

  int64_t pairsOf(int projection) const {
    return projection <= MOELORA_DOWN ? code.variant().adapters.experts : 1;
  }

  /// Bytes of the largest matrix that a pair may have.
  size_t mostPages() const {
    const moelora_facts &facts = code.variant().adapters;
    int64_t widest = std::max({facts.hidden, facts.width, facts.intermediate,
                               facts.shared, int64_t(facts.logits)});
    int64_t ranks = (facts.max_rank + MOELORA_PAGE_RANKS - 1) /
                    MOELORA_PAGE_RANKS * MOELORA_PAGE_RANKS;
    return ranks * widest * moelora_dtype_bytes(facts.dtype);
  }

  /// Experts that are none are like no expert at all.
  void checkExperts() {
    int64_t pairs = tokens * code.row(MOELORA_EXPERT_IDS)->shape[1];
    auto runWith = [&](int32_t id) {
      std::vector<int32_t> all(pairs, id);
      Guarded ids = guarded(all.data(), pairs * sizeof(int32_t));
      RunInput changed = input;
      changed.operand[MOELORA_EXPERT_IDS] = ids.data();
      return code.run(entry, changed, tokens, nullptr);
    };
    std::vector<char> none = runWith(-1).output;
    for (int32_t id :
         {INT32_MIN, -2, code.variant().adapters.logits, INT32_MAX}) {
      RunResult result = runWith(id);
      expect(result.status == 0 && result.output == none &&
                 result.droppedPairs == uint64_t(pairs),
             "does not drop the expert " + std::to_string(id));
    }
  }

  const CompiledLayer &code;
  const Operands &operands;
  const RunInput &input;
  moelora_entry_kind entry;
  const std::vector<char> &whole;
  size_t row;
  int64_t tokens;
  int32_t slots = 0;
  std::vector<char> base;
  std::string why;
};

} // namespace

std::string whyHarmed(const CompiledLayer &code, const Operands &operands,
                      const RunInput &input, moelora_entry_kind entry,
                      const std::vector<char> &output) {
  return Hostile(code, operands, input, entry, output).check();
}

} // namespace moelora::codetest
