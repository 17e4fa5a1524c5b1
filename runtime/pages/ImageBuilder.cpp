/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Combines the steps of staging: placement, sources, copying, and the index.
 */
#include "pages/ImageBuilder.h"

#include "base/Failure.h"
#include "pages/PageSources.h"
#include "pages/PageStaging.h"
#include "pages/Placement.h"

#include <algorithm>
#include <optional>

using namespace moelora;

struct ImageBuilder::Parts {
  Parts(const moelora_adapter &adapter, const PageFormat &format)
      : format(format), placement(placePages(adapter.binding, format)),
        sources(adapter.files, placement.matrices) {
    placement.cost.read_bytes = sources.readBytes();
  }

  const PageFormat &format;
  Placement placement;
  PageSources sources;
};

ImageBuilder::ImageBuilder(const moelora_adapter &adapter,
                           const PageFormat &format)
    : parts(std::make_unique<Parts>(adapter, format)) {}

ImageBuilder::~ImageBuilder() = default;

const moelora_slot_cost &ImageBuilder::cost() const {
  return parts->placement.cost;
}

namespace {

uint32_t unitsOf(uint64_t offset) {
  return static_cast<uint32_t>(offset / MOELORA_IMAGE_UNIT);
}

moelora_pair entryOf(const PlacedPair &placed) {
  const AdapterPair &pair = placed.pair;
  if (pair.rank == 0)
    return {};
  return {unitsOf(placed.a), unitsOf(placed.b),
          static_cast<uint16_t>(pagesOf(pair.rank)),
          static_cast<uint16_t>(placed.borrowsA ? MOELORA_PAIR_SHARES_A : 0),
          static_cast<float>(pair.scale)};
}

/// Writes the index that describes the pages.
void writeIndex(const Placement &placement, char *image) {
  std::fill_n(image, placement.cost.index_bytes, '\0');
  auto *finder = reinterpret_cast<Finder *>(image);
  for (const PageGroup &group : placement.groups) {
    finder[group.layer][static_cast<size_t>(group.projection)] =
        unitsOf(group.entries);
    auto *entry = reinterpret_cast<moelora_pair *>(image + group.entries);
    for (const PlacedPair &placed : group.pairs)
      *entry++ = entryOf(placed);
  }
}

} // namespace

void ImageBuilder::write(char *image, const moelora_staging *staging,
                         const PartReader *reader) const {
  const PageFormat &format = parts->format;
  const Placement &placement = parts->placement;
  writeIndex(placement, image);
  std::optional<ImageParts> done;
  if (reader)
    done.emplace(parts->sources, format.dtype, format.order,
                 placement.cost.bytes, *reader);
  stageSources(parts->sources, {image, format.dtype, format.order},
               staging ? *staging : moelora_staging{}, done ? &*done : nullptr);
}
