// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans of small batches, and of layers whose counts take much shared memory.

#include "PlanCheck.h"
#include "moelora/reference/Random.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace moelora::test;

namespace {

TEST(PlanKernel, SortsAsTheHostDoes) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    moelora::reference::RandomNumbers random(seed);
    PlanShape shape = {random.pick({1, 2, 7, 40, 128, 129, 512}),
                       random.pick({1, 2, 33}), 1, 8 << random.below(5)};
    shape.topK = int32_t(random.between(1, std::min(22, shape.experts)));
    expectTheSamePlan(shape, random.pick({0, 1, 5, 70}), seed);
  }
}

TEST(PlanKernel, SortsInAnyOrderOfThreads) {
  for (const char *options :
       {",schedule=random,seed=3", ",schedule=adversarial,seed=4",
        ",schedule=adversarial,seed=5"})
    expectTheSamePlan({5, 3, 2, 16}, 90, 1, options);
}

TEST(PlanKernel, SmallBatchesAreSortedInTheShrink) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    moelora::reference::RandomNumbers random(seed);
    PlanShape shape = {random.pick({1, 2, 7, 40, 128, 129, 512}),
                       random.pick({1, 2, 33}), 1, 8 << random.below(5), true};
    shape.topK = int32_t(random.between(1, std::min(22, shape.experts)));
    int32_t most = std::min(256, 512 / shape.topK);
    expectTheSamePlan(shape, random.pick({0, 1, 5, most}), seed);
  }
}

TEST(PlanKernel, SmallBatchesAreSortedInAnyOrderOfThreads) {
  for (const char *options :
       {",schedule=random,seed=3", ",schedule=adversarial,seed=4",
        ",schedule=adversarial,seed=5"})
    expectTheSamePlan({5, 3, 2, 16, true}, 90, 1, options);
}

/// The most slots of the most experts, whose counts take much shared memory.
TEST(PlanKernel, ManySlots) { expectTheSamePlan({512, 256, 22, 8}, 40, 1); }

} // namespace
