// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/PairReader.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

PairReader::PairReader(GpuLowering &lowering, Kernel &kernel,
                       const GpuPlan &plan)
    : plan(plan), code(kernel.code), words(kernel.pointer(lowering.stepWords)),
      wordBytes(kernel.wideNumber(Frame::Slots) * 8),
      layer(kernel.number(Frame::Layer)) {}

Int PairReader::imageOf(Int slot) {
  Int none = code.i64(0);
  Value image = code.choose(
      code.less(slot, code.i32(0)), [&] { return Code::Values{none.value}; },
      [&] {
        constexpr int64_t address =
            (int64_t(1) << MOELORA_WORD_ADDRESS_BITS) - 1;
        // Without a step there are no words, and no token has a slot.
        Int word = code.loadInt(code.bounded(words, wordBytes) + slot * 8);
        return Code::Values{
            ((word & address) * MOELORA_WORD_ADDRESS_UNIT).value};
      })[0];
  return {&code, image};
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

PlanView::Pair PairReader::pairOf(Int image, Int expert, int64_t projection) {
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
                          code.least(pair.pages, most).value,
                          (pair.flags & MOELORA_PAIR_SHARES_A).value,
                          pair.scale.value};
    });
  });
  Type f32 = code.builder.getF32Type();
  return {{&code, fields[0]},
          {&code, fields[1]},
          {&code, fields[2]},
          {&code, fields[3]},
          arith::BitcastOp::create(code.builder, code.loc, f32, fields[4])};
}

} // namespace moelora::codegen
