// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Promises.h"
#include "Hostility.h"
#include "Rows.h"
#include "Unwritten.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace moelora::differential {
namespace {

/// What is not finite, and what becomes so in a product.
constexpr double wild[] = {std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity(), 3e38};

class Promises {
public:
  explicit Promises(const Subject &subject)
      : s(subject), c(s.c), random(c.seed + c.set),
        device(openDevice(c, s.target)),
        runner(c, s.data, s.artifact, *device, s.services), whole(c, s.data),
        output(runner.run(whole)), rows(c, output) {}

  std::string check() {
    repeat();
    why += usesOfUnwritten(s, output);
    splitTokens();
    reverseTokens();
    reverseChoices();
    compareWithoutAdapters();
    spoilTokens();
    spoilAdapters();
    why += harmOfHostileInputs(runner, c, s.data, /*runs=*/0);
    return why;
  }

private:
  void expect(bool holds, const std::string &what) {
    if (!holds)
      why += what + "; ";
  }

  void repeat() {
    for (unsigned run = 1; run < s.runs; ++run) {
      Case other = withSet(c, c.set + (uint64_t(run) << 20));
      host::DeviceHandle another = openDevice(other, s.target);
      Runner again(c, s.data, s.artifact, *another, s.services);
      expect(again.run(whole) == output, "different bits on " + other.emulator);
    }
  }

  /// The rows of some tokens, in this order.
  Bytes runSome(const std::vector<int64_t> &tokens) {
    Selection some(c, whole, tokens);
    return runner.run(some.batch());
  }

  void splitTokens() {
    for (int64_t t : rows.some(random, 5))
      expect(rows.same(t, runSome({t}), 0),
             "different bits of token " + std::to_string(t) + " alone");
  }

  void reverseTokens() {
    std::vector<int64_t> tokens(c.tokens);
    std::iota(tokens.rbegin(), tokens.rend(), 0);
    Bytes found = runSome(tokens);
    for (int64_t t = 0; t < c.tokens; ++t)
      expect(rows.same(t, found, c.tokens - 1 - t),
             "different bits of token " + std::to_string(t) +
                 " in a batch in reverse order");
  }

  void reverseChoices() {
    if (!whole.operand[MOELORA_EXPERT_IDS])
      return;
    Batch batch = whole;
    auto reversed = [&](moelora_role role, auto number) {
      using T = decltype(number);
      auto *from = static_cast<const T *>(whole.operand[role]);
      int64_t k = c.layer.router.top_k;
      std::vector<T> all(from, from + c.tokens * k);
      for (int64_t t = 0; t < c.tokens; ++t)
        std::reverse(all.begin() + t * k, all.begin() + (t + 1) * k);
      return all;
    };
    auto ids = reversed(MOELORA_EXPERT_IDS, int32_t());
    auto weights = reversed(MOELORA_EXPERT_WEIGHTS, float());
    batch.operand[MOELORA_EXPERT_IDS] = ids.data();
    batch.operand[MOELORA_EXPERT_WEIGHTS] = weights.data();
    expect(runner.run(batch) == output, "different bits of reversed choices");
  }

  void compareWithoutAdapters() {
    if (c.options.slots == 0)
      return;
    Case without = c;
    without.options.slots = 0;
    std::string wrong;
    host::ArtifactHandle file = compile(without, s.target, wrong);
    if (!file)
      return expect(false, "does not compile without adapters: " + wrong);
    Runner bare(without, s.data, *moelora_artifact_of(file.get(), 0), *device,
                s.services);
    Bytes base = bare.run(whole);
    for (int64_t t = 0; t < c.tokens; ++t)
      expect(s.data.slots()[t] >= 0 || rows.same(t, base, t),
             "token " + std::to_string(t) +
                 " has other bits than without adapters compiled in");
  }

  void spoilTokens() {
    for (moelora_role role : {MOELORA_HIDDEN, MOELORA_ROUTER_HIDDEN,
                              MOELORA_ROUTER_LOGITS, MOELORA_EXPERT_WEIGHTS})
      for (int64_t token : rows.some(random, whole.operand[role] ? 2 : 0))
        for (double value : wild)
          spoilToken(role, token, value);
  }

  void spoilToken(moelora_role role, int64_t spoilt, double value) {
    Bytes numbers = s.data.bytesOf(role);
    Shape row = shapeOf(c.layer, role, 1);
    for (int64_t i = 0; i < row.elements(); ++i)
      if (i == 0 || random.oneIn(3))
        reference::store(row.dtype, numbers.data(), spoilt * row.elements() + i,
                         value);
    Batch batch = whole;
    batch.operand[role] = numbers.data();
    Bytes found = runner.run(batch);
    for (int64_t t = 0; t < c.tokens; ++t)
      expect(t == spoilt || rows.same(t, found, t),
             "token " + std::to_string(t) + " sees " + std::to_string(value) +
                 " of token " + std::to_string(spoilt));
  }

  void spoilAdapters() {
    for (int32_t slot = 0; slot < c.options.slots; ++slot) {
      const reference::Adapter *adapter = s.data.problem().adapters[slot];
      if (!adapter)
        continue;
      runner.replaceAdapter(slot, spoilt(*adapter));
      Bytes found = runner.run(whole);
      for (int64_t t = 0; t < c.tokens; ++t)
        expect(s.data.slots()[t] == slot || rows.same(t, found, t),
               "token " + std::to_string(t) + " sees the adapter of slot " +
                   std::to_string(slot));
      runner.replaceAdapter(slot, *adapter);
    }
    expect(runner.run(whole) == output, "different bits after all of this");
  }

  /// The same shapes.
  reference::Adapter spoilt(const reference::Adapter &adapter) {
    reference::Adapter result = adapter;
    for (auto &pairs : result.pairs)
      for (reference::LoraPair &pair : pairs) {
        if (pair.rank() == 0)
          continue;
        if (random.oneIn(3))
          pair.scale = wild[random.below(std::size(wild))];
        for (reference::MatrixView *matrix : {&pair.a, &pair.b}) {
          Numbers &numbers = wildNumbers.emplace_back();
          for (int64_t i = 0; i < matrix->rows * matrix->columns; ++i)
            numbers.push_back(wild[random.below(std::size(wild))]);
          matrix->data = numbers.data();
        }
      }
    return result;
  }

  using Numbers = std::vector<double>;
  const Subject &s;
  const Case &c;
  Random random;
  host::DeviceHandle device;
  Runner runner;
  Batch whole;
  Bytes output;
  Rows rows;
  std::deque<Numbers> wildNumbers;
  std::string why;
};

} // namespace

std::string brokenPromises(const Subject &subject) {
  return Promises(subject).check();
}

} // namespace moelora::differential
