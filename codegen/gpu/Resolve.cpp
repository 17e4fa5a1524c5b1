// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One thread block resolves the ids of a step:
//
//   for each slot:  word = the directory's word, read once
//   for each token: number = its slot, if the word is of its generation
//
// Outside of a step all words are 0, so that no id is served.

#include "gpu/Resolve.h"
#include "Entry.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

static constexpr int64_t Threads = 512;

namespace {

/// Whether an id is served, and what is counted of it.
struct Resolved {
  Int number;
  Value masked, stale;
};

} // namespace

static Value negate(KernelCode &code, Value condition) {
  return code.select(condition, code.bit(false), code.bit(true));
}

/// The directory may change at any time: one load, which sees the image that
/// the word announces.
static Int loadAcquire(KernelCode &code, Ptr from) {
  Value word = LLVM::LoadOp::create(
      code.builder, code.loc, code.builder.getI64Type(), from.value,
      /*alignment=*/8, /*isVolatile=*/false, /*isNonTemporal=*/false,
      /*isInvariant=*/false, /*isInvariantGroup=*/false,
      LLVM::AtomicOrdering::acquire);
  return {&code, word};
}

static Resolved resolve(KernelCode &code, Int id, Int slots, Int indexBits,
                        Ptr words) {
  Int slot = id & ((code.i32(1) << indexBits) - 1);
  Value isNamed =
      code.both(code.less(code.i32(-1), id), code.below(slot, slots));
  Value none = code.i64(0).value;
  Value loaded = code.choose(
      isNamed,
      [&] { return Code::Values{code.loadInt(words + slot * 8).value}; },
      [&] { return Code::Values{none}; })[0];
  Int word{&code, loaded};
  Int generation = code.toI32(word >> MOELORA_WORD_ADDRESS_BITS);
  Value current = code.both(isNamed, code.equal(id >> indexBits, generation));
  constexpr int64_t address = (int64_t(1) << MOELORA_WORD_ADDRESS_BITS) - 1;
  Value hasImage = code.below(code.i64(0), word & address);
  Value served = code.both(current, hasImage);
  Value isBase = code.equal(id, code.i32(-1));
  return {code.select(served, slot, code.i32(-1)),
          code.both(negate(code, served), negate(code, isBase)),
          code.both(isNamed, negate(code, current))};
}

ResolveStep::ResolveStep(GpuLowering &lowering)
    : lowering(lowering), ids(lowering.frame.word()),
      directory(lowering.frame.word()), words(lowering.frame.word()),
      numbers(lowering.frame.word()), ticket(lowering.frame.word()),
      slots(lowering.frame.word()), indexBits(lowering.frame.word()) {
  emitKernel();
}

/// Counts the threads of the block for which a condition holds.
static void countThreads(Kernel &kernel, int64_t offset, Value condition) {
  KernelCode &code = kernel.code;
  Int count = code.countOnes(code.ballot(condition));
  Value counts = code.both(code.equal(code.lane(), code.i32(0)),
                           code.below(code.i32(0), count));
  code.when(counts, [&] { countIn(kernel, offset, count); });
}

