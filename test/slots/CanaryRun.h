/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One step of the canary's layers: enqueued under leases, done on a stream, and
 * checked there when it is done.
 */
#ifndef MOELORA_TEST_SLOTS_CANARYRUN_H
#define MOELORA_TEST_SLOTS_CANARYRUN_H

#include "Canary.h"
#include "CanaryCode.h"
#include "CanaryMemory.h"
#include "CanaryTenants.h"
#include "HostKernel.h"
#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Run.h"

#include <optional>

namespace moelora::test {

/// Not a power of two: there are ids of slots that the table has not.
constexpr int32_t canarySlots = 3;

/// The state that all threads share.
struct CanaryStage {
  CanaryStage(const CanaryOptions &options, const moelora_device &device,
              const moelora_artifact &artifact, CanaryCounts &counts);
  ~CanaryStage();

  const CanaryOptions &options;
  const moelora_device &device;
  /// What the layers of a step have written is checked by a kernel. If the
  /// device runs no kernels of the host, it is checked later.
  std::optional<HostKernel> check;
  std::optional<HostKernel> anybody; ///< the mistake that generations prevent
  CanaryCounts &counts;
  CanaryWeights weights;
  CanaryMemories placedWeights;
  std::array<CanaryTenant, 12> tenants;
  GoneIds gone;
  Happened happened;
  moelora_slot_table *table = nullptr;
  moelora_program *program = nullptr;
  std::array<moelora_bound_layer *, canaryLayers> layers = {};
  std::atomic<int64_t> remaining; ///< tokens to run

private:
  void bindLayers(const moelora_artifact &artifact);
};

/// A tenant that a run has leased, and its finished changes when the run was
/// enqueued.
struct CanaryLease {
  moelora_lease lease;
  int32_t tenant, version, outages;
};

constexpr int64_t canaryTokens = 64; ///< of a step, at most

class CanaryRun {
public:
  explicit CanaryRun(CanaryStage &stage);
  ~CanaryRun();
  CanaryRun(const CanaryRun &) = delete;

  /// Until it is done it must not be touched. Checks a run that no kernel
  /// checks.
  bool isUnderWay();
  void wait();
  /// Enqueues a step of `tokens` random tokens.
  void launch(std::vector<CanaryLease> leases, int64_t tokens,
              moelora_stream *stream, std::mt19937 &random);
  /// Both of a pointer to a CanaryRun.
  static void checkKernel(const moelora_launch *launch);
  static void anybodyKernel(const moelora_launch *launch);

private:
  enum Kind { Leased, Base, Stale, Unknown };
  struct Token {
    Kind kind;
    size_t lease; ///< of Leased
    int32_t id, expert;
  };
  Token makeToken(std::mt19937 &random);
  void describe();
  /// Nothing is to check itself on this stream.
  void endUnchecked(moelora_stream *stream);
  /// The layers, one after the other.
  void runLayers(moelora_stream *stream);
  void checkAll();
  /// The present tenant of a slot is used.
  void serveAnybody() const;
  /// The adapter that a token has read in all layers, if it is the same.
  Reading readLayers(size_t token) const;
  void check(const Token &token, const Reading &reading);
  void checkLeased(const CanaryLease &lease, const Reading &reading);

  CanaryStage &stage;
  moelora_step *step = nullptr;
  std::atomic<bool> underWay{false};
  std::vector<CanaryLease> leases;
  std::vector<Token> tokens;
  moelora_run run = {};
  std::vector<CanaryRow> hidden;
  std::array<std::vector<CanaryRow>, canaryLayers> output;
  std::vector<int32_t> slots, experts;
  std::vector<float> expertWeights;
  std::vector<char> workspace;
  CanaryMemory placedHidden, placedSlots, placedExperts, placedWeights,
      placedWorkspace;
  CanaryMemories placedOutput;
  moelora_event *done = nullptr; ///< of a run that no kernel checks
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANARYRUN_H
