/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Files of adapters that have crashed servers, or were loaded as base weights
 * without an error. Each trap consists of some kinds of mutations, which are
 * applied to all forms.
 */
#include "Mutations.h"
#include "TrapTable.h"

#include <gmock/gmock.h>

using namespace moelora::test;

static void tryKinds(std::initializer_list<const char *> names) {
  Mutations campaign(7);
  for (const char *name : names)
    EXPECT_TRUE(campaign.runKind(name, 12)) << "no kind is called " << name;
  EXPECT_THAT(campaign.failures, testing::IsEmpty());
  EXPECT_EQ(campaign.files, 12 * names.size());
}

TEST_F(Traps, shape_product_overflow) {
  tryKinds({"overflowing shape", "overflowing shape with a zero",
            "product that wraps to the right size", "offsets that wrap"});
}

TEST_F(Traps, deep_nesting) {
  tryKinds({"deep nesting", "configuration nested deeply"});
}

TEST_F(Traps, truncated_under_read) {
  tryKinds({"cut anywhere", "cut before staging", "cut while staging"});
}

TEST_F(Traps, rewritten_under_read) {
  tryKinds({"rewritten before staging", "rewritten while staging",
            "exchanged while staging"});
}

TEST_F(Traps, nothing_bound_is_an_error) {
  tryKinds({"nothing that binds", "no tensors", "layer without experts"});
}

TEST_F(Traps, layers_to_transform_is_no_filter) {
  tryKinds({"layers_to_transform, which is no filter"});
}

TEST_F(Traps, ambiguous_layouts_are_refused) {
  tryKinds({"ambiguous layout", "two layouts in a file", "targets that lie"});
}

TEST_F(Traps, names_are_never_paths) {
  tryKinds({"name as a path", "link to a device", "pipe in place of a file"});
}
