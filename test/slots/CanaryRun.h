/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One run of the canary's layer: asked for under leases, done on a stream, and
 * checked there as soon as it is done.
 */
#ifndef MOELORA_TEST_SLOTS_CANARYRUN_H
#define MOELORA_TEST_SLOTS_CANARYRUN_H

#include "Canary.h"
#include "CanaryCode.h"
#include "CanaryTenants.h"
#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Execute.h"

namespace moelora::test {

/// What all threads share.
struct CanaryStage {
  CanaryStage(const CanaryOptions &options, const moelora_device &device,
              CanaryCounts &counts);
  ~CanaryStage();

  const CanaryOptions &options;
  const moelora_device &device;
  CanaryCounts &counts;
  const CanaryWeights weights;
  std::array<CanaryTenant, 12> tenants; ///< three times the slots
  GoneIds gone;
  Happened happened;
  moelora_services services;
  moelora_slot_table *table = nullptr;
  std::atomic<int64_t> remaining; ///< tokens to ask for
};

/// A tenant that a run has leased, and what was settled when it was asked for.
struct CanaryLease {
  moelora_lease lease;
  int32_t tenant, version, outages;
};

class CanaryRun {
public:
  explicit CanaryRun(CanaryStage &stage);

  /// Until it is done it must not be touched.
  bool isUnderWay() const { return underWay; }
  void wait() const;
  /// Asks for a run of `tokens` random tokens.
  void launch(std::vector<CanaryLease> leases, int64_t tokens,
              moelora_stream *stream, std::mt19937 &random);

private:
  enum Kind { Leased, Base, Stale, Unknown };
  struct Token {
    Kind kind;
    size_t lease; ///< of Leased
    int32_t id, expert;
  };
  Token makeToken(std::mt19937 &random);
  void fillCall(int64_t tokens);
  void run();
  void check(const Token &token, const CanaryRow &row);
  void checkLeased(const CanaryLease &lease, const Reading &reading);

  CanaryStage &stage;
  std::atomic<bool> underWay{false};
  std::vector<CanaryLease> leases;
  std::vector<Token> tokens;
  moelora_directory directory = {};
  moelora_run_stats stats = {};
  moelora_layer_call call = {};
  std::vector<CanaryRow> hidden, output;
  std::vector<int32_t> slots, experts;
  std::vector<float> expertWeights;
  std::vector<char> workspace;
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANARYRUN_H
