/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Copies stripes of files into pages, with all threads of the services.
 */
#ifndef MOELORA_RUNTIME_PAGESTAGING_H
#define MOELORA_RUNTIME_PAGESTAGING_H

#include "moelora/runtime/Staging.h"
#include "pages/ImageParts.h"

namespace moelora {

/// The sources of pages, and their place in the image.
struct PageImage {
  char *bytes;
  int32_t dtype, order;
};

/// Writes every byte of every page, or fails with the first error of any thread
/// or with CANCELLED. `parts` may be NULL.
void stageSources(const PageSources &sources, const PageImage &image,
                  const moelora_staging &staging, ImageParts *parts);

} // namespace moelora

#endif // MOELORA_RUNTIME_PAGESTAGING_H
