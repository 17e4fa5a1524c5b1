/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Shapes that no memory holds, shapes and types of something else, and values
 * that are no numbers.
 */
#include "Kinds.h"

#include <algorithm>

namespace moelora::test {

constexpr const char *wrongShape =
    "expects tensor '|expects the shapes of|experts x rank";

static int64_t product(const std::vector<int64_t> &shape) {
  int64_t elements = 1;
  for (int64_t size : shape)
    elements *= size;
  return elements;
}

static bool shapeTo(Draft &draft, Random &random,
                    const std::vector<int64_t> &shape) {
  draft.pick(random).shape = shape;
  return true;
}

/// The same bytes as another floating or integer type of the same size.
static bool toIntegers(Draft &draft, Random &random) {
  Entry &entry = draft.pick(random);
  bool wide = entry.dtype == "F32";
  entry.dtype =
      wide ? oneOf(random, {"I32", "U32"}) : oneOf(random, {"I16", "U16"});
  return true;
}

/// Puts NaN or infinity over some elements of one tensor.
static bool spoilValues(Draft &draft, Random &random) {
  static const struct {
    const char *dtype;
    std::string values[3]; ///< infinity, its opposite, NaN
  } types[] = {
      {"F32", {{"\0\0\x80\x7f", 4}, {"\0\0\x80\xff", 4}, {"\0\0\xc0\x7f", 4}}},
      {"F16", {{"\0\x7c", 2}, {"\0\xfc", 2}, {"\0\x7e", 2}}},
      {"BF16", {{"\x80\x7f", 2}, {"\x80\xff", 2}, {"\xc0\x7f", 2}}}};
  Entry &entry = draft.pick(random);
  for (const auto &type : types)
    if (entry.dtype == type.dtype)
      for (uint64_t i = 0, n = 1 + below(random, 4); i < n; ++i) {
        const std::string &value = type.values[below(random, 3)];
        uint64_t at = below(random, entry.bytes() / value.size());
        draft.data.replace(entry.begin + at * value.size(), value.size(),
                           value);
      }
  return true;
}

/// One size less, or none, with the bytes that belong to it gone.
static bool shrink(Draft &draft, Random &random, bool toNothing) {
  Entry &entry = draft.pick(random);
  size_t index = static_cast<size_t>(&entry - draft.entries.data());
  std::string name = entry.name;
  std::vector<int64_t> shape = entry.shape;
  int64_t &size = shape[shape.size() - 1 - below(random, 2)];
  size = toNothing ? 0 : size - 1;
  draft.remove(index);
  draft.add(name, shape);
  return true;
}

static bool addSize(Draft &draft, Random &random, size_t dimensions) {
  std::vector<int64_t> &shape = draft.pick(random).shape;
  while (shape.size() < dimensions)
    shape.insert(shape.begin(), 1);
  return true;
}

static const std::vector<Kind> kinds = {
    {"overflowing shape", MOELORA_INVALID, "more elements than can be",
     [](Draft &d, Random &r) {
       using Shape = std::vector<int64_t>;
       return shapeTo(d, r,
                      oneOf<Shape>(r, {{int64_t(1) << 62, int64_t(1) << 62},
                                       {INT64_MAX, 2},
                                       {INT64_MAX, INT64_MAX, INT64_MAX},
                                       {int64_t(1) << 32, int64_t(1) << 32}}));
     }},
    {"overflowing shape with a zero", MOELORA_INVALID,
     "more elements than can be",
     [](Draft &d, Random &r) {
       return shapeTo(d, r, {int64_t(1) << 32, 0, int64_t(1) << 32});
     }},
    {"product that wraps to the right size", MOELORA_INVALID,
     "more elements than can be",
     [](Draft &d, Random &r) {
       // 7 x 0x6db6db6db6db6db7 is 3 x 2^64 + 1.
       Entry &entry = d.pick(r);
       entry.shape = {product(entry.shape), 7, 0x6db6db6db6db6db7};
       return true;
     }},
    {"negative size", MOELORA_INVALID, "non-negative integers",
     [](Draft &d, Random &r) {
       std::vector<int64_t> &shape = d.pick(r).shape;
       int64_t &size = shape[below(r, shape.size())];
       size = below(r, 2) ? -size : INT64_MIN;
       return true;
     }},
    {"transposed", MOELORA_INVALID, wrongShape,
     [](Draft &d, Random &r) {
       std::vector<int64_t> &shape = d.pick(r).shape;
       std::reverse(shape.end() - 2, shape.end());
       return true;
     }},
    {"one dimension", MOELORA_INVALID, wrongShape,
     [](Draft &d, Random &r) {
       std::vector<int64_t> &shape = d.pick(r).shape;
       shape = {product(shape)};
       return true;
     }},
    {"no dimension", MOELORA_INVALID, "data_offsets to span",
     [](Draft &d, Random &r) { return shapeTo(d, r, {}); }},
    {"four dimensions", MOELORA_INVALID, wrongShape,
     [](Draft &d, Random &r) { return addSize(d, r, 4); }},
    {"nine dimensions", MOELORA_INVALID, "at most 8 dimensions",
     [](Draft &d, Random &r) { return addSize(d, r, 9); }},
    {"one row or column less", MOELORA_INVALID, wrongShape,
     [](Draft &d, Random &r) { return shrink(d, r, false); }},
    {"tensor of size zero", MOELORA_INVALID, wrongShape,
     [](Draft &d, Random &r) { return shrink(d, r, true); }},
    {"unknown dtype", MOELORA_INVALID, "unknown dtype",
     [](Draft &d, Random &r) {
       d.pick(r).dtype =
           oneOf(r, {"F33", "f32", "", "Q4_K", "COMPLEX", "F32 ", "BF"});
       return true;
     }},
    {"dtype of another size", MOELORA_INVALID, "data_offsets to span",
     [](Draft &d, Random &r) {
       Entry &entry = d.pick(r);
       entry.dtype = entry.dtype == "F32" ? oneOf(r, {"F16", "F64", "U8"})
                                          : oneOf(r, {"F32", "I64", "I8"});
       return true;
     }},
    {"integers", MOELORA_INVALID, "F32, F16", toIntegers},
    {"not a number", MOELORA_OK, "", spoilValues, When::AtRest,
     Content::NotFinite},
    {"rank above that of the table", MOELORA_INVALID, "max_rank",
     [](Draft &d, Random &r) {
       Recipe wide = d.recipe;
       wide.rank = 65 + static_cast<int64_t>(below(r, 8));
       d = Draft(wide);
       return true;
     }},
};

const std::vector<Kind> &tensorKinds() { return kinds; }

} // namespace moelora::test
