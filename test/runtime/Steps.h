/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A step of a slot table on the cpu.
 */
#ifndef MOELORA_TEST_RUNTIME_STEPS_H
#define MOELORA_TEST_RUNTIME_STEPS_H

#include "Image.h"
#include "moelora/runtime/SlotStats.h"
#include "moelora/runtime/Step.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace moelora::test {

/// A word of the directory, taken apart as Step.h says.
struct Word {
  uint64_t bits;
  uint32_t generation() const { return static_cast<uint32_t>(bits >> 40); }
  Image image() const {
    constexpr uint64_t addresses = (uint64_t(1) << 40) - 1;
    return Image(reinterpret_cast<const void *>((bits & addresses) << 8));
  }
};

struct Step {
  explicit Step(moelora_slot_table *table, int64_t tokens = 8) {
    EXPECT_EQ(moelora_step_create(table, nullptr, tokens, &step, nullptr),
              MOELORA_OK);
  }
  ~Step() { EXPECT_EQ(moelora_step_destroy(step, nullptr), MOELORA_OK); }
  Step(const Step &) = delete;

  template <typename Function, typename... Arguments>
  moelora_status call(Function function, Arguments... arguments) {
    moelora_error *error = nullptr;
    moelora_status status = function(step, arguments..., &error);
    text = moelora_error_text(error);
    moelora_error_free(error);
    return status;
  }
  moelora_status enter(moelora_stream *stream = nullptr) {
    return call(moelora_step_enter, stream);
  }
  moelora_status leave(moelora_stream *stream = nullptr) {
    return call(moelora_step_leave, stream);
  }
  /// The ids stay as they are until the next resolution.
  moelora_status resolve(const std::vector<int32_t> &of,
                         moelora_stream *stream = nullptr,
                         const int32_t *valid = nullptr) {
    ids = of;
    return call(moelora_step_resolve, stream,
                static_cast<const int32_t *>(ids.data()),
                static_cast<int64_t>(ids.size()), valid);
  }
  /// For when the resolution is done.
  std::vector<int32_t> numbers() const {
    return {view().number, view().number + ids.size()};
  }
  Word word(int slot) const { return {view().word[slot]}; }
  const moelora_step_view &view() const { return *moelora_step_view_of(step); }
  /// The content of a slot for a whole step.
  Word look(int slot, moelora_stream *stream = nullptr) {
    EXPECT_EQ(enter(stream), MOELORA_OK) << text;
    EXPECT_EQ(resolve({-1}, stream), MOELORA_OK) << text;
    EXPECT_EQ(leave(stream), MOELORA_OK) << text;
    return word(slot);
  }

  moelora_step *step = nullptr;
  std::vector<int32_t> ids;
  std::string text;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_STEPS_H
