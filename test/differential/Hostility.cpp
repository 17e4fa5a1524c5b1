// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Hostility.h"
#include "Rows.h"

namespace moelora::differential {
namespace {

constexpr const char *Experts = "expert";

/// Ids of one kind that a run reads.
struct Ids {
  const char *name;
  int32_t count;    // of what they name
  int64_t perToken; // ids
  std::vector<int32_t> valid;
  std::function<void(Batch &, const std::vector<int32_t> &)> give; // others
};

class Hostility {
public:
  Hostility(Runner &runner, const Case &c, const Data &data)
      : runner(runner), c(c), random(c.seed + c.set), whole(c, data),
        output(run(whole)), rows(c, output) {
    addGiven(Experts, MOELORA_EXPERT_IDS, c.layer.router.experts,
             c.layer.router.top_k);
    addGiven("token", MOELORA_TOKEN_IDS, c.layer.router.table_rows, 1);
    addSlots(data);
  }

  void trySome() {
    for (const Ids &ids : all) {
      attackOne(ids, size_t(random.below(int64_t(ids.valid.size()))));
      attackMany(ids);
    }
    for (int32_t count : counts())
      if (random.oneIn(4))
        tryValidTokens(count);
  }

  void tryAll(int64_t mostRuns) {
    for (const Ids &ids : all)
      for (size_t at = 0; at < ids.valid.size(); ++at)
        attackOne(ids, at);
    for (int32_t count : counts())
      tryValidTokens(count);
    while (runs < mostRuns && why.empty()) {
      for (const Ids &ids : all)
        attackMany(ids);
      tryValidTokens(int32_t(random.next()));
    }
  }

  std::string why;

private:
  using Values = std::vector<int32_t>;

  void expect(bool holds, const std::string &what) {
    if (!holds)
      why += what + "; ";
  }

  Bytes run(const Batch &batch) {
    ++runs;
    return runner.run(batch);
  }

  void addGiven(const char *name, moelora_role role, int32_t count,
                int64_t perToken) {
    auto *from = static_cast<const int32_t *>(whole.operand[role]);
    if (from && c.tokens > 0)
      all.push_back({name, count, perToken,
                     Values(from, from + c.tokens * perToken),
                     [role](Batch &batch, const Values &ids) {
                       batch.operand[role] = ids.data();
                     }});
  }

  void addSlots(const Data &data) {
    if (c.options.slots == 0 || c.tokens == 0)
      return;
    auto slots = int32_t(c.options.slots);
    all.push_back(
        {"slot", slots, 1, data.slotIds(), [](Batch &batch, const Values &ids) {
           batch.slotIds = ids;
           batch.numbers.clear();
         }});
    all.push_back(
        {"slot number", slots, 1, data.slots(),
         [](Batch &batch, const Values &numbers) { batch.numbers = numbers; }});
  }

  static Values invalid(const Ids &ids) {
    return {INT32_MIN,     -2,      ids.count, ids.count + 1,
            INT32_MAX - 1, 1 << 20, INT32_MAX, ids.count + (1 << 16)};
  }
  int32_t pickInvalid(const Ids &ids) {
    Values known = invalid(ids);
    int64_t die = random.below(int64_t(known.size()) * 2);
    if (die < int64_t(known.size()))
      return known[size_t(die)];
    auto any = int32_t(random.next());
    return any >= -1 && any < ids.count ? -2 : any;
  }

  Bytes runWith(const Ids &ids, const Values &values) {
    Batch batch = whole;
    ids.give(batch, values);
    return run(batch);
  }

  /// Each attempt has a value for each of these positions, and must be as -1.
  void attack(const Ids &ids, const std::vector<size_t> &positions,
              const std::vector<Values> &attempts) {
    Values changed = ids.valid;
    std::vector<bool> attacked(c.tokens);
    for (size_t at : positions) {
      changed[at] = -1;
      attacked[at / size_t(ids.perToken)] = true;
    }
    std::string what = std::to_string(positions.size()) + " invalid " +
                       ids.name + " ids, the first one ";
    Bytes none = runWith(ids, changed);
    uint64_t dropped = runner.counters().dropped_pairs + positions.size();
    for (int64_t t = 0; t < c.tokens; ++t)
      expect(attacked[size_t(t)] || rows.same(t, none, t),
             what + "-1, change token " + std::to_string(t));
    for (const Values &values : attempts) {
      for (size_t i = 0; i < positions.size(); ++i)
        changed[positions[i]] = values[i];
      std::string now = what + std::to_string(values.front()) + " at " +
                        std::to_string(positions.front());
      expect(runWith(ids, changed) == none, now + ", are not as -1");
      bool counted =
          ids.name != Experts || runner.counters().dropped_pairs == dropped;
      expect(counted, now + ", are not counted");
    }
  }

  void attackOne(const Ids &ids, size_t at) {
    std::vector<Values> attempts;
    for (int32_t value : invalid(ids))
      attempts.push_back({value});
    attack(ids, {at}, attempts);
  }

  void attackMany(const Ids &ids) {
    std::vector<size_t> positions;
    Values values;
    int64_t oneIn = random.between(1, 8);
    size_t one = size_t(random.below(int64_t(ids.valid.size())));
    for (size_t at = 0; at < ids.valid.size(); ++at)
      if (at == one || random.oneIn(oneIn)) {
        positions.push_back(at);
        values.push_back(pickInvalid(ids));
      }
    attack(ids, positions, {values});
  }

  Values counts() const {
    auto tokens = int32_t(c.tokens);
    return {INT32_MIN, -1, 0, 1, tokens - 1, tokens, tokens + 1, INT32_MAX};
  }

  void tryValidTokens(int32_t valid) {
    Batch batch = whole;
    batch.validTokens = valid;
    Bytes found = run(batch);
    for (int64_t t = 0; t < std::min<int64_t>(valid, c.tokens); ++t)
      expect(rows.same(t, found, t),
             "other bits of token " + std::to_string(t) + " with " +
                 std::to_string(valid) + " valid tokens");
  }

  Runner &runner;
  const Case &c;
  Random random;
  int64_t runs = 0;
  Batch whole;
  Bytes output;
  Rows rows;
  std::vector<Ids> all;
};

} // namespace

std::string harmOfHostileInputs(Runner &runner, const Case &c, const Data &data,
                                int64_t runs) {
  Hostility hostility(runner, c, data);
  if (runs)
    hostility.tryAll(runs);
  else
    hostility.trySome();
  return hostility.why;
}

} // namespace moelora::differential
