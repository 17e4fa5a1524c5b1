/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The rules for layers on which services rely.
 */
#include "run/LayerRules.h"

#include "base/Failure.h"
#include "moelora/runtime/Services.h"

#include <limits>

using namespace moelora;

namespace {

constexpr uint32_t bit(int32_t number) { return uint32_t(1) << number; }

/// A layer that only receives ids and weights has no router. A layer without
/// routed experts receives neither.
void checkGivenRouting(const moelora_router &router) {
  expectWithin("the number of experts", router.experts, 0,
               MOELORA_MAX_ROUTED_EXPERTS);
  expectWithin("top_k", router.top_k, 0, router.experts);
}

void checkGroups(const moelora_router &router) {
  int64_t experts = router.experts - router.always;
  expectWithin("the number of groups", router.groups, 1, experts);
  expectWithin("the number of groups kept", router.top_groups, 1,
               router.groups);
  if (experts % router.groups)
    fail("expects the number of groups to divide the number of experts, but "
         "groups is " +
         std::to_string(router.groups) + " and experts is " +
         std::to_string(experts));
  int64_t eligible = experts / router.groups * router.top_groups;
  if (router.top_k - router.always > eligible)
    fail("expects the kept groups to hold top_k experts, but top_k is " +
         std::to_string(router.top_k - router.always) + " and they hold " +
         std::to_string(eligible));
}

void checkRouter(const moelora_router &router) {
  expectWithin("the number of experts", router.experts, 1,
               MOELORA_MAX_ROUTED_EXPERTS);
  expectWithin("top_k", router.top_k, 1, router.experts);
  expectWithin("the number of always chosen experts", router.always, 0,
               router.table_rows ? 0 : router.top_k - 1);
  expectWithin("the number of rows of the token table", router.table_rows, 0,
               std::numeric_limits<int32_t>::max());
  for (int32_t type :
       {router.logit_type, router.score_type, router.weight_type})
    expectWithin("a rounding of the router", type, 0, MOELORA_BF16);
  checkGroups(router);
}

} // namespace

void moelora::expectWithin(const std::string &what, int64_t value, int64_t low,
                           int64_t high) {
  if (value < low || value > high)
    fail("expects " + what + " of a compiled layer to be in [" +
         std::to_string(low) + ", " + std::to_string(high) + "], but it is " +
         std::to_string(value));
}

void moelora::checkLayer(const moelora_layer &layer, uint32_t entries) {
  expectWithin("the element type", layer.dtype, MOELORA_F32, MOELORA_BF16);
  expectWithin("the hidden size", layer.hidden, 1, largestDimension);
  for (int64_t size : {layer.intermediate, layer.shared, layer.latent})
    expectWithin("a size", size, 0, largestDimension);
  if (entries & (bit(MOELORA_ENTRY_ALL) | bit(MOELORA_ENTRY_LOGITS)))
    checkRouter(layer.router);
  else
    checkGivenRouting(layer.router);
  if (entries & bit(MOELORA_ENTRY_ALL))
    expectWithin("the router's element type", layer.router_dtype, MOELORA_F32,
                 MOELORA_BF16);
  expectWithin("the number of zero experts", layer.zero_experts, 0,
               layer.router.experts);
}
