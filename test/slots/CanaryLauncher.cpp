/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Launches steps under leases as an engine does: leases are released as soon as
 * the steps are enqueued.
 */
#include "CanaryThreads.h"

#include <thread>

using namespace moelora::test;

namespace {

/// So that runs wait on streams while the table changes.
constexpr size_t runsUnderWay = 8;
/// After about this number of steps, the launcher waits for all of them, so
/// that more adapters are idle.
constexpr uint32_t runsTogether = 16;
constexpr uint32_t mostNames = 3;
/// How many times the tokens may be launched until all kinds of changes have
/// happened, on a machine that is busy.
constexpr int64_t patience = 20;

class Launcher {
public:
  Launcher(CanaryStage &stage, const CanaryStreams &streams, uint32_t seed)
      : stage(stage), streams(streams), random(seed) {
    for (size_t i = 0; i < runsUnderWay; ++i)
      runs.push_back(std::make_unique<CanaryRun>(stage));
  }

  void launchAll() {
    while (goesOn()) {
      launchOne(freeRun());
      if (random() % runsTogether == 0)
        waitForAll();
    }
    waitForAll();
  }

private:
  bool goesOn() const {
    if (stage.counts.wrong())
      return false;
    return stage.remaining > 0 ||
           (stage.remaining > -patience * stage.options.tokens &&
            !stage.happened.all());
  }

  void waitForAll() {
    for (const auto &run : runs)
      run->wait();
  }

  CanaryRun &freeRun() {
    for (;; std::this_thread::yield())
      for (const auto &run : runs)
        if (!run->isUnderWay())
          return *run;
  }

  void launchOne(CanaryRun &run) {
    std::vector<CanaryLease> leases;
    for (uint32_t i = 0, names = random() % mostNames + 1; i < names; ++i)
      acquire(leases);
    int64_t tokens = 1 + random() % canaryTokens;
    stage.remaining -= tokens;
    moelora_stream *stream = streams.pick(random);
    run.launch(leases, tokens, stream, random);
    for (const CanaryLease &lease : leases)
      if (moelora_slot_table_release(stage.table, &lease.lease, nullptr) !=
          MOELORA_OK)
        ++stage.counts.refused;
  }

  void acquire(std::vector<CanaryLease> &leases) {
    auto which = static_cast<int32_t>(random() % stage.tenants.size());
    const CanaryTenant &tenant = stage.tenants[size_t(which)];
    CanaryLease lease = {
        {}, which, tenant.versions.settled, tenant.outages.settled};
    if (moelora_slot_table_acquire(stage.table, tenant.name.c_str(),
                                   &lease.lease, nullptr) == MOELORA_OK)
      leases.push_back(lease);
  }

  CanaryStage &stage;
  const CanaryStreams &streams;
  std::mt19937 random;
  std::vector<std::unique_ptr<CanaryRun>> runs;
};

} // namespace

void moelora::test::launchRuns(CanaryStage &stage, const CanaryStreams &streams,
                               uint32_t seed) {
  Launcher(stage, streams, seed).launchAll();
}
