// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entry points: checks, the frame, and the loop over chunks of tokens.

#include "cpu/Entry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moelora/runtime/Abi.h"
#include "llvm/ADT/SetVector.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

namespace {

/// A value that an operand replaces.
struct Given {
  Value value;
  Role role;
};

/// What an entry point runs and reads.
struct Selection {
  DenseSet<Operation *> stages;
  llvm::SetVector<BlockArgument> arguments;
  SmallVector<Given> given;

  Selection(LayerOp layer, ArrayRef<Given> given) : given(given) {
    SmallVector<Value> work(
        layer.getBody().front().getTerminator()->getOperands());
    while (!work.empty()) {
      Value value = work.pop_back_val();
      if (llvm::any_of(given, [&](Given g) { return g.value == value; }))
        continue;
      if (auto argument = dyn_cast<BlockArgument>(value))
        arguments.insert(argument);
      else if (stages.insert(value.getDefiningOp()).second)
        llvm::append_range(work, value.getDefiningOp()->getOperands());
    }
  }

  uint32_t roles(LayerOp layer) const {
    uint32_t bits = 0;
    for (BlockArgument argument : arguments)
      if (isa<TensorType>(argument.getType()))
        bits |= 1u << unsigned(layer.getRole(argument.getArgNumber()));
    for (Given g : given)
      bits |= 1u << unsigned(g.role);
    return bits;
  }
};

class Entry {
public:
  Entry(Lowering &lowering, const Selection &selection, Code &code, Ptr args,
        LLVM::LLVMFuncOp layout)
      : lowering(lowering), selection(selection), code(code), args(args),
        layout(layout), frame(code.slot(lowering.frame.size())),
        status(code.slot(8)) {}

  /// Answers the status.
  Value emit() {
    setStatus(MOELORA_RUN_ABI_MISMATCH);
    code.when(speaksAbi(args), [&] {
      Ptr services = loadArg(offsetof(moelora_run_args, services));
      code.when(speaksAbi(services), [&] {
        setStatus(MOELORA_RUN_OK);
        Int tokens = code.loadInt(args + offsetof(moelora_run_args, tokens));
        code.when(code.less(code.i64(0), tokens),
                  [&] { emitChecked(services, tokens); });
      });
    });
    return code.load(code.builder.getI32Type(), status);
  }

private:
  Ptr loadArg(int64_t offset) { return code.loadPtr(args + offset); }
  Ptr operand(Role role) {
    return loadArg(offsetof(moelora_run_args, operand) + 8 * int64_t(role));
  }
  void setStatus(int32_t value) { code.store(code.i32(value), status); }

  /// Both structs that are passed in begin with their size and version.
  Value speaksAbi(Ptr header) {
    static_assert(offsetof(moelora_run_args, abi_version) == 4 &&
                  offsetof(moelora_services, abi_version) == 4);
    return code.equal(code.loadInt32(header + 4),
                      code.i64(MOELORA_ABI_VERSION));
  }

  Value present(Ptr pointer) {
    return code.select(code.equal(pointer, code.null()), code.bit(false),
                       code.bit(true));
  }

