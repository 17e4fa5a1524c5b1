// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/SegmentWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

SegmentWriter::SegmentWriter(GpuLowering &lowering, Kernel &kernel,
                             const GpuPlan &plan)
    : plan(plan), code(kernel.code),
      segments(kernel.region(plan.segments, plan.segmentRegion())),
      words(kernel.pointer(lowering.stepWords)),
      layer(kernel.number(Frame::Layer)) {}

Int SegmentWriter::imageOf(Int slot) {
  Int none = code.i64(0);
  Value image = code.choose(
      code.less(slot, code.i32(0)), [&] { return Code::Values{none.value}; },
      [&] {
        constexpr int64_t address =
            (int64_t(1) << MOELORA_WORD_ADDRESS_BITS) - 1;
        Int word = code.loadInt(words + slot * 8);
        return Code::Values{
            ((word & address) * MOELORA_WORD_ADDRESS_UNIT).value};
      })[0];
  return {&code, image};
}

void SegmentWriter::write(Int begin, Int end, Int expert, Int slot) {
  Int image = imageOf(slot);
  Ptr to = segments + code.toI64(begin) * plan.segmentBytes();
  code.store(begin, to + plan_segment::Begin);
  code.store(end, to + plan_segment::End);
  for (int64_t projection : plan.projections)
    writePair(image, expert, projection, to + plan.pairOffset(projection));
}

namespace {

/// The fields of a moelora_pair as i32 registers: a, b, pages and flags, scale.
struct RawPair {
  Int a, b, pages, flags, scale;
};

} // namespace

/// The pair is 16 bytes at a multiple of 16 bytes.
static RawPair readPair(KernelCode &code, Int address) {
  static_assert(sizeof(moelora_pair) == 16 &&
                offsetof(moelora_pair, pages) == 8 &&
                offsetof(moelora_pair, flags) == 10 &&
                offsetof(moelora_pair, scale) == 12);
  Value all = code.load(code.vector(4), code.global(address), 16);
  Int a{&code, code.lane(all, 0)}, b{&code, code.lane(all, 1)};
  Int both{&code, code.lane(all, 2)}, scale{&code, code.lane(all, 3)};
  return {a, b, both & 0xffff, both >> 16, scale};
}

void SegmentWriter::writePair(Int image, Int expert, int64_t projection,
                              Ptr to) {
  auto none = [&] {
    Value zero = code.i32(0).value, nowhere = code.i64(0).value;
    return Code::Values{nowhere, nowhere, zero, zero, zero};
  };
  auto address = [&](Int units) {
    return image + code.toI64(units) * MOELORA_IMAGE_UNIT;
  };
  Code::Values fields = code.choose(code.equal(image, code.i64(0)), none, [&] {
    Int row = layer * MOELORA_PROJECTIONS + projection;
    Int pairs = code.loadNumber(code.global(image + code.toI64(row) * 4));
    return code.choose(code.equal(pairs, code.i32(0)), none, [&] {
      RawPair pair = readPair(code, address(pairs) + code.toI64(expert) *
                                                         sizeof(moelora_pair));
      Int most = code.i32(plan.mostPages);
      return Code::Values{address(pair.a).value, address(pair.b).value,
                          code.least(pair.pages, most).value, pair.scale.value,
                          (pair.flags & MOELORA_PAIR_SHARES_A).value};
    });
  });
  std::pair<int64_t, size_t> places[] = {{plan_segment::A, 0},
                                         {plan_segment::B, 1},
                                         {plan_segment::Pages, 2},
                                         {plan_segment::Scale, 3},
                                         {plan_segment::SharesA, 4}};
  for (auto [offset, field] : places)
    code.store(fields[field], to + offset);
}

} // namespace moelora::codegen