void ResolveStep::emitKernel() {
  Kernel writer(lowering.gpu, lowering.kernelName("resolve"), Threads);
  KernelCode &code = writer.code;
  Named named(code, "resolve");
  Int bytes = writer.wideNumber(slots) * 8;
  Ptr all = code.bounded(writer.pointer(words), bytes),
      from = code.bounded(writer.pointer(directory), bytes);
  Int thread = code.thread(), tokens = writer.tokens();
  Value inStep = code.below(code.i64(0), code.loadInt(writer.pointer(ticket)));
  code.loop(thread, writer.number(slots), Threads, [&](Int slot) {
    Value word = code.choose(
        inStep,
        [&] { return Code::Values{loadAcquire(code, from + slot * 8).value}; },
        [&] { return Code::Values{code.i64(0).value}; })[0];
    code.store(word, all + slot * 8);
  });
  code.barrier();
  Int valid = validTokens(lowering, writer);
  Int lines = (tokens + (Threads - 1)) / Threads;
  code.loop(code.i32(0), lines, 1, [&](Int line) {
    Int token = line * Threads + thread;
    Value isValid = code.less(token, valid);
    Value reads = code.both(isValid, inStep);
    Value id = code.choose(
        reads,
        [&] {
          return Code::Values{
              code.loadNumber(writer.pointer(ids) + token * 4).value};
        },
        [&] { return Code::Values{code.i32(-1).value}; })[0];
    Resolved result = resolve(code, {&code, id}, writer.number(slots),
                              writer.number(indexBits), all);
    code.when(code.less(token, tokens), [&] {
      code.store(result.number, writer.pointer(numbers) + token * 4);
    });
    countThreads(writer, offsetof(moelora_run_stats, masked_slots),
                 result.masked);
    countThreads(writer, offsetof(moelora_run_stats, stale_slots),
                 result.stale);
    countThreads(writer, offsetof(moelora_run_stats, outside_steps),
                 code.both(isValid, negate(code, inStep)));
  });
  kernel = writer.finish(/*sharedBytes=*/0);
}

void ResolveStep::storeWords(Code &code, Ptr frame, Ptr args) {
  auto copy = [&](Ptr from, int64_t word) {
    code.store(code.loadInt(from), frame + word);
  };
  auto copySmall = [&](Ptr from, int64_t word) {
    code.store(code.loadInt32(from), frame + word);
  };
  Ptr operand = code.loadPtr(args + offsetof(moelora_run_args, operand));
  Ptr step = code.loadPtr(args + offsetof(moelora_run_args, step));
  copy(operand + 8 * MOELORA_RESOLVE_IDS, ids);
  copy(operand + 8 * MOELORA_RESOLVE_DIRECTORY, directory);
  copy(step + offsetof(moelora_step_view, word), words);
  copy(step + offsetof(moelora_step_view, number), numbers);
  copy(step + offsetof(moelora_step_view, ticket), ticket);
  copySmall(step + offsetof(moelora_step_view, slots), slots);
  copySmall(step + offsetof(moelora_step_view, index_bits), indexBits);
  copy(args + offsetof(moelora_run_args, tokens), Frame::Tokens);
  copy(args + offsetof(moelora_run_args, stats), Frame::Stats);
  copy(args + offsetof(moelora_run_args, services), Frame::Services);
  code.store(args, frame + Frame::Args);
  code.store(code.null(), frame + Frame::Step);
  code.store(code.i64(0), frame + Frame::Begin);
  code.store(code.i64(MOELORA_RUN_OK), frame + Frame::Status);
}

EntryPoint ResolveStep::emitEntry() {
  Type i32 = IntegerType::get(lowering.unit.context(), 32);
  auto run = lowering.unit.function(
      "resolve_step", {lowering.unit.pointer()}, i32,
      [&](Code &code, ArrayRef<BlockArgument> in) {
        Ptr args{&code, in[0]};
        Ptr frame = code.slot(lowering.frame.size());
        code.store(code.i32(MOELORA_RUN_ABI_MISMATCH), frame + Frame::Status);
        code.when(speaksAbi(code, args, sizeof(moelora_run_args)), [&] {
          storeWords(code, frame, args);
          code.when(code.less(code.i64(0), code.loadInt(frame + Frame::Tokens)),
                    [&] {
                      lowering.beginChunk(code, frame);
                      lowering.launch(code, frame, kernel, code.i64(1));
                      lowering.endChunk(code, frame);
                    });
        });
        LLVM::ReturnOp::create(code.builder, code.loc,
                               code.load(i32, frame + Frame::Status));
      });
  return {MOELORA_ENTRY_RESOLVE, run};
}

} // namespace moelora::codegen
