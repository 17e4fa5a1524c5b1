// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Subjects.h"
#include "Layers.h"

namespace moelora::kernels {

/// Where a kernel makes the plan. The sum over experts is that of `plan`.
static std::vector<std::string> planningIn(const std::string &kernel) {
  std::vector<std::string> patterns;
  for (const char *stage :
       {"plan", "count", "collect", "rank", "store plan", "clear", "segments"})
    patterns.push_back(kernel + ": *: " + stage + "*");
  return patterns;
}

std::vector<Subject> subjects() {
  return {
      // A loop, the last step of which is odd, and in part.
      {"deep",
       makeCase(1, 776, 80, {8}),
       12,
       {"gate_up*", "down*", "shrink:*"}},
      // Tiles that divide all; the shrink in the epilogue.
      {"whole", makeCase(8, 128, 192, {16}), 33, {"gate_up*", "down*"}},
      {"odd", makeOdd({16}), 30, {"gate_up*", "down*", "shrink:*"}},
      {"large", makeCase(9, 80, 72, {64}), 120, {"gate_up*", "down*"}},
      {"largest", makeCase(10, 72, 72, {128}), 170, {"gate_up*", "down*"}},
      // The last range of features moves back.
      {"back",
       makeCase(14, 144, 64, {16}),
       33,
       {"down*: *: kernel*", "down*: *: store rows*", "down*: *: arrive*",
        "down*: *: combine*"}},
      // The order of sums in the epilogue of small tiles, in a kernel.
      {"apart", makeCase(13, 72, 264, {8, 64}), 61, {"shrink_1*"}},
      {"routed",
       makeRouted(),
       21,
       {"linear_8*", "down*: combine*", "route*", "rms_norm*",
        // Of the shared expert, for tokens that are not valid.
        "linear_[12]_8: *: other rows*",
        // Without ids.
        "plan: *: *: select(slt(.., arg), c, c)",
        "plan: *: place: select(ult(.., 1), c*"}},
      {"grouped", makeGrouped(), 21, {"route*"}},
      {"latent", makeLatent(), 21, {"gate_up*: activation*", "identity*"}},
      {"table", makeTable(), 21, {"gate_up*: activation*", "route*"}},
      {"unfused", makeUnfused(), 30, {"gate_up*", "down*"}},
      // More tokens than the plan has threads.
      {"many",
       makePlanned(3, 6, 32),
       800,
       {"plan: no *", "plan: *: clear*", "plan: *: count*",
        "plan: [!f]*: tiles*", "plan: *: segments*", "plan: *: place*",
        "resolve*"}},
      // A block of the plan has several experts, and a warp sums over many. All
      // numbers of some bits are slots.
      {"experts",
       makePlanned(130, 8, 32),
       128,
       {"plan: *: sum*", "plan: *: kernel*",
        "plan: first round: clear: cond_br(slt(.., [0-9]*",
        "plan: first round: tiles: cond_br(slt(.., select*",
        "resolve: bound - 1: resolve: sgt*"}},
      // An expert has more tiles than the plan has threads.
      {"tiles",
       makePlanned(2, 6, 8),
       2500,
       {"plan: first round: tiles: cond_br(slt(.., sub*"}},
      // More pairs than threads, by several and by one; more experts.
      {"planning", makePlanning(5, 2, 6), 140, planningIn("shrink_planning")},
      {"planning_one",
       makePlanning(5, 1, 6),
       129,
       {"shrink_planning: bound - 1: c*: slt(.., trunc(arg))"}},
      {"planning_base", makePlanning(200, 2, 0), 240,
       planningIn("gate_up_planning_8")},
  };
}

} // namespace moelora::kernels
