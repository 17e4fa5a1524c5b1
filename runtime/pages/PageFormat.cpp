/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Checks the options of a slot table.
 */
#include "pages/PageFormat.h"

#include "adapter/AdapterConfig.h"
#include "base/Failure.h"
#include "moelora/runtime/Checkpoint.h"

#include <algorithm>
#include <string>

using namespace moelora;

namespace {

void expect(bool right, const char *rule, int32_t value) {
  if (!right)
    fail(std::string("expects ") + rule + ", but it is " +
         std::to_string(value));
}

void checkElements(int32_t dtype, int32_t order) {
  if (dtype == MOELORA_F8_E4M3 || dtype == MOELORA_F8_E5M2)
    fail(std::string("expects dtype to be f32, f16 or bf16: pages of ") +
             moelora_dtype_name(dtype) + " are not made yet",
         MOELORA_UNSUPPORTED);
  expect(dtype >= MOELORA_F32 && dtype <= MOELORA_BF16,
         "dtype to be f32, f16 or bf16", dtype);
  bool fragments = order == MOELORA_PAGE_FRAGMENT_MAJOR;
  expect(fragments || order == MOELORA_PAGE_ROW_MAJOR,
         "page_order to be row-major (1) or fragment-major (2)", order);
  if (fragments && dtype == MOELORA_F32)
    fail("expects fragment-major pages to have elements of 2 bytes, but dtype "
         "is f32, which has 4");
}

/// A size of 0 stands for the whole.
void checkPart(const std::string &of, int32_t rank, int32_t size) {
  expect(size >= 0, (of + "_size not to be negative").c_str(), size);
  if (rank < 0 || rank >= std::max(size, 1))
    fail("expects " + of + "_rank to be from 0 to " + of +
         "_size - 1, but it is " + std::to_string(rank) + " and " + of +
         "_size is " + std::to_string(size));
}

void checkOptions(const moelora_slot_table_options &options) {
  expect(options.slots >= 1 && options.slots <= MOELORA_MAX_SLOTS,
         "slots to be from 1 to 65536", options.slots);
  expect(options.max_rank >= 1 && options.max_rank <= maxAdapterRank,
         "max_rank to be from 1 to 65536", options.max_rank);
  checkElements(options.dtype, options.page_order);
  if (options.shared_a >> MOELORA_PROJECTIONS)
    fail("expects shared_a to have the bits of projections, but it is " +
         std::to_string(options.shared_a));
  expect(!options.layers || options.layer_count >= 0,
         "layer_count not to be negative", options.layer_count);
  expect(!options.experts || options.expert_count >= 1,
         "expert_count to be at least 1", options.expert_count);
  checkPart("tp", options.tp_rank, options.tp_size);
  checkPart("shared", options.shared_rank, options.shared_size);
}

/// A copy of what an option points to.
std::optional<std::vector<int32_t>> copyList(const int32_t *first,
                                             int32_t count) {
  if (!first)
    return std::nullopt;
  return std::vector<int32_t>(first, first + count);
}

/// -1 stands for an expert that this peer rank does not have.
void checkExperts(std::vector<int32_t> experts) {
  while (!experts.empty() && experts.back() == -1)
    experts.pop_back();
  std::sort(experts.begin(), experts.end());
  if (!experts.empty() && experts.front() < 0)
    fail("expects experts not to be negative, but for -1 behind all others, "
         "but one is " +
         std::to_string(experts.front()));
  auto twice = std::adjacent_find(experts.begin(), experts.end());
  if (twice != experts.end())
    fail("expects experts to differ, but " + std::to_string(*twice) +
         " is there twice");
}

} // namespace

PageFormat::PageFormat(const moelora_slot_table_options &options)
    : dtype(options.dtype), order(options.page_order),
      maxRank(options.max_rank), slots(options.slots),
      sharedA(options.shared_a),
      target((checkOptions(options), options.target)), tpRank(options.tp_rank),
      tpSize(std::max(options.tp_size, 1)),
      cutsSharedApart(options.shared_size > 0),
      sharedRank(cutsSharedApart ? options.shared_rank : tpRank),
      sharedSize(cutsSharedApart ? options.shared_size : tpSize) {
  layers = copyList(options.layers, options.layer_count);
  if (layers)
    std::sort(layers->begin(), layers->end());
  experts = copyList(options.experts, options.expert_count);
  if (experts)
    checkExperts(*experts);
  for (const TableTarget::Site &site : target.all())
    if (keepsLayer(site.sizes.layer))
      checkSite(site.sizes);
}

bool PageFormat::keepsLayer(int32_t layer) const {
  return !layers || std::binary_search(layers->begin(), layers->end(), layer);
}

void PageFormat::checkSite(const moelora_adapter_site &site) const {
  auto expectParts = [&](const std::string &option, const char *what,
                         int64_t size, int32_t parts) {
    if (size % parts != 0)
      fail("expects " + option + " to divide the " + what +
           "intermediate size, but that of layer " +
           std::to_string(site.layer) + " is " + std::to_string(size) +
           " and " + option + " is " + std::to_string(parts));
  };
  expectParts("tp_size", "", site.intermediate, tpSize);
  expectParts(cutsSharedApart ? "shared_size" : "tp_size", "shared ",
              site.shared, sharedSize);
  if (!experts)
    return;
  int32_t most = *std::max_element(experts->begin(), experts->end());
  if (most >= site.experts)
    fail("expects experts below the " + std::to_string(site.experts) +
         " of layer " + std::to_string(site.layer) + ", but one is " +
         std::to_string(most));
}

moelora_facts PageFormat::facts(int32_t layer) const {
  const TableTarget::Site *site = target.find(layer);
  if (!site || !keepsLayer(layer))
    fail("expects a layer that the slot table keeps, but layer " +
         std::to_string(layer) + (site ? " is not kept" : " has no experts"));
  const moelora_adapter_site &sizes = site->sizes;
  moelora_facts facts = {};
  facts.size = sizeof facts;
  facts.dtype = dtype;
  facts.page_order = order;
  facts.slots = slots;
  facts.shared_a = sharedA;
  facts.max_rank = maxRank;
  facts.experts =
      experts ? static_cast<int32_t>(experts->size()) : sizes.experts;
  facts.logits = sizes.logits ? sizes.logits : sizes.experts;
  facts.hidden = sizes.hidden;
  facts.width = sizes.latent ? sizes.latent : sizes.hidden;
  facts.intermediate = sizes.intermediate / tpSize;
  facts.shared = sizes.shared / sharedSize;
  facts.projections = site->projections;
  return facts;
}
