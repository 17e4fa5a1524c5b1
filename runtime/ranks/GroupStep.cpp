/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Steps that resolve the ids of peer ranks.
 */
#include "moelora/runtime/GroupStep.h"

#include "base/Sized.h"
#include "collectives/GroupState.h"
#include "slots/StepState.h"

#include <algorithm>

using namespace moelora;

namespace {

class GatheredTokens final : public PeerTokens {
public:
  GatheredTokens(moelora_group &group, uint32_t axes, int64_t maxTokens)
      : PeerTokens(group, axes), maxTokens(maxTokens),
        peers(
            group.grid.peers(group.transport.rank, group.grid.effective(axes))),
        sent(size_t(maxTokens)), received(peers.size() * size_t(maxTokens)) {
    number.resize(received.size(), -1);
    ++group.steps;
  }
  ~GatheredTokens() override { --group.steps; }

  void check(int64_t tokens) const override;
  void resolve(const Resolution &own, bool inside) noexcept override;

private:
  /// Returns the number of tokens of all peer ranks.
  int64_t exchange(const Resolution &own);

  const int64_t maxTokens;
  const std::vector<int32_t> peers; ///< the members
  std::vector<int32_t> sent, received;
};

void GatheredTokens::check(int64_t tokens) const {
  group.expectHealthy();
  int64_t known = group.tokens[size_t(group.transport.rank)];
  if (known != tokens)
    fail("expects as many tokens as the group knows of this peer rank, " +
         std::to_string(known) + ", but there are " + std::to_string(tokens));
  for (int32_t peer : peers)
    if (group.tokens[size_t(peer)] > maxTokens)
      fail("expects at most the " + std::to_string(maxTokens) +
           " tokens of the step on each peer rank, but there are " +
           std::to_string(group.tokens[size_t(peer)]) + " on peer rank " +
           std::to_string(peer));
}

int64_t GatheredTokens::exchange(const Resolution &own) {
  check(own.tokens); // the tokens may have changed since a graph was captured
  for (int64_t token = 0; token < own.tokens; ++token)
    sent[size_t(token)] = own.number[token] < 0 ? -1 : own.ids[token];
  moelora_exchange_operand ids = {sent.data(), received.data(), sizeof(int32_t),
                                  0};
  moelora_exchange_rows rows = {};
  moelora_exchange exchange = {};
  exchange.size = sizeof exchange;
  exchange.kind = MOELORA_EXCHANGE_ALL_GATHER;
  exchange.over = axes;
  exchange.group = &group.view;
  exchange.operand = &ids;
  exchange.operands = 1;
  exchange.rows = &rows;
  group.run(&exchange);
  return rows.all;
}

void GatheredTokens::resolve(const Resolution &own, bool inside) noexcept {
  std::fill(number.begin(), number.end(), -1);
  int64_t tokens = 0;
  try {
    tokens = exchange(own);
  } catch (const Failure &failure) {
    if (!group.isBroken()) // the others wait for this peer rank
      group.remember(failure.status, failure.text);
    return;
  } catch (const std::bad_alloc &) {
    return group.remember(MOELORA_OUT_OF_MEMORY, "out of memory");
  }
  if (!inside)
    return;
  uint64_t unmatched = 0;
  for (size_t token = 0; token < size_t(tokens); ++token) {
    number[token] = numberOf(own, received[token]);
    unmatched += number[token] < 0 && received[token] != -1;
  }
  group.unmatched += unmatched;
}

void join(moelora_step &step, moelora_group &group, uint32_t axes) {
  if (axes > allAxes)
    fail("expects the axes of a step to be at most " + std::to_string(allAxes) +
         ", but they are " + std::to_string(axes));
  if (step.resolver || !step.table.device.host_visible)
    fail(std::string("expects a step in memory of the host, because groups "
                     "have no memory of devices yet, but it is on ") +
             step.table.device.name,
         MOELORA_UNSUPPORTED);
  if (step.entered)
    fail("expects a step that has not entered, but it has");
  if (step.peers)
    fail("expects a step that has joined no group, but it has");
  step.peers = std::make_unique<GatheredTokens>(group, axes, step.maxTokens);
}

} // namespace

moelora_status moelora_step_join(moelora_step *step, moelora_group *group,
                                 uint32_t axes, moelora_error **error) {
  return guarded(error, [&] {
    expectThere(step, "a step");
    expectThere(group, "a group");
    join(*step, *group, axes);
  });
}

const int32_t *moelora_step_peer_numbers(const moelora_step *step) {
  return step && step->peers ? step->peers->number.data() : nullptr;
}
