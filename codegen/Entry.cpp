// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entry points: checks, the frame, and the loop over chunks of tokens.

#include "Entry.h"
#include "Selection.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moelora/dialect/Cut.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

/// These structs begin with their size and version.
Value speaksAbi(Code &code, Ptr header, int64_t size) {
  static_assert(offsetof(moelora_run_args, abi) == 4 &&
                offsetof(moelora_services, abi) == 4);
  Value version =
      code.equal(code.loadInt32(header + 4), code.i64(MOELORA_ABI_VERSION));
  Value tooSmall = code.less(code.loadUnsigned(header, 32), code.i64(size));
  return code.select(tooSmall, code.bit(false), version);
}

namespace {

class Entry {
public:
  Entry(LayerCode &lowering, ArrayRef<Operand> rows, const Selection &selection,
        Code &code, Ptr args, LLVM::LLVMFuncOp layout)
      : lowering(lowering), rows(rows), selection(selection), code(code),
        args(args), layout(layout), frame(code.slot(lowering.frame.size())),
        status(frame + Frame::Status) {}

  /// Returns the status.
  Value emit() {
    setStatus(MOELORA_RUN_ABI_MISMATCH);
    code.when(speaksAbi(code, args, sizeof(moelora_run_args)), [&] {
      Ptr services = loadArg(offsetof(moelora_run_args, services));
      code.when(speaksAbi(code, services, sizeof(moelora_services)), [&] {
        setStatus(MOELORA_RUN_OK);
        Int tokens = mostTokens();
        code.when(code.less(code.i64(0), tokens),
                  [&] { emitChecked(services, tokens); });
      });
    });
    return code.load(code.builder.getI32Type(), status);
  }

private:
  Ptr loadArg(int64_t offset) { return code.loadPtr(args + offset); }
  Int ownTokens() {
    return code.loadInt(args + offsetof(moelora_run_args, tokens));
  }
  /// Ranks that exchange tokens run the same chunks.
  Int mostTokens() {
    return lowering.ranks.exchangesTokens()
               ? lowering.ranks.mostTokens(code, args)
               : ownTokens();
  }
  Int tokensFrom(Int begin, Int tokens) {
    return lowering.ranks.exchangesTokens()
               ? code.most(ownTokens() - begin, code.i64(0))
               : tokens - begin;
  }
  Ptr operandRow(int64_t row) {
    return code.loadPtr(loadArg(offsetof(moelora_run_args, operand)) + 8 * row);
  }
  Ptr operand(int32_t role) {
    const Operand *row = llvm::find_if(
        rows, [&](const Operand &operand) { return operand.role == role; });
    return operandRow(row - rows.begin());
  }
  void setStatus(int32_t value) { code.store(code.i32(value), status); }

  /// A rank without tokens does not need their rows.
  Value allPresent() {
    Value all = code.bit(true);
    for (auto [index, row] : llvm::enumerate(rows)) {
      if (!(row.entries >> selection.kind & 1))
        continue;
      Value absent = code.isNull(operandRow(int64_t(index)));
      if (lowering.ranks.exchangesTokens() && row.shape[0] == -1)
        absent = code.both(absent, code.less(code.i64(0), ownTokens()));
      all = code.select(absent, code.bit(false), all);
    }
    return all;
  }

  void emitChecked(Ptr services, Int tokens) {
    setStatus(MOELORA_RUN_MISSING_OPERAND);
    code.when(allPresent(), [&] {
      setStatus(MOELORA_RUN_SMALL_WORKSPACE);
      Int workers =
          code.loadInt32(services + offsetof(moelora_services, workers));
      Int needed{&code,
                 LLVM::CallOp::create(
                     code.builder, code.loc, layout,
                     ValueRange{tokens.value, workers.value, frame.value})
                     .getResult()};
      Int has =
          code.loadInt(args + offsetof(moelora_run_args, workspace_bytes));
      code.when(
          code.less(has, needed), [] {},
          [&] {
            setStatus(MOELORA_RUN_OK);
            emitRun(services, tokens);
          });
    });
  }

  void emitRun(Ptr services, Int tokens) {
    lowering.frame.emitRebase(code, frame,
                              loadArg(offsetof(moelora_run_args, workspace)));
    code.store(services, frame + Frame::Services);
    code.store(loadArg(offsetof(moelora_run_args, step)), frame + Frame::Step);
    code.store(loadArg(offsetof(moelora_run_args, stats)),
               frame + Frame::Stats);
    code.store(code.loadInt32(args + offsetof(moelora_run_args, layer)),
               frame + Frame::Layer);
    code.store(args, frame + Frame::Args);
    int64_t chunk = lowering.frame.chunk();
    code.loop(code.i64(0), tokens, chunk, [&](Int begin) {
      code.store(begin, frame + Frame::Begin);
      code.store(code.least(tokensFrom(begin, tokens), code.i64(chunk)),
                 frame + Frame::Tokens);
      storeAddresses(begin);
      lowering.ranks.emit(code, frame);
      runStages();
    });
  }

