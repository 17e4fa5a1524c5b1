/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Binds pairs to places, and compares their ranks and shapes with those of the
 * model.
 */
#include "adapter/AdapterBinding.h"

#include "adapter/AdapterLayout.h"
#include "base/Failure.h"

using namespace moelora;

namespace {

/// The name of a module for patterns: the name of its parameter, if the
/// parameter is the target.
std::string patternName(const AdapterSource &source, const AdapterHalf &half) {
  std::string module(half.module);
  std::string parameter = module + ".weight";
  return source.config.targetsParameter(parameter, source.work) ? parameter
                                                                : module;
}

/// The rank and the scale of a pair from patterns. If A or B is shared by all
/// experts, the two belong to different modules, and patterns may name either
/// one.
class PatternsOfPair {
public:
  PatternsOfPair(const AdapterSource &source, const AdapterDraft &draft)
      : source(source), ofA(patternName(source, draft.a)),
        ofB(draft.a.module == draft.b.module ? ofA
                                             : patternName(source, draft.b)) {}

  /// The rows of A are the ranks, so A's name is looked up first. Shapes
  /// determine the rest.
  int64_t rank() const {
    auto [a, b] = find(source.config.ranks);
    const double *found = a ? a : b;
    return found ? static_cast<int64_t>(*found) : source.config.rank;
  }

  double alpha() const {
    auto [a, b] = find(source.config.alphas);
    if (a && b && *a != *b)
      fail("expects alpha_pattern to say the same of the modules of a pair, "
           "but it says " +
           std::to_string(*a) + " of '" + ofA + "' and " + std::to_string(*b) +
           " of '" + ofB + "'");
    return a ? *a : b ? *b : source.config.alpha;
  }

private:
  /// The settings of A's module and of B's, which usually are the same module.
  std::pair<const double *, const double *>
  find(const PatternValues &values) const {
    const double *a = values.find(ofA, source.work);
    return {a, ofA == ofB ? a : values.find(ofB, source.work)};
  }

  const AdapterSource &source;
  const std::string ofA, ofB;
};

/// A matrix for each expert, or one for all of them if `step` is 0.
struct Stack {
  MatrixView first;
  int64_t step;

  MatrixView of(int32_t expert) const {
    MatrixView view = first;
    view.offset += expert * step;
    return view;
  }
};

/// The required shape of a matrix: lora_A (rank, in), lora_B (out, rank).
struct Expected {
  bool isB;
  int64_t rank, size;

  int64_t rows() const { return isB ? size : rank; }
  int64_t columns() const { return isB ? rank : size; }
  std::string meaning() const {
    std::string stated = "rank " + std::to_string(rank) + " of the config";
    return isB ? "the layer's output size, " + stated
               : stated + ", the layer's input size";
  }
};

Stack findStack(const Tensor &tensor, const AdapterHalf &half, int32_t experts,
                const Expected &expected) {
  bool stacked = tensor.dims == 3;
  const int64_t *shape = tensor.shape.data() + (stacked ? 1 : 0);
  int64_t rows = expected.rows(), columns = expected.columns();
  int64_t count = stacked ? tensor.shape[0] : 1;
  if (shape[0] != rows || shape[1] != columns ||
      (count != 1 && count != experts))
    fail("expects tensor '" + tensor.name + "' to have the shape (" +
         (stacked ? "1 or " + std::to_string(experts) + ", " : "") +
         std::to_string(rows) + ", " + std::to_string(columns) +
         "), which is (" + (stacked ? "one for all or each expert, " : "") +
         expected.meaning() + "), but it has " +
         shapeText(tensor.shape.data(), tensor.dims));
  return {{half.tensor, 0, columns, 1}, count == 1 ? 0 : rows * columns};
}

void bindPair(const AdapterSource &source, const AdapterDraft &draft,
              AdapterBinding &binding) {
  const AdapterPlace &place = draft.place;
  const moelora_adapter_site &site = source.site(draft);
  PatternsOfPair patterns(source, draft);
  int64_t rank = patterns.rank();
  PairSizes sizes = pairSizes(site, place.projection);
  int32_t experts = namedExperts(site);
  Stack a = findStack(source.tensor(draft.a.tensor), draft.a, experts,
                      {false, rank, sizes.in});
  Stack b = findStack(source.tensor(draft.b.tensor), draft.b, experts,
                      {true, rank, sizes.out * place.slices});
  AdapterPair pair;
  pair.in = sizes.in;
  pair.out = sizes.out;
  pair.rank = static_cast<int32_t>(rank);
  pair.sharesA = place.slices == 2;
  pair.scale = source.config.scale(patterns.alpha(), rank);
  bool all = place.expert == allExperts;
  int32_t first = all ? 0 : place.expert;
  int32_t end = all ? experts : place.expert + 1;
  for (int32_t slice = 0; slice < place.slices; ++slice)
    for (int32_t e = first; e < end; ++e) {
      source.work.step();
      pair.a = a.of(e);
      pair.b = takeSlice(b.of(e), site, place, slice, sizes.out);
      addPair(binding, source.target, place.site, place.projection + slice, e,
              pair, place.module);
    }
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

AdapterBinding moelora::bindAdapter(const AdapterSource &source,
                                    const moelora_adapter_options &stated) {
  AdapterBinding binding;
  source.work.look();
  checkModulesToSave(source.target, source.config.modulesToSave, source.work);
  BareNames names;
  std::vector<AdapterDraft> drafts =
      collectDrafts(source, names, binding.elsewhere);
  checkSomethingBound(source, drafts);
  binding.layers = source.target.layers;
  for (int32_t i = 0; i < source.target.sites; ++i) {
    const moelora_adapter_site &site = source.target.site[i];
    binding.sites.push_back({site.layer, site.experts, false, {}});
  }
  std::vector<AdapterDraft> packed;
  for (AdapterDraft &draft : drafts) {
    if (draft.place.kind == AdapterPlace::Pair)
      bindPair(source, draft, binding);
    else
      packed.push_back(std::move(draft));
  }
  bindPacked(source, packed, stated, binding);
  return binding;
}
