// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Suite.h"
#include "moelora/host/Handles.h"
#include "moelora/reference/Compare.h"

#include <algorithm>

namespace moelora::kernels {
namespace {

/// A set of data and the order of its threads. The adversarial schedule lets a
/// warp run ahead or, with odd seeds, a lane.
struct Setting {
  const char *schedule;
  int64_t mostTokens;
  uint32_t blocks; // of a launch, at most
  uint8_t fill;    // of memory that nothing has written
  /// No expert id is invalid, so that the plan has all rows.
  bool isValid = false;
  /// Weights that are NaN, or zero: then the logit of an expert is.
  enum { None, Expert, OddRows, Logit } spoilt = None;
  /// Of the runs, only the first.
  bool isOneRun = false;
};
constexpr uint32_t anyBlocks = ~0u;
constexpr Setting settings[] = {
    {"schedule=round-robin", 1 << 20, anyBlocks, 0x3f},
    {"schedule=random,seed=2", 33, 2, 0xff},
    {"schedule=adversarial,seed=4", 21, anyBlocks, 0xff, false,
     Setting::Expert},
    {"schedule=adversarial,seed=3", 3, 2, 0xff, true},
    {"schedule=round-robin", 4, anyBlocks, 0x3f, true},
    {"schedule=random,seed=5", 140, 1, 0, false, Setting::OddRows},
    {"schedule=random,seed=7", 9, anyBlocks, 0, false, Setting::Logit},
};

/// Orders of threads and thread blocks, for mistakes that only some show.
struct SomeOrder {
  const char *schedule;
  int64_t mostTokens;
};
constexpr SomeOrder orders[] = {
    {"schedule=adversarial,seed=12", 21}, {"schedule=adversarial,seed=14", 21},
    {"schedule=adversarial,seed=16", 21}, {"schedule=adversarial,seed=18", 21},
    {"schedule=adversarial,seed=13", 21}, {"schedule=adversarial,seed=15", 21},
    {"schedule=random,seed=12", 21},      {"schedule=random,seed=13", 21},
    {"schedule=random,seed=14", 21},      {"schedule=random,seed=15", 21},
    {"schedule=adversarial,seed=20", 33}, {"schedule=adversarial,seed=22", 33},
    {"schedule=adversarial,seed=24", 33}, {"schedule=adversarial,seed=26", 33}};

std::vector<Setting> allSettings() {
  std::vector<Setting> all(std::begin(settings), std::end(settings));
  for (const SomeOrder &order : orders)
    all.push_back({order.schedule, order.mostTokens, anyBlocks, 0xff, false,
                   Setting::None, /*isOneRun=*/true});
  return all;
}

void spoilWeights(const Case &c, Data &data, const Setting &setting) {
  constexpr char NaN = char(0xff);
  const moelora_layer &layer = c.layer;
  auto spoil = [&](moelora_role role, int64_t begin, int64_t end,
                   int64_t step) {
    for (int64_t row = begin; row < end; row += step)
      data.fillRow(role, row, NaN);
  };
  int64_t up = layer.intermediate * (layer.activation.gated ? 2 : 1);
  int64_t down = layer.latent ? layer.latent : layer.hidden;
  if (setting.spoilt == Setting::Expert) {
    spoil(MOELORA_GATE_UP_WEIGHT, up, 2 * up, 1);
    spoil(MOELORA_DOWN_WEIGHT, down, 2 * down, 1);
  }
  int64_t experts = layer.router.experts - layer.zero_experts;
  if (setting.spoilt == Setting::OddRows)
    spoil(MOELORA_DOWN_WEIGHT, 1, experts * down, 2);
  if (setting.spoilt == Setting::Logit && c.has(MOELORA_ROUTER_WEIGHT))
    data.fillRow(MOELORA_ROUTER_WEIGHT, 0, 0);
}

bool idsAreValid(const Case &c, const Data &data) {
  auto *ids = static_cast<const int32_t *>(data.operand(MOELORA_EXPERT_IDS));
  return !ids || std::all_of(ids, ids + c.tokens * c.layer.router.top_k,
                             [&](int32_t id) {
                               return id >= 0 && id < c.layer.router.experts;
                             });
}

} // namespace

Suite::Suite(const Case &layer, int64_t tokens) {
  for (const Setting &setting : allSettings()) {
    Case c = layer;
    c.set = 101 * uint64_t(sets.size());
    c.tokens = std::min(tokens, setting.mostTokens);
    c.fill = setting.fill;
    c.emulator = std::string("emulator:workers=1,") + setting.schedule;
    sets.emplace_back(c, setting.blocks, setting.isOneRun);
    while (setting.isValid && !idsAreValid(c, sets.back().data)) {
      ++c.set;
      sets.pop_back();
      sets.emplace_back(c, setting.blocks, setting.isOneRun);
    }
    spoilWeights(c, sets.back().data, setting);
  }
}

std::string Suite::learn(const moelora_artifact &artifact) {
  std::string wrong;
  for (Set &set : sets) {
    const Case &c = set.c;
    runAll(c, set.data, set.blocks, artifact, [&](const char *, Bytes found) {
      set.results.push_back(std::move(found));
      return !set.isOneRun;
    });
    reference::Output wanted = set.data.wanted();
    reference::Verdict rows = reference::compareRows(
        {moelora_dtype(c.layer.dtype), set.results[0].data(), c.tokens,
         wanted.width, wanted.width},
        wanted);
    wrong += rows.failure();
  }
  return wrong;
}

std::string Suite::differs(const moelora_artifact &artifact) const {
  std::string difference;
  for (const Set &set : sets) {
    size_t run = 0;
    runAll(set.c, set.data, set.blocks, artifact,
           [&](const char *what, Bytes found) {
             if (found != set.results[run++])
               difference = std::string("other bits in ") + what + " on " +
                            set.c.emulator;
             return difference.empty() && !set.isOneRun;
           });
    if (!difference.empty())
      break;
  }
  return difference;
}

} // namespace moelora::kernels
