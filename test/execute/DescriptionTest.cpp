// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules for a compiled layer's description, except its router.

#include "CheckedArtifact.h"

#include <cstddef>
#include <functional>

using namespace moelora::test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

TEST_F(CheckedArtifact, IsRight) { EXPECT_EQ(error(), ""); }

TEST_F(CheckedArtifact, LaterMinorVersion) {
  artifact.minor = MOELORA_ABI_MINOR + 1;
  EXPECT_THAT(error(), EndsWith("it has version 4.4; use a newer runtime"));
}

/// A layer of an earlier version has no grid, whatever is behind its variants.
TEST_F(CheckedArtifact, EarlierMinorVersion) {
  variant.grid[2] = 2;
  int32_t grid[MOELORA_AXES];
  EXPECT_EQ(moelora_variant_grid(&variant, grid, nullptr), 2);
  artifact.minor = 2;
  EXPECT_THAT(error(), HasSubstr("the description of a variant"));
  variant.size = offsetof(moelora_variant, grid);
  EXPECT_EQ(error(), "");
  EXPECT_EQ(moelora_variant_grid(&variant, grid, nullptr), 1);
  EXPECT_EQ(grid[2], 1);
}

TEST_F(CheckedArtifact, HugeDimension) {
  layer.hidden = int64_t(1) << 40;
  EXPECT_THAT(error(), StartsWith("expects the hidden size"));
}

TEST_F(CheckedArtifact, ElementType) {
  layer.dtype = MOELORA_F64;
  EXPECT_THAT(error(), StartsWith("expects the element type"));
}

TEST_F(CheckedArtifact, NoOrdinaryLayer) {
  artifact.layer = nullptr;
  EXPECT_EQ(error(), "");
}

/// A layer that is given ids has no router to check.
TEST_F(CheckedArtifact, LayerWithoutRouter) {
  layer.router.groups = layer.router.top_groups = 0;
  EXPECT_THAT(error(), HasSubstr("the number of groups"));
  keepOnlyIds();
  EXPECT_EQ(error(), "");
}

TEST_F(CheckedArtifact, LayerWithoutAdapters) {
  variant.adapters.dtype = variant.adapters.page_order = 0;
  EXPECT_THAT(error(), HasSubstr("the adapters' element type"));
  variant.adapters.slots = 0;
  EXPECT_EQ(error(), "");
}

/// One rule of a variant, broken.
struct Rule {
  const char *name;
  std::function<void(CheckedArtifact &)> breakIt;
  const char *answer;
};

struct Variants : CheckedArtifact, testing::WithParamInterface<Rule> {};

TEST_P(Variants, Refused) {
  GetParam().breakIt(*this);
  EXPECT_THAT(error(), HasSubstr(GetParam().answer));
}

TEST_F(CheckedArtifact, PartialSums) {
  variant.grid[1] = 2;
  for (moelora_entry &entry : entries)
    entry.flags = MOELORA_ENTRY_PARTIAL;
  EXPECT_EQ(error(), "");
  operand(MOELORA_OUTPUT).dtype = MOELORA_BF16;
  EXPECT_EQ(error(), "expects the output of a partial entry point to be f32, "
                     "but it is BF16");
}

