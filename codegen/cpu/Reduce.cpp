// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `reduce`: one call of the service `collective`, by the thread that
// runs the layer. If it fails, the group fails at once in all later calls, and
// the rows that the rest of the run computes are not used.

#include "cpu/Lowering.h"
#include "cpu/Services.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

/// Bits of moelora_axis.
static int64_t bitsOf(AxesAttr axes) {
  static_assert(1 << int(Axis::Dp) == MOELORA_AXIS_DP &&
                1 << int(Axis::Ep) == MOELORA_AXIS_EP &&
                1 << int(Axis::Tp) == MOELORA_AXIS_TP);
  int64_t bits = 0;
  for (Axis axis : axes.getAxes())
    bits |= 1 << int(axis);
  return bits;
}

namespace {

struct Reduce {
  Reduce(Lowering &lowering, ReduceOp op)
      : over(bitsOf(op.getAxes())), bytes(rowBytes(op.getSum().getType())),
        chunk(lowering.frame.chunk()),
        partial(lowering.words.lookup(op.getPartial())),
        sum(lowering.resultWord(op, bytes)),
        exchange(lowering.frame.words(sizeof(moelora_exchange) / 8)),
        operand(lowering.frame.words(sizeof(moelora_exchange_operand) / 8)) {}

  int64_t over, bytes, chunk;
  int64_t partial, sum, exchange, operand; // words

  void storeOperand(Code &code, Ptr frame) const {
    Ptr to = frame + operand;
    code.store(code.loadPtr(frame + partial),
               to + offsetof(moelora_exchange_operand, in));
    code.store(code.loadPtr(frame + sum),
               to + offsetof(moelora_exchange_operand, out));
    code.store(code.i64(bytes),
               to + offsetof(moelora_exchange_operand, row_bytes));
    code.store(code.i64(0), to + offsetof(moelora_exchange_operand, pitch));
  }

  void storeExchange(Code &code, Ptr frame, Ptr args) const {
    Ptr to = frame + exchange;
    std::pair<int64_t, int64_t> numbers[] = {
        {offsetof(moelora_exchange, size), sizeof(moelora_exchange)},
        {offsetof(moelora_exchange, kind), MOELORA_EXCHANGE_REDUCE},
        {offsetof(moelora_exchange, over), over},
        {offsetof(moelora_exchange, keep), 0},
        {offsetof(moelora_exchange, operands), 1},
        {offsetof(moelora_exchange, reserved), 0}};
    for (auto [offset, number] : numbers)
      code.store(code.i32(number), to + offset);
    code.store(code.loadInt(frame + Frame::Begin),
               to + offsetof(moelora_exchange, first_row));
    code.store(code.i64(chunk), to + offsetof(moelora_exchange, max_rows));
    code.store(code.loadPtr(args + offsetof(moelora_run_args, group)),
               to + offsetof(moelora_exchange, group));
    code.store(frame + operand, to + offsetof(moelora_exchange, operand));
    code.store(code.null(), to + offsetof(moelora_exchange, plus));
    code.store(code.null(), to + offsetof(moelora_exchange, rows));
  }

  void run(Code &code, Ptr frame) const {
    Ptr args = code.loadPtr(frame + Frame::Args);
    storeOperand(code, frame);
    storeExchange(code, frame, args);
    Int failed = code.callInt32(
        service(code, frame, offsetof(moelora_services, collective)),
        {service(code, frame, offsetof(moelora_services, context)).value,
         code.loadPtr(args + offsetof(moelora_run_args, on)).value,
         (frame + exchange).value});
    code.when(
        code.equal(failed, code.i32(0)), [] {},
        [&] {
          code.store(code.i32(MOELORA_RUN_COLLECTIVE), frame + Frame::Status);
        });
  }
};

} // namespace

RunStage lowerReduce(Lowering &lowering, ReduceOp op) {
  lowering.services |= MOELORA_SERVICE_COLLECTIVE;
  Reduce reduce(lowering, op);
  return [reduce](Code &code, Ptr frame) { reduce.run(code, frame); };
}

} // namespace moelora::codegen
