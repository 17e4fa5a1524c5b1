/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Builds the image of an adapter, in the form that generated code reads.
 *
 * An adapter has one image. Its parts are in this order, at multiples of 64
 * bytes:
 *
 *     uint32_t finder[layers of the model][MOELORA_PROJECTIONS]
 *     moelora_pair [experts] or [1], for each layer and projection with any
 *     for each of these, in the same order:
 *         A pages of all its experts, then B pages of all its experts
 *
 * It contains no addresses, and is built in memory of the host.
 */
#ifndef MOELORA_RUNTIME_IMAGEBUILDER_H
#define MOELORA_RUNTIME_IMAGEBUILDER_H

#include "adapter/Adapter.h"
#include "pages/ImageParts.h"
#include "pages/PageFormat.h"

#include <memory>

namespace moelora {

/// Builds the image of one adapter.
class ImageBuilder {
public:
  /// Fails if the adapter does not match the format. Both must outlive this
  /// object.
  ImageBuilder(const moelora_adapter &adapter, const PageFormat &format);
  ~ImageBuilder();

  /// `bytes` is the size of the image, not rounded to a granularity.
  const moelora_slot_cost &cost() const;

  /// Writes the index that describes the pages, then reads, converts and pads
  /// the pages. If it fails, or is CANCELLED, the image must not be used.
  /// `staging` may be NULL. `reader`, if it is not NULL, reads each part of the
  /// image as soon as it is done.
  void write(char *image, const moelora_staging *staging,
             const PartReader *reader = nullptr) const;

private:
  struct Parts;
  std::unique_ptr<Parts> parts;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_IMAGEBUILDER_H