using A = CheckedArtifact;
const Rule rules[] = {
    {"size", [](A &a) { --a.variant.size; }, "the description of a variant"},
    {"target", [](A &a) { a.variant.target = nullptr; }, "name its target"},
    {"workspace", [](A &a) { a.variant.workspace = nullptr; },
     "the function is missing"},
    {"alignment", [](A &a) { a.variant.workspace_align = 48; },
     "to be a power of two, but it is 48"},
    {"services", [](A &a) { a.variant.services = 64; }, "the services of"},
    {"tokens", [](A &a) { a.variant.max_tokens = -1; },
     "the largest number of tokens"},
    {"grid", [](A &a) { a.variant.grid[1] = -1; }, "a size of the grid"},
    {"peer_ranks",
     [](A &a) { a.variant.grid[0] = a.variant.grid[2] = 1 << 11; },
     "the number of peer ranks"},
    {"token_axes", [](A &a) { a.variant.token_axes = 8; },
     "the axes that cut tokens"},
    {"no_variant", [](A &a) { a.artifact.variants = 0; },
     "the number of variants"},
    {"no_address", [](A &a) { a.variant.operand = nullptr; },
     "their address is null"},
    {"roles", [](A &a) { a.variant.roles ^= 1u << MOELORA_ROUTER_BIAS; },
     "those of its operands"},
    {"entry_twice", [](A &a) { a.entries[1].kind = MOELORA_ENTRY_ALL; },
     "kind 0 is there twice"},
    {"entry_null", [](A &a) { a.entries[2].run = nullptr; }, "kind 2 is null"},
    {"entry_kind", [](A &a) { a.entries[2].kind = MOELORA_ENTRIES; },
     "the kind of an entry point"},
    {"partial_of_whole_layer",
     [](A &a) {
       for (moelora_entry &entry : a.entries)
         entry.flags = MOELORA_ENTRY_PARTIAL;
     },
     "3 of 3 have them, and the grid is 1 x 1 x 1"},
    {"partial_and_not",
     [](A &a) {
       a.variant.grid[2] = 2;
       a.entries[1].flags = MOELORA_ENTRY_PARTIAL;
     },
     "1 of 3 have them, and the grid is 1 x 1 x 2"},
    {"facts", [](A &a) { a.variant.adapters.size = 8; },
     "the description of the slot table"},
    {"slots", [](A &a) { a.variant.adapters.slots = 65537; },
     "the number of slots"},
    {"projections", [](A &a) { a.variant.adapters.projections = 1u << 10; },
     "the projections"},
    {"shared_a", [](A &a) { a.variant.adapters.shared_a = 1u << 10; },
     "the projections of which experts share A"},
    {"kernel_binary",
     [](A &a) {
       static const moelora_kernel_info kernel = {"k", 0, 32, 0, 0};
       a.variant.kernel = &kernel;
       a.variant.kernels = 1;
     },
     "the binary of the kernel k"},
    {"binary_bytes",
     [](A &a) {
       static const moelora_binary binary = {MOELORA_BINARY_PTX, 0, 0, "x"};
       a.variant.binary = &binary;
       a.variant.binaries = 1;
     },
     "bytes where they are not in this process"},
    {"emulated_bytes",
     [](A &a) {
       static const moelora_binary binary = {MOELORA_BINARY_EMULATED, 0, 1,
                                             "x"};
       a.variant.binary = &binary;
       a.variant.binaries = 1;
     },
     "bytes where they are not in this process"},
    {"binary_kind",
     [](A &a) {
       static const moelora_binary binary = {MOELORA_BINARY_EMULATED + 1, 0, 0,
                                             "x"};
       a.variant.binary = &binary;
       a.variant.binaries = 1;
     },
     "the kind of a binary"},
    {"role", [](A &a) { a.operands[0].role = 1; }, "has role 1"},
    {"operand_twice", [](A &a) { a.operands[1].role = MOELORA_HIDDEN; },
     "the hidden is there twice"},
    {"part", [](A &a) { a.operands[0].part = MOELORA_PARTS; }, "the part of"},
    {"quantised", [](A &a) { a.operands[5].part = MOELORA_PART_SCALES; },
     "not to be quantised"},
    {"dtype", [](A &a) { a.operands[5].dtype = 99; }, "has 99"},
    {"dims", [](A &a) { a.operands[5].dims = 9; }, "the number of dims of"},
    {"weight_of_tokens", [](A &a) { a.operands[5].shape[0] = -1; },
     "a dim of the router weight"},
    {"hidden_without_tokens", [](A &a) { a.operands[0].shape[0] = 7; },
     "a row for each token, but its shape is [7, 8]"},
    {"logits_of_bf16",
     [](A &a) { a.operand(MOELORA_ROUTER_LOGITS).dtype = MOELORA_BF16; },
     "to have type F32, but it has BF16"},
    {"overflow",
     [](A &a) {
       for (int64_t &dim : a.operands[5].shape)
         dim = 1 << 20;
       a.operands[5].dims = 8;
     },
     "to fit into 63 bits"},
    {"stride", [](A &a) { a.operands[5].stride[0] = -1; }, "a stride of"},
    {"entries", [](A &a) { a.operands[5].entries = 16; },
     "the entry points of the router weight"},
};

INSTANTIATE_TEST_SUITE_P(Description, Variants, testing::ValuesIn(rules),
                         [](const auto &info) { return info.param.name; });

} // namespace
