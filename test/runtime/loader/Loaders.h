/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loaders, and folders for them.
 */
#ifndef MOELORA_TEST_LOADER_LOADERS_H
#define MOELORA_TEST_LOADER_LOADERS_H

#include "../Files.h"
#include "moelora/runtime/Loader.h"

#include <gtest/gtest.h>

namespace moelora::test {

/// Waits for the clock that stamps files to go on, so that a later change of
/// the folder's files is not in the same tick.
void settle(const Folder &folder);

/// A pair of this rank in layer 0, experts.1.up_proj, with values by `seed`,
/// and one of attention. Settles.
void writeSmall(const Folder &folder, unsigned seed = 1, int rank = 2);

struct Loader {
  explicit Loader(int32_t adapters = 4, int32_t threads = 1);
  ~Loader() { moelora_loader_destroy(loader); }
  Loader(const Loader &) = delete;

  Opened open(const std::string &folder, const Model &model = Model(),
              int32_t layout = MOELORA_LAYOUT_DECIDE);

  moelora_loader *loader = nullptr;
};

/// Whether two handles are of one open adapter: they lend the same text.
bool areSame(const Opened &left, const Opened &right);

} // namespace moelora::test

#endif // MOELORA_TEST_LOADER_LOADERS_H
