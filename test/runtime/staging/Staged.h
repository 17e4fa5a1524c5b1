/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters in every form that files have, and their images without a table.
 */
#ifndef MOELORA_TEST_RUNTIME_STAGING_STAGED_H
#define MOELORA_TEST_RUNTIME_STAGING_STAGED_H

#include "Pages.h"
#include "base/Failure.h"
#include "pages/ImageBuilder.h"

#include <cstring>
#include <functional>

namespace moelora::test {

/// A model that has every projection; its intermediate sizes can be cut in two
/// and in three.
struct Whole : Model {
  static constexpr int32_t experts = 4;
  static constexpr int64_t latent = 7, intermediate = 12, shared = 6;
  explicit Whole(bool interleaved = false);
};

/// A way of storing adapters.
struct Form {
  const char *name;
  Opened (*open)(const Folder &folder, int rank, int32_t dtype);
};
extern const std::vector<Form> forms;

/// Receives the finished parts of an image.
struct Listener {
  uint64_t partBytes;
  std::function<void(const char *image, uint64_t offset, uint64_t bytes)> hear;
};

/// Pages of an adapter in memory of this process, which was full of NaN.
class Staged {
public:
  Staged(const Opened &opened, const moelora_slot_table_options &options,
         const moelora_staging *staging = nullptr,
         const Listener *listener = nullptr)
      : format(fitting(opened, options)), plan(*opened.get(), format),
        memory(static_cast<size_t>(plan.cost().bytes) + 64) {
    std::memset(memory.data(), 0xff, memory.size());
    if (!listener) {
      plan.write(data(), staging);
      return;
    }
    PartReader reader = {listener->partBytes,
                         [&](uint64_t offset, uint64_t bytes) {
                           listener->hear(data(), offset, bytes);
                         }};
    plan.write(data(), staging, &reader);
  }

  Image image() const { return Image(data()); }
  /// NULL: there are no pairs.
  const moelora_pair *pairs(int layer, int projection) const {
    return image().pairs(layer, projection);
  }
  const moelora_slot_cost &cost() const { return plan.cost(); }
  /// A copy of all pages, in order.
  std::string bytes() const {
    return std::string(data(), static_cast<size_t>(plan.cost().bytes));
  }

private:
  char *data() const {
    auto address = reinterpret_cast<uintptr_t>(memory.data());
    return const_cast<char *>(memory.data()) + (64 - address % 64) % 64;
  }
  /// The options, of a table for the adapter's own model.
  static moelora_slot_table_options
  fitting(const Opened &opened, moelora_slot_table_options options) {
    if (opened.target)
      options.target = opened.target->get();
    return options;
  }

  moelora::PageFormat format;
  moelora::ImageBuilder plan;
  std::vector<char> memory;
};

/// The part of a pair that a peer rank keeps.
Pair cutPair(const Pair &pair, int projection,
             const moelora_slot_table_options &options);

/// Checks that every kept pair has the pages that the options require, and that
/// there is nothing else. Returns the number of pairs.
int expectStaged(Staged &staged, const Opened &opened,
                 const moelora_slot_table_options &options);

/// The text of the error that a constructor or a function throws, or "".
inline std::string failureOf(const std::function<void()> &body,
                             moelora_status expected = MOELORA_INVALID) {
  try {
    body();
    return "";
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.status, expected) << failure.text;
    return failure.text;
  }
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_STAGING_STAGED_H