  void runStages() {
    lowering.running = &selection.stages;
    if (lowering.beginChunk)
      lowering.beginChunk(code, frame);
    for (Stage &stage : lowering.stages)
      if (selection.stages.contains(stage.op))
        stage.run(code, frame);
    if (lowering.endChunk)
      lowering.endChunk(code, frame);
  }

  /// The addresses of operands at the chunk's first token. Weights have no
  /// tokens.
  void storeAddresses(Int begin) {
    for (const Input &input : selection.inputs) {
      Ptr address = operand(input.role);
      auto type = cast<RankedTensorType>(input.value.getType());
      if (type.isDynamicDim(0))
        address = address + begin * rowBytes(type);
      code.store(address, frame + lowering.words.lookup(input.value));
    }
    Type output = lowering.layer.getResultTypes()[0];
    code.store(operand(MOELORA_OUTPUT) + begin * rowBytes(output),
               frame + Frame::Output);
  }

  LayerCode &lowering;
  ArrayRef<Operand> rows;
  const Selection &selection;
  Code &code;
  Ptr args;
  LLVM::LLVMFuncOp layout;
  Ptr frame, status;
};

StringRef nameOf(moelora_entry_kind kind) {
  switch (kind) {
  case MOELORA_ENTRY_ALL:
    return "run";
  case MOELORA_ENTRY_LOGITS:
    return "run_from_logits";
  default:
    return "run_from_ids";
  }
}

LLVM::LLVMFuncOp emitEntry(LayerCode &lowering, ArrayRef<Operand> rows,
                           const Selection &selection,
                           LLVM::LLVMFuncOp layout) {
  Unit &unit = lowering.unit;
  Type i32 = IntegerType::get(unit.context(), 32);
  return unit.function(
      nameOf(selection.kind), {unit.pointer()}, i32,
      [&](Code &code, ArrayRef<BlockArgument> in) {
        Ptr args{&code, in[0]};
        Entry entry(lowering, rows, selection, code, args, layout);
        LLVM::ReturnOp::create(code.builder, code.loc, entry.emit());
      });
}

/// workspace(entry, tokens, workers): the same for every entry point.
LLVM::LLVMFuncOp emitWorkspace(LayerCode &lowering,
                               ArrayRef<Selection> selections,
                               LLVM::LLVMFuncOp layout) {
  Unit &unit = lowering.unit;
  Type i32 = IntegerType::get(unit.context(), 32);
  return unit.function(
      "workspace", {i32, unit.i64(), i32}, unit.i64(),
      [&](Code &code, ArrayRef<BlockArgument> in) {
        Value known = code.bit(false);
        for (const Selection &selection : selections)
          known = code.select(code.equal32(in[0], selection.kind),
                              code.bit(true), known);
        Ptr frame = code.slot(lowering.frame.size());
        Value workers =
            arith::ExtSIOp::create(code.builder, code.loc, unit.i64(), in[2]);
        auto call =
            LLVM::CallOp::create(code.builder, code.loc, layout,
                                 ValueRange{in[1], workers, frame.value});
        Int bytes{&code, call.getResult()};
        LLVM::ReturnOp::create(code.builder, code.loc,
                               code.select(known, bytes, code.i64(0)).value);
      });
}

} // namespace

Variant emitEntries(LayerCode &lowering) {
  LayerOp layer = lowering.layer;
  LLVM::LLVMFuncOp layout = lowering.frame.emitLayout(lowering.unit);
  SmallVector<Selection> selections = selectEntries(layer);
  Variant variant;
  variant.services = lowering.services;
  variant.workspaceAlign = Frame::Alignment;
  variant.operands = operandsOf(layer, selections);
  variant.workspace = emitWorkspace(lowering, selections, layout);
  uint32_t flags = yieldsPartialSum(layer) ? MOELORA_ENTRY_PARTIAL : 0;
  for (const Selection &selection : selections)
    variant.entries.push_back(
        {selection.kind,
         emitEntry(lowering, variant.operands, selection, layout), flags});
  return variant;
}

} // namespace moelora::codegen
