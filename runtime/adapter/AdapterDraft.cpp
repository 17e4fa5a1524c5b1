/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Joins each lora_A with its lora_B by name.
 */
#include "adapter/AdapterDraft.h"

#include "files/NameHash.h"

#include <algorithm>
#include <map>

using namespace moelora;

namespace {

/// Finds the place of every tensor. Only the first error is reported, with the
/// number of the others, because they usually have one cause.
class Placing {
public:
  explicit Placing(const AdapterSource &source) : names(source.target) {}

  AdapterPlace place(std::string_view name, const Tensor &tensor) {
    try {
      return names.place(name, tensor.name);
    } catch (const Failure &failure) {
      if (refused++ == 0)
        first = failure.text;
      return {};
    }
  }

  void finish() const {
    if (refused == 0)
      return;
    std::string others = std::to_string(refused - 1);
    fail(refused == 1 ? first : first + " (and " + others + " more tensors)");
  }

private:
  AdapterNames names;
  std::string first;
  int64_t refused = 0;
};

/// Names are unique, except for the segments that are removed.
void put(AdapterHalf &half, const AdapterHalf &found,
         const AdapterSource &source) {
  if (half.tensor >= 0)
    fail("expects one tensor of each name, but '" +
         source.tensor(half.tensor).name + "' and '" +
         source.tensor(found.tensor).name + "' differ in wrappers only");
  half = found;
}

std::vector<AdapterDraft> joinByName(const AdapterSource &source,
                                     BareNames &names,
                                     std::vector<int64_t> &elsewhere) {
  const std::vector<Tensor> &tensors = source.files.tensors();
  Placing placing(source);
  std::vector<AdapterDraft> drafts;
  drafts.reserve(tensors.size() / 2);
  NameMap<std::string_view, size_t> draftOf; // by wrapper
  draftOf.reserve(tensors.size() / 2);
  for (size_t i = 0; i < tensors.size(); ++i) {
    source.work.step(1 + tensors[i].name.size() / 8);
    AdapterPlace place = placing.place(names.of(tensors[i].name), tensors[i]);
    if (place.kind == AdapterPlace::Elsewhere) {
      elsewhere.push_back(static_cast<int64_t>(i));
      continue;
    }
    AdapterHalf half = {static_cast<int64_t>(i), place.expert == allExperts,
                        place.module};
    auto [found, added] = draftOf.try_emplace(place.wrapper, drafts.size());
    if (added)
      drafts.push_back({place, {}, {}});
    AdapterDraft &draft = drafts[found->second];
    put(place.isB ? draft.b : draft.a, half, source);
  }
  placing.finish();
  return drafts;
}

/// A stack with only one matrix provides it to every expert without that
/// matrix, because files may store a matrix that the experts share once, under
/// the name without a number.
class Lending {
public:
  explicit Lending(std::vector<AdapterDraft> &drafts) : drafts(drafts) {
    for (size_t i = 0; i < drafts.size(); ++i)
      if (isHalfStack(drafts[i]))
        stackOf.emplace(keyOf(drafts[i].place), i);
  }

  void lend() {
    if (stackOf.empty())
      return;
    std::vector<bool> lent(drafts.size());
    for (AdapterDraft &draft : drafts) {
      auto stack = stackOf.find(keyOf(draft.place));
      if (draft.place.kind != AdapterPlace::Pair ||
          draft.place.expert == allExperts || stack == stackOf.end())
        continue;
      lent[stack->second] = fill(draft.a, drafts[stack->second].a) ||
                            fill(draft.b, drafts[stack->second].b) ||
                            lent[stack->second];
    }
    std::vector<AdapterDraft> kept;
    for (size_t i = 0; i < drafts.size(); ++i)
      if (!lent[i])
        kept.push_back(std::move(drafts[i]));
    drafts = std::move(kept);
  }

private:
  using Key = std::array<size_t, 3>;
  static Key keyOf(const AdapterPlace &place) {
    return {place.site, static_cast<size_t>(place.projection),
            static_cast<size_t>(place.slices)};
  }

  static bool isHalfStack(const AdapterDraft &draft) {
    return draft.place.kind == AdapterPlace::Pair &&
           draft.place.expert == allExperts &&
           (draft.a.tensor < 0 || draft.b.tensor < 0);
  }

  static bool fill(AdapterHalf &half, const AdapterHalf &from) {
    if (half.tensor >= 0 || from.tensor < 0)
      return false;
    half = from;
    return true;
  }

  std::vector<AdapterDraft> &drafts;
  std::map<Key, size_t> stackOf;
};

void checkTensor(const Tensor &tensor, bool ofStack) {
  if (tensor.elements == 0)
    fail("expects tensor '" + tensor.name + "' to have elements, but its " +
         "shape is " + shapeText(tensor.shape.data(), tensor.dims) +
         ": it was saved from a partitioned model (DeepSpeed ZeRO-3, FSDP) " +
         "without gathering it; save it again with the parameters gathered");
  if (tensor.dims != 2 && !(ofStack && tensor.dims == 3))
    fail("expects tensor '" + tensor.name + "' to have 2 dimensions" +
         (ofStack ? ", or 3 with the experts first" : "") +
         ", but its shape is " + shapeText(tensor.shape.data(), tensor.dims));
  if (!isFloatingPoint(tensor.dtype))
    fail("expects tensor '" + tensor.name + "' to have the dtype F32, F16, " +
         "BF16 or F64, but it has " + moelora_dtype_name(tensor.dtype));
}

void checkWhole(const AdapterSource &source, const AdapterDraft &draft) {
  if (draft.a.tensor < 0 || draft.b.tensor < 0) {
    bool noA = draft.a.tensor < 0;
    const Tensor &present =
        source.tensor(noA ? draft.b.tensor : draft.a.tensor);
    fail("expects lora_A and lora_B in pairs, but '" + present.name +
         "' has no " + (noA ? "lora_A" : "lora_B"));
  }
  for (const AdapterHalf &half : {draft.a, draft.b})
    checkTensor(source.tensor(half.tensor), half.ofStack);
}

} // namespace

std::vector<AdapterDraft>
moelora::collectDrafts(const AdapterSource &source, BareNames &names,
                       std::vector<int64_t> &elsewhere) {
  std::vector<AdapterDraft> drafts = joinByName(source, names, elsewhere);
  Lending(drafts).lend();
  for (const AdapterDraft &draft : drafts) {
    source.work.step();
    checkWhole(source, draft);
  }
  return drafts;
}

MatrixView moelora::takeSlice(MatrixView rows, const moelora_adapter_site &site,
                              const AdapterPlace &place, int32_t slice,
                              int64_t out) {
  bool alternate = site.interleaved && isRouted(place.projection);
  rows.offset += slice * (alternate ? 1 : out) * rows.row;
  rows.row *= alternate ? place.slices : 1;
  return rows;
}
