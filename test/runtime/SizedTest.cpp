/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Structs that grow: older and newer callers, and those that forget the size.
 */
#include "base/Sized.h"
#include "Files.h"

#include <gmock/gmock.h>

using namespace moelora;
using testing::HasSubstr;

namespace {

/// A struct in the first version, in this version, and in a later one.
struct First {
  uint32_t size;
  int32_t a;
};
struct Known {
  uint32_t size;
  int32_t a;
  int64_t b;
};
struct Later {
  uint32_t size;
  int32_t a;
  int64_t b, c;
};
constexpr uint32_t least = MOELORA_SIZE_THROUGH(Known, a);

template <typename T> const Known *as(const T &given) {
  return reinterpret_cast<const Known *>(&given);
}

/// The text of the failure, or "".
template <typename Body> std::string refusal(Body body) {
  try {
    body();
    return "";
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.status, MOELORA_INVALID);
    return failure.text;
  }
}

} // namespace

TEST(Sized, older_callers) {
  alignas(8) First given = {sizeof given, 7};
  Known known = readSized(as(given), least, "options");
  EXPECT_EQ(known.size, sizeof known);
  EXPECT_EQ(known.a, 7);
  EXPECT_EQ(known.b, 0);
  alignas(8) First results[2] = {{sizeof(First), 0}, {5, 5}};
  writeSized(reinterpret_cast<Known *>(results), Known{0, 3, 4}, least, "it");
  EXPECT_EQ(results[0].size, sizeof(First));
  EXPECT_EQ(results[0].a, 3);
  EXPECT_EQ(results[1].size, 5u); // not written
  EXPECT_EQ(results[1].a, 5);
}

TEST(Sized, newer_callers) {
  Later given = {sizeof given, 7, 8, 0};
  Known known = readSized(as(given), least, "options");
  EXPECT_EQ(known.a, 7);
  EXPECT_EQ(known.b, 8);
  given.c = int64_t(1) << 56; // one byte of it
  EXPECT_EQ(refusal([&] { readSized(as(given), least, "options"); }),
            "expects zeros in options behind the 16 bytes that this version "
            "knows, but byte 23 is not zero");
  Later result = {sizeof result, 1, 1, 1};
  writeSized(reinterpret_cast<Known *>(&result), Known{0, 3, 4}, least, "it");
  EXPECT_EQ(result.size, sizeof result);
  EXPECT_EQ(result.a, 3);
  EXPECT_EQ(result.b, 4);
  EXPECT_EQ(result.c, 0);
}

TEST(Sized, sizes_that_are_none) {
  for (uint32_t size : {0u, 1u, 7u, maxStructBytes + 1, 0xffffffffu}) {
    Known known = {size, 1, 2};
    EXPECT_THAT(refusal([&] { readSized(&known, least, "options"); }),
                HasSubstr("size of options to be from 8 to 65536"));
    EXPECT_NE(refusal([&] { writeSized(&known, Known{}, least, "it"); }), "");
    EXPECT_EQ(known.a, 1);
  }
}

TEST(Sized, addresses_that_are_none) {
  const Known *none = nullptr;
  EXPECT_EQ(refusal([&] { readSized(none, least, "options"); }),
            "expects options, but it is NULL");
  alignas(8) char bytes[sizeof(Known) + 8] = {};
  for (size_t shift = 1; shift < 8; ++shift)
    EXPECT_THAT(refusal([&] {
                  expectThere(reinterpret_cast<Known *>(bytes + shift), "it");
                }),
                HasSubstr("at a multiple of 8 bytes"));
  expectThere(reinterpret_cast<Known *>(bytes), "it");
  expectThere(static_cast<const void *>(bytes + 1), "it");
}

TEST(Sized, as_functions_have_it) {
  test::Folder folder;
  test::Tensors tensors;
  test::addPair(tensors, test::inLayer(0, "mlp.experts.1.up_proj"), 2,
                test::hidden, test::intermediate);
  test::writeAdapter(folder, test::config(2, 4), tensors);
  test::Opened opened = test::open(folder, test::Model());
  moelora_pair_info info = {};
  auto status = [&] {
    return moelora_adapter_pair(opened.get(), 0, MOELORA_UP, 1, &info);
  };
  EXPECT_EQ(status(), MOELORA_INVALID); // the size is not set
  EXPECT_EQ(info.rank, 0);
  info.size = sizeof info;
  EXPECT_EQ(status(), MOELORA_OK);
  EXPECT_EQ(info.rank, 2);
  EXPECT_EQ(info.size, sizeof info);
}