  Value allPresent() {
    Value all = present(loadArg(offsetof(moelora_run_args, output)));
    Ptr directory = loadArg(offsetof(moelora_run_args, directory));
    uint32_t roles = selection.roles(lowering.layer);
    for (int64_t role = 0; role < MOELORA_ROLES; ++role) {
      if (!(roles >> role & 1))
        continue;
      Value here = present(operand(Role(role)));
      // Without a directory nobody reads the slots.
      if (role == MOELORA_SLOTS)
        here = code.select(present(directory), here, code.bit(true));
      all = code.select(all, here, code.bit(false));
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
    code.store(tokens, frame + Frame::AllTokens);
    code.store(loadArg(offsetof(moelora_run_args, directory)),
               frame + Frame::Directory);
    code.store(loadArg(offsetof(moelora_run_args, stats)),
               frame + Frame::Stats);
    storeArguments();
    runStages(/*once=*/true);
    code.loop(code.i64(0), tokens, ChunkTokens, [&](Int begin) {
      code.store(code.least(tokens - begin, code.i64(ChunkTokens)),
                 frame + Frame::Tokens);
      shiftRows(begin);
      runStages(/*once=*/false);
    });
  }

  void storeArguments() {
    for (BlockArgument argument : selection.arguments) {
      if (!isa<TensorType>(argument.getType()))
        continue;
      auto rows = lowering.tokenRows.find(argument);
      int64_t word = rows == lowering.tokenRows.end()
                         ? lowering.words.lookup(argument)
                         : rows->second.word;
      Role role = lowering.layer.getRole(argument.getArgNumber());
      code.store(operand(role), frame + word);
    }
  }

  /// Addresses of the chunk that begins at token `begin`.
  void shiftRows(Int begin) {
    for (const auto &[value, rows] : lowering.tokenRows) {
      auto argument = dyn_cast<BlockArgument>(value);
      if (argument && !selection.arguments.contains(argument))
        continue;
      code.store(code.loadPtr(frame + rows.word) + begin * rows.rowBytes,
                 frame + rows.chunkWord);
    }
    for (Given given : selection.given)
      code.store(operand(given.role) +
                     begin * (rowElements(given.value.getType()) * 4),
                 frame + lowering.words.lookup(given.value));
    int64_t rowBytes = rowElements(lowering.layer.getResultTypes()[0]) *
                       lowering.form.elementBytes;
    code.store(loadArg(offsetof(moelora_run_args, output)) + begin * rowBytes,
               frame + Frame::Output);
  }

  void runStages(bool once) {
    for (Stage &stage : lowering.stages)
      if (stage.once == once && selection.stages.contains(stage.op))
        stage.run(code, frame);
  }

  Lowering &lowering;
  const Selection &selection;
  Code &code;
  Ptr args;
  LLVM::LLVMFuncOp layout;
  Ptr frame, status;
};

LLVM::LLVMFuncOp emitEntry(Lowering &lowering, StringRef name,
                           LLVM::LLVMFuncOp layout,
                           const Selection &selection) {
  Unit &unit = lowering.unit;
  Type i32 = IntegerType::get(unit.context(), 32);
  return unit.function(
      name, {unit.pointer()}, i32, [&](Code &code, ArrayRef<BlockArgument> in) {
        Ptr args{&code, in[0]};
        Value status = Entry(lowering, selection, code, args, layout).emit();
        LLVM::ReturnOp::create(code.builder, code.loc, status);
      });
}

LLVM::LLVMFuncOp emitWorkspaceBytes(Lowering &lowering,
                                    LLVM::LLVMFuncOp layout) {
  Unit &unit = lowering.unit;
  Type i32 = IntegerType::get(unit.context(), 32);
  return unit.function(
      "workspace_bytes", {unit.i64(), i32}, unit.i64(),
      [&](Code &code, ArrayRef<BlockArgument> in) {
        Ptr frame = code.slot(lowering.frame.size());
        Value workers =
            arith::ExtSIOp::create(code.builder, code.loc, unit.i64(), in[1]);
        auto call =
            LLVM::CallOp::create(code.builder, code.loc, layout,
                                 ValueRange{in[0], workers, frame.value});
        LLVM::ReturnOp::create(code.builder, code.loc, call.getResult());
      });
}

} // namespace

Entries emitEntries(Lowering &lowering) {
  LayerOp layer = lowering.layer;
  LLVM::LLVMFuncOp layout = lowering.frame.emitLayout(lowering.unit);
  Entries entries;
  entries.workspaceBytes = emitWorkspaceBytes(lowering, layout);
  auto emit = [&](StringRef name, ArrayRef<Given> given) {
    Selection selection(layer, given);
    if (!entries.operands)
      entries.operands = selection.roles(layer);
    return emitEntry(lowering, name, layout, selection);
  };
  auto routes = layer.getBody().getOps<RouteOp>();
  if (routes.empty()) {
    entries.runFromIds = emit("run_from_ids", {});
    return entries;
  }
  RouteOp route = *routes.begin();
  if (isa<BlockArgument>(route.getLogits())) {
    entries.runFromLogits = emit("run_from_logits", {});
  } else {
    entries.run = emit("run", {});
    entries.runFromLogits =
        emit("run_from_logits", {{route.getLogits(), Role::RouterLogits}});
  }
  entries.runFromIds =
      emit("run_from_ids", {{route.getIds(), Role::ExpertIds},
                            {route.getWeights(), Role::ExpertWeights}});
  return entries;
}

} // namespace moelora::codegen
