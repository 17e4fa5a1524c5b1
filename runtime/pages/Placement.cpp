/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Chooses the pairs that are kept, and assigns a position to each page.
 */
#include "pages/Placement.h"

#include "adapter/AdapterConfig.h"
#include "adapter/AdapterName.h"
#include "base/Failure.h"

#include <algorithm>
#include <limits>

using namespace moelora;

namespace {

/// The unit of the 32-bit offsets in an image.
constexpr uint64_t unit = MOELORA_IMAGE_UNIT;
constexpr uint64_t maxBytes = (uint64_t(1) << 32) * unit;

static_assert((maxAdapterRank + MOELORA_PAGE_RANKS - 1) / MOELORA_PAGE_RANKS <=
                  std::numeric_limits<uint16_t>::max(),
              "moelora_pair counts the pages of a rank in 16 bits");

/// Which size of a projection is divided among the peer ranks.
enum class Cut { None, Inputs, Outputs };

constexpr Cut cutOf[MOELORA_PROJECTIONS] = {
    Cut::Outputs, Cut::Outputs, Cut::Inputs, // gate, up, down
    Cut::None,                               // router
    Cut::Outputs, Cut::Outputs, Cut::Inputs, // shared gate, up, down
    Cut::None,                               // shared score
    Cut::None,    Cut::None};                // latent in, out

/// Reduces a pair to the part of this peer rank.
void cutPair(AdapterPair &pair, int32_t projection, const PageFormat &format) {
  Cut cut = cutOf[projection];
  bool isOfExperts = isRouted(projection);
  int32_t parts = isOfExperts ? format.tpSize : format.sharedSize,
          part = isOfExperts ? format.tpRank : format.sharedRank;
  if (cut == Cut::None || parts == 1)
    return;
  int64_t &size = cut == Cut::Inputs ? pair.in : pair.out;
  size /= parts;
  if (cut == Cut::Inputs)
    pair.a.offset += part * size * pair.a.column;
  else
    pair.b.offset += part * size * pair.b.row;
}

void checkRank(const AdapterPair &pair, int32_t layer,
               const PageFormat &format) {
  if (pair.rank > format.maxRank)
    fail("expects the rank of every pair to be at most max_rank, but a pair of "
         "layer " +
         std::to_string(layer) + " has rank " + std::to_string(pair.rank) +
         " and max_rank is " + std::to_string(format.maxRank));
}

/// The pairs of the kept experts, in local order.
std::vector<PlacedPair> choosePairs(const AdapterSite &site, int32_t projection,
                                    const PageFormat &format) {
  const auto &all = site.pairs[static_cast<size_t>(projection)];
  std::vector<PlacedPair> chosen;
  auto choose = [&](const AdapterPair &pair) {
    chosen.push_back({pair, 0, 0, false});
  };
  if (!isRouted(projection) || !format.experts) {
    chosen.reserve(all.size());
    std::for_each(all.begin(), all.end(), choose);
    return chosen;
  }
  for (int32_t expert : *format.experts)
    choose(expert < 0 ? AdapterPair() : all[static_cast<size_t>(expert)]);
  return chosen;
}

/// Whether two matrices are the same in the file. Matrices of zeros without a
/// file are never the same.
bool isSame(const MatrixView &left, const MatrixView &right) {
  return left.tensor >= 0 && left.tensor == right.tensor &&
         left.offset == right.offset && left.row == right.row &&
         left.column == right.column;
}

/// How the pair of an expert differs from that of another one with which it is
/// to share A; NULL if it does not. Zeros are equal wherever they are.
const char *differenceOf(const AdapterPair &one, const AdapterPair &other) {
  bool areZeros = one.a.tensor < 0 && other.a.tensor < 0;
  if ((one.rank == 0) != (other.rank == 0))
    return "only one of them has a pair";
  if (one.rank != other.rank)
    return "their ranks differ";
  if (one.scale != other.scale)
    return "their scales differ";
  if ((!areZeros && !isSame(one.a, other.a)) || one.sharesA != other.sharesA)
    return "each has its own";
  return nullptr;
}

class Planner {
public:
  explicit Planner(const PageFormat &format) : format(format) {}

