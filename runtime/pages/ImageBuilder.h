/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An adapter staged into pages, as generated code reads it.
 *
 * One image per adapter, in this order, everything at multiples of 64:
 *
 *     uint32_t finder[layers of the model][MOELORA_PROJECTIONS]
 *     moelora_pair [experts] or [1], for each layer and projection with any
 *     for each of these, in the same order:
 *         A pages of all its experts, then B pages of all its experts
 *
 * It has no addresses in it, and is made in memory of the host.
 */
#ifndef MOELORA_RUNTIME_IMAGEBUILDER_H
#define MOELORA_RUNTIME_IMAGEBUILDER_H

#include "adapter/Adapter.h"
#include "pages/ImageParts.h"
#include "pages/PageFormat.h"

#include <memory>

namespace moelora {

/// Makes the image of one adapter.
class ImageBuilder {
public:
  /// Fails where the adapter does not fit the format. Both must outlive it.
  ImageBuilder(const moelora_adapter &adapter, const PageFormat &format);
  ~ImageBuilder();

  /// `bytes` is that of the image, not rounded to any granularity.
  const moelora_slot_cost &cost() const;

  /// Writes the index that describes the pages, then reads, converts and pads
  /// the pages. If it fails, or is CANCELLED, the image must not be used.
  /// `staging` may be NULL. `reader`, if it is not NULL, reads each part of the
  /// image as soon as that is done.
  void write(char *image, const moelora_staging *staging,
             const PartReader *reader = nullptr) const;

private:
  struct Parts;
  std::unique_ptr<Parts> parts;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_IMAGEBUILDER_H
