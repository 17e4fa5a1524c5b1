/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * moelora-explore-slots: visits all states of a small slot table, or a limited
 * number of them; with --walks=N, it walks through distant states at random.
 */
#include "CommandLine.h"
#include "Explorer.h"

#include <cstdio>

using namespace moelora::test;

int main(int argc, char **argv) {
  Bounds bounds;
  int64_t limit = 2000000, threads = 2; // a minute
  int64_t walks = 0, depth = 1000;
  CommandLine line = {{{"slots", &bounds.slots},
                       {"adapters", &bounds.adapters},
                       {"streams", &bounds.streams},
                       {"steps", &bounds.steps},
                       {"queue", &bounds.queue},
                       {"leases", &bounds.leases},
                       {"buffers", &bounds.buffers},
                       {"runs", &bounds.runs},
                       {"limit", &limit},
                       {"threads", &threads},
                       {"walks", &walks},
                       {"depth", &depth}},
                      {}};
  if (!line.read(argc, argv))
    return 2;
  Exploration all = walks ? wander(bounds, static_cast<size_t>(walks),
                                   static_cast<size_t>(depth), /*seed=*/1)
                          : explore(bounds, static_cast<size_t>(limit),
                                    static_cast<size_t>(threads));
  std::printf("states: %zu, transitions: %zu, depth: %zu, closed: %s\n",
              all.states, all.transitions, all.depth,
              all.closed ? "yes" : "no");
  std::printf("full: %llu, busy: %llu, memory that waited: %llu\n",
              static_cast<unsigned long long>(all.full),
              static_cast<unsigned long long>(all.busy),
              static_cast<unsigned long long>(all.late));
  if (!all.broken.empty())
    std::printf("broken: %s\n", all.broken.c_str());
  for (size_t i = 0; i < all.way.size(); ++i)
    std::printf("%3zu. %s\n", i + 1, all.way[i].c_str());
  std::printf("%d passed, %d failed\n", all.broken.empty(),
              !all.broken.empty());
  return all.broken.empty() ? 0 : 1;
}