  Placement plan(const AdapterBinding &binding) {
    format.target.check(binding);
    reserve(sizeof(Finder) * static_cast<uint64_t>(binding.layers));
    for (const AdapterSite &site : binding.sites)
      keepSite(site);
    placement.cost.index_bytes = placement.cost.bytes;
    const PageGroup *gate = nullptr;
    for (PageGroup &group : placement.groups) {
      if (group.projection == MOELORA_GATE)
        gate = &group;
      placeA(group, gate);
      placeB(group);
    }
    return std::move(placement);
  }

private:
  uint64_t reserve(uint64_t bytes) {
    uint64_t offset = placement.cost.bytes;
    placement.cost.bytes += (bytes + unit - 1) / unit * unit;
    if (placement.cost.bytes > maxBytes)
      fail("expects the image of an adapter to have at most " +
               std::to_string(maxBytes) + " bytes, but it has more",
           MOELORA_UNSUPPORTED);
    return offset;
  }

  void keepSite(const AdapterSite &site) {
    if (!format.keepsLayer(site.layer))
      return;
    format.target.check(site);
    for (int32_t p = 0; p < MOELORA_PROJECTIONS; ++p)
      keepPairs(site, p);
  }

  void keepPairs(const AdapterSite &site, int32_t projection) {
    if (site.pairs[static_cast<size_t>(projection)].empty())
      return;
    PageGroup group = {site.layer, projection, 0,
                       choosePairs(site, projection, format)};
    bool any = false;
    for (PlacedPair &placed : group.pairs)
      if (placed.pair.rank > 0) {
        checkRank(placed.pair, site.layer, format);
        cutPair(placed.pair, projection, format);
        any = true;
      }
    if (!any)
      return;
    if (format.sharedA >> projection & 1)
      checkSharedA(group);
    group.entries = reserve(sizeof(moelora_pair) * group.pairs.size());
    placement.groups.push_back(std::move(group));
  }

  void checkSharedA(const PageGroup &group) const {
    for (size_t e = 1; e < group.pairs.size() && numberOf(e) >= 0; ++e)
      if (const char *why =
              differenceOf(group.pairs[0].pair, group.pairs[e].pair))
        fail(std::string("expects the experts of an adapter to share A of ") +
             projectionName(group.projection) +
             ", as layers that are compiled with --shared-outer do, but " +
             "experts " + std::to_string(numberOf(0)) + " and " +
             std::to_string(numberOf(e)) + " of layer " +
             std::to_string(group.layer) + " do not: " + why +
             ". Layers that are compiled without it take any adapter");
  }

  int32_t numberOf(size_t expert) const {
    return format.experts ? (*format.experts)[expert]
                          : static_cast<int32_t>(expert);
  }

  void placeA(PageGroup &group, const PageGroup *gate) {
    const PlacedPair *last = nullptr;
    for (size_t e = 0; e < group.pairs.size(); ++e) {
      PlacedPair &placed = group.pairs[e];
      const AdapterPair &pair = placed.pair;
      if (pair.rank == 0)
        continue;
      placed.borrowsA = gate && pair.sharesA && group.projection == MOELORA_UP;
      if (placed.borrowsA)
        placed.a = gate->pairs[e].a;
      else if (last && isSame(last->pair.a, pair.a))
        placed.a = last->a;
      else
        placed.a = place({pair.a, pair.rank, pair.in, false, group.layer, 0});
      last = &placed;
    }
  }

  void placeB(PageGroup &group) {
    const PlacedPair *last = nullptr;
    for (PlacedPair &placed : group.pairs) {
      const AdapterPair &pair = placed.pair;
      if (pair.rank == 0)
        continue;
      MatrixView turned = {pair.b.tensor, pair.b.offset, pair.b.column,
                           pair.b.row};
      if (last && isSame(last->pair.b, pair.b))
        placed.b = last->b;
      else
        placed.b = place({turned, pair.rank, pair.out, true, group.layer, 0});
      last = &placed;
    }
  }

  /// Allocates pages for a matrix.
  uint64_t place(PageMatrix matrix) {
    uint64_t ranks = static_cast<uint64_t>(matrix.rank);
    uint64_t pages = static_cast<uint64_t>(pagesOf(matrix.rank));
    uint64_t bytes = static_cast<uint64_t>(pageElements(matrix, format.order)) *
                     moelora_dtype_bytes(format.dtype);
    placement.cost.pages += pages;
    placement.cost.page_bytes += bytes;
    placement.cost.exact_bytes += bytes / (pages * MOELORA_PAGE_RANKS) * ranks;
    matrix.offset = reserve(bytes);
    placement.matrices.push_back(matrix);
    return matrix.offset;
  }

  const PageFormat &format;
  Placement placement;
};

} // namespace

Placement moelora::placePages(const AdapterBinding &binding,
                              const PageFormat &format) {
  return Planner(format).plan(binding);
}
