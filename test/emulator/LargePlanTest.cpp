// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans of the largest batches.

#include "PlanCheck.h"

#include <gtest/gtest.h>

using namespace moelora::test;

namespace {

constexpr int64_t Tokens = 16384; // of a chunk

/// 360,448 pairs.
TEST(LargePlan, ManyExpertsAndSlots) {
  expectTheSamePlan({512, 256, 22, 8}, Tokens, 1);
}

TEST(LargePlan, FewExpertsInAnyOrderOfThreads) {
  expectTheSamePlan({8, 4, 2, 128}, Tokens, 2, ",schedule=random,seed=2");
}

} // namespace
