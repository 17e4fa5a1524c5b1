// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages between ranks: `all_gather` and `reduce` are one call of the
// service `collective` each, by the thread that runs the layer. If it fails,
// the group fails at once in all later calls, and the rows that the rest of the
// run computes are not used.

#include "cpu/Lowering.h"
#include "cpu/Services.h"
#include "moelora/dialect/RowAxes.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

namespace {

/// What all kinds of exchanges have in common.
struct Exchange {
  struct Operand {
    int64_t in, out, bytes; // words, and the bytes of a row
  };

  Exchange(Lowering &lowering, moelora_exchange_kind kind, AxesAttr over,
           AxesAttr keep, ArrayRef<Operand> given)
      : kind(kind), over(bitsOf(over)), keep(bitsOf(keep)),
        chunk(lowering.frame.chunk()),
        exchange(lowering.frame.words(sizeof(moelora_exchange) / 8)),
        operands(given) {
    array = lowering.frame.words(int64_t(operands.size()) *
                                 (sizeof(moelora_exchange_operand) / 8));
    lowering.services |= MOELORA_SERVICE_COLLECTIVE;
  }

  moelora_exchange_kind kind;
  int64_t over, keep; // bits of moelora_axis
  int64_t chunk;
  int64_t exchange, array = 0; // words
  SmallVector<Operand> operands;

  void storeOperand(Code &code, Ptr frame, const Operand &operand,
                    Ptr to) const {
    code.store(code.loadPtr(frame + operand.in),
               to + offsetof(moelora_exchange_operand, in));
    code.store(code.loadPtr(frame + operand.out),
               to + offsetof(moelora_exchange_operand, out));
    code.store(code.i64(operand.bytes),
               to + offsetof(moelora_exchange_operand, row_bytes));
    code.store(code.i64(0), to + offsetof(moelora_exchange_operand, pitch));
  }

  void storeExchange(Code &code, Ptr frame, Ptr args) const {
    Ptr to = frame + exchange;
    std::pair<int64_t, int64_t> numbers[] = {
        {offsetof(moelora_exchange, size), sizeof(moelora_exchange)},
        {offsetof(moelora_exchange, kind), kind},
        {offsetof(moelora_exchange, over), over},
        {offsetof(moelora_exchange, keep), keep},
        {offsetof(moelora_exchange, operands), operands.size()},
        {offsetof(moelora_exchange, reserved), 0}};
    for (auto [offset, number] : numbers)
      code.store(code.i32(number), to + offset);
    code.store(code.loadInt(frame + Frame::Begin),
               to + offsetof(moelora_exchange, first_row));
    code.store(code.i64(chunk), to + offsetof(moelora_exchange, max_rows));
    code.store(code.loadPtr(args + offsetof(moelora_run_args, group)),
               to + offsetof(moelora_exchange, group));
    code.store(frame + array, to + offsetof(moelora_exchange, operand));
    code.store(code.null(), to + offsetof(moelora_exchange, plus));
    code.store(code.null(), to + offsetof(moelora_exchange, rows));
  }

  void run(Code &code, Ptr frame) const {
    Ptr args = code.loadPtr(frame + Frame::Args);
    Ptr to = frame + array;
    for (const Operand &operand : operands) {
      storeOperand(code, frame, operand, to);
      to = to + int64_t(sizeof(moelora_exchange_operand));
    }
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

RunStage stageOf(const Exchange &exchange) {
  return [exchange](Code &code, Ptr frame) { exchange.run(code, frame); };
}

} // namespace

RunStage lowerReduce(Lowering &lowering, ReduceOp op) {
  int64_t bytes = rowBytes(op.getSum().getType());
  Exchange::Operand rows = {lowering.words.lookup(op.getPartial()),
                            lowering.resultWord(op, bytes), bytes};
  return stageOf(Exchange(lowering, MOELORA_EXCHANGE_REDUCE, op.getAxes(),
                          op.getKeepAttr(), rows));
}

/// Slot ids have no words: the step has the numbers of all ranks.
RunStage lowerAllGather(Lowering &lowering, AllGatherOp op) {
  SmallVector<Exchange::Operand> operands;
  for (auto [input, result] : llvm::zip_equal(op.getInputs(), op.getResults()))
    if (input != lowering.layer.getArgument(Role::Slots)) {
      int64_t bytes = rowBytes(input.getType());
      int64_t word = lowering.region(result, bytes);
      lowering.words[result] = word;
      operands.push_back({lowering.words.lookup(input), word, bytes});
    }
  if (operands.empty())
    return [](Code &, Ptr) {};
  return stageOf(Exchange(lowering, MOELORA_EXCHANGE_ALL_GATHER, op.getAxes(),
                          {}, operands));
}

/// No rows are copied. Numbers of slots may be absent.
RunStage lowerOwn(Lowering &lowering, OwnOp op) {
  AxesAttr gathered = gatheredOver(op.getGathered()), own = op.getAxes();
  int64_t from = lowering.words.lookup(op.getGathered()),
          word = lowering.frame.word(), bytes = rowBytes(op.getType());
  lowering.words[op.getResult()] = word;
  return [=, &lowering](Code &code, Ptr frame) {
    Ptr rows = code.loadPtr(frame + from);
    Int begin = lowering.ranks.begin(code, frame, gathered, own);
    code.store(code.select(code.isNull(rows), rows, rows + begin * bytes),
               frame + word);
  };
}

} // namespace moelora::codegen
