/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * From tensors to pairs: names first, then ranks and shapes.
 */
#include "AdapterBinding.h"

#include "AdapterLayout.h"
#include "Failure.h"

using namespace moelora;

namespace {

/// Joins lora_A and lora_B of each module; what is elsewhere is set aside.
std::vector<AdapterDraft> collectDrafts(const AdapterSource &source,
                                        std::vector<int64_t> &elsewhere) {
  AdapterNames names(source.target);
  names.checkModulesToSave(source.config.modulesToSave);
  std::vector<AdapterDraft> drafts;
  std::unordered_map<std::string, size_t> draftOf; // by module and depth
  const std::vector<Tensor> &tensors = source.files.tensors();
  for (size_t i = 0; i < tensors.size(); ++i) {
    AdapterPlace place = names.place(tensors[i].name);
    int64_t index = static_cast<int64_t>(i);
    if (place.kind == AdapterPlace::Elsewhere) {
      elsewhere.push_back(index);
      continue;
    }
    std::string key = place.module + ":" + std::to_string(place.depth);
    auto [found, added] = draftOf.emplace(std::move(key), drafts.size());
    bool isB = place.isB;
    if (added)
      drafts.push_back({std::move(place)});
    (isB ? drafts[found->second].b : drafts[found->second].a) = index;
  }
  return drafts;
}

void checkComplete(const AdapterSource &source, const AdapterDraft &draft) {
  if (draft.a < 0 || draft.b < 0) {
    const Tensor &present = source.tensor(draft.a < 0 ? draft.b : draft.a);
    fail("expects lora_A and lora_B in pairs, but '" + present.name +
         "' has no " + (draft.a < 0 ? "lora_A" : "lora_B"));
  }
  for (int64_t index : {draft.a, draft.b}) {
    const Tensor &tensor = source.tensor(index);
    if (tensor.rank != 2)
      fail("expects tensor '" + tensor.name + "' to have 2 dimensions, but " +
           "its shape is " + shapeText(tensor.shape.data(), tensor.rank));
    if (!isFloatingPoint(tensor.dtype))
      fail("expects tensor '" + tensor.name + "' to have the dtype F32, F16, " +
           "BF16 or F64, but it has " + moelora_file_dtype_name(tensor.dtype));
  }
}

/// The router of newer libraries is a packed parameter of one expert.
bool isPackedRouter(const AdapterSource &source, const AdapterDraft &draft) {
  return draft.place.kind == AdapterPlace::Plain &&
         draft.place.projection == MOELORA_ROUTER &&
         source.config.targetsParameter(draft.place.module + ".weight");
}

void bindPlain(const AdapterSource &source, const AdapterDraft &draft,
               AdapterBinding &binding) {
  const AdapterPlace &place = draft.place;
  int64_t rank = source.config.rankOf(place.module);
  PairSizes sizes = pairSizes(source.site(draft), place.projection);
  auto expect = [](const Tensor &tensor, int64_t rows, int64_t columns,
                   const std::string &meaning) {
    if (tensor.shape[0] != rows || tensor.shape[1] != columns)
      fail("expects tensor '" + tensor.name + "' to have the shape (" +
           std::to_string(rows) + ", " + std::to_string(columns) +
           "), which is " + meaning + ", but it has " +
           shapeText(tensor.shape.data(), 2));
  };
  std::string stated = "rank " + std::to_string(rank) + " of the config";
  expect(source.tensor(draft.a), rank, sizes.in,
         "(" + stated + ", the layer's input size)");
  expect(source.tensor(draft.b), sizes.out, rank,
         "(the layer's output size, " + stated + ")");
  addPair(binding, source, place.site, place.projection, place.expert,
          {{draft.a, 0, sizes.in, 1},
           {draft.b, 0, rank, 1},
           sizes.in,
           sizes.out,
           static_cast<int32_t>(rank),
           false,
           source.config.scaleOf(place.module)},
          place.module);
}

void checkSomethingBound(const AdapterSource &source,
                         const std::vector<AdapterDraft> &drafts) {
  if (!drafts.empty())
    return;
  const std::vector<Tensor> &tensors = source.files.tensors();
  fail("nothing in the adapter binds to a MoE layer of this model: " +
       std::to_string(tensors.size()) + " tensors are of other parts" +
       (tensors.empty() ? "" : ", such as '" + tensors.front().name + "'"));
}

} // namespace

PairSizes moelora::pairSizes(const moelora_adapter_site &site,
                             int32_t projection) {
  switch (projection) {
  case MOELORA_DOWN:
    return {site.intermediate, site.hidden};
  case MOELORA_ROUTER:
    return {site.hidden, site.experts};
  case MOELORA_SHARED_GATE:
  case MOELORA_SHARED_UP:
    return {site.hidden, site.shared};
  case MOELORA_SHARED_DOWN:
    return {site.shared, site.hidden};
  case MOELORA_SHARED_SCORE:
    return {site.hidden, 1};
  default:
    return {site.hidden, site.intermediate};
  }
}

void moelora::addPair(AdapterBinding &binding, const AdapterSource &source,
                      size_t site, int32_t projection, int32_t expert,
                      AdapterPair pair, const std::string &module) {
  auto &pairs = binding.sites[site].pairs[static_cast<size_t>(projection)];
  if (pairs.empty())
    pairs.resize(projection <= MOELORA_DOWN
                     ? static_cast<size_t>(source.target.site[site].experts)
                     : 1);
  AdapterPair &place = pairs[static_cast<size_t>(expert)];
  if (place.rank != 0)
    fail("expects one pair for each projection of an expert, but '" + module +
         "' is the second one for its place");
  place = pair;
}

AdapterBinding moelora::bindAdapter(const AdapterSource &source,
                                    moelora_adapter_layout stated) {
  AdapterBinding binding;
  std::vector<AdapterDraft> drafts = collectDrafts(source, binding.elsewhere);
  checkSomethingBound(source, drafts);
  binding.layers = source.target.layers;
  for (int32_t i = 0; i < source.target.sites; ++i) {
    const moelora_adapter_site &site = source.target.site[i];
    binding.sites.push_back({site.layer, site.experts, false, {}});
  }
  std::vector<AdapterDraft> packed;
  for (AdapterDraft &draft : drafts) {
    checkComplete(source, draft);
    if (draft.place.kind == AdapterPlace::Plain &&
        !isPackedRouter(source, draft))
      bindPlain(source, draft, binding);
    else
      packed.push_back(std::move(draft));
  }
  bindPacked(source, packed, stated, binding);
  return binding;
}
