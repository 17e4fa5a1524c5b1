// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass: each GPU module becomes functions of the host and the description
// through which the emulator finds them.

#include "Record.h"
#include "Unit.h"
#include "gpu/Binaries.h"
#include "gpu/EmulatedOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "moelora/codegen/Passes.h"
#include "moelora/emulator/Kernel.h"

using namespace mlir;

namespace moelora {

#define GEN_PASS_DEF_EMULATENVVM
#include "moelora/codegen/Passes.h.inc"

namespace {

using namespace codegen;

struct EmulatedKernel {
  LLVM::LLVMFuncOp run;
  std::string name;
  int64_t parameterBytes = 0;
  Sites sites;
};

/// Parameters lie in memory as the fields of one struct.
class Parameters {
public:
  explicit Parameters(DataLayout layout) : layout(std::move(layout)) {}

  /// Loads the next one.
  Value load(Code &code, Ptr all, Type type) {
    uint64_t align = layout.getTypeABIAlignment(type);
    end = llvm::alignTo(end, align);
    Value value = code.load(type, all + int64_t(end), unsigned(align));
    end += layout.getTypeSize(type).getFixedValue();
    alignment = std::max(alignment, align);
    return value;
  }

  /// The size of the struct.
  int64_t bytes() const { return int64_t(llvm::alignTo(end, alignment)); }

private:
  DataLayout layout;
  uint64_t end = 0, alignment = 1;
};

struct EmulateNvvm : impl::EmulateNvvmBase<EmulateNvvm> {
  using EmulateNvvmBase::EmulateNvvmBase;

  void runOnOperation() override {
    for (gpu::GPUModuleOp gpu : loweredGpuModules(getOperation()))
      if (failed(emulate(gpu)))
        return signalPassFailure();
  }

  LogicalResult emulate(gpu::GPUModuleOp gpu) {
    FailureOr<int64_t> architecture = architectureOf(gpu);
    if (failed(architecture))
      return failure();
    Unit unit(getOperation(), gpu.getLoc(), gpu.getName(),
              {CpuTier::AVX2, "x86-64-v3"});
    std::vector<EmulatedKernel> kernels;
    for (auto kernel : llvm::to_vector(gpu.getOps<LLVM::LLVMFuncOp>())) {
      if (kernel.isExternal())
        continue;
      kernels.emplace_back();
      if (failed(emulate(unit, kernel, kernels.back())))
        return failure();
    }
    LLVM::GlobalOp module = describe(unit, *architecture, kernels);
    defineBinaries(unit, Binary{MOELORA_BINARY_EMULATED, 0, module});
    gpu.erase();
    return success();
  }

  /// The kernel's blocks behind a new one, which loads its parameters.
  LogicalResult emulate(Unit &unit, LLVM::LLVMFuncOp kernel,
                        EmulatedKernel &result) {
    result.name = kernel.getName();
    Type pointer = unit.pointer();
    result.run =
        unit.function(kernel.getName(), {pointer, pointer}, unit.none(),
                      [&](Code &code, ArrayRef<BlockArgument> arguments) {
                        Parameters parameters(DataLayout::closest(kernel));
                        SmallVector<Value> values;
                        for (Type type : kernel.getArgumentTypes()) {
                          if (isa<LLVM::LLVMPointerType>(type))
                            type = pointer;
                          values.push_back(parameters.load(
                              code, {&code, arguments[1]}, type));
                        }
                        result.parameterBytes = parameters.bytes();
                        take(code, kernel, values);
                      });
    EmulatorCalls calls(result.run.getArgument(0), result.sites);
    return emulateOps(result.run, calls);
  }

  /// Moves the blocks of the kernel to where `code` writes.
  static void take(Code &code, LLVM::LLVMFuncOp kernel,
                   ArrayRef<Value> values) {
    Block *here = code.builder.getInsertionBlock();
    Region &body = *here->getParent();
    Block *first = &kernel.getBody().front();
    body.getBlocks().splice(body.end(), kernel.getBody().getBlocks());
    LLVM::BrOp::create(code.builder, code.loc, values, first);
    // What follows here is a return that nothing reaches.
    code.builder.setInsertionPointToEnd(code.builder.createBlock(&body));
  }

  static LLVM::GlobalOp describe(Unit &unit, int64_t architecture,
                                 ArrayRef<EmulatedKernel> kernels) {
    SmallVector<std::function<Value(Code &)>> rows;
    for (const EmulatedKernel &kernel : kernels)
      rows.push_back(describe(unit, kernel));
    LLVM::GlobalOp all = unit.constant("kernels", [&](Code &code) {
      return makeArray(code, llvm::map_to_vector(
                                 rows, [&](auto &row) { return row(code); }));
    });
    return unit.constant("module", [&](Code &code) {
      return Record(code)
          .i32(sizeof(moelora_emulated_module))
          .i32(MOELORA_EMULATOR_VERSION)
          .i32(architecture)
          .i32(int64_t(kernels.size()))
          .pointer(code.address(all))
          .finish(sizeof(moelora_emulated_module));
    });
  }

  static std::function<Value(Code &)> describe(Unit &unit,
                                               const EmulatedKernel &kernel) {
    LLVM::GlobalOp name = unit.text(kernel.name + ".name", kernel.name);
    SmallVector<std::pair<LLVM::GlobalOp, LLVM::GlobalOp>> texts;
    llvm::StringMap<LLVM::GlobalOp> known;
    auto text = [&](const std::string &value) {
      LLVM::GlobalOp &global = known[value];
      if (!global)
        global = unit.text(kernel.name + ".text" + std::to_string(known.size()),
                           value);
      return global;
    };
    for (const Sites::Site &site : kernel.sites.all())
      texts.emplace_back(text(site.operation), text(site.place));
    LLVM::GlobalOp sites = unit.constant(kernel.name + ".sites", [&](Code &c) {
      SmallVector<Value> rows;
      for (auto [operation, place] : texts)
        rows.push_back(Record(c)
                           .pointer(c.address(operation))
                           .pointer(c.address(place))
                           .finish(sizeof(moelora_emulated_site)));
      return makeArray(c, rows);
    });
    LLVM::LLVMFuncOp run = kernel.run;
    int64_t bytes = kernel.parameterBytes, count = int64_t(texts.size());
    return [=](Code &code) {
      return Record(code)
          .pointer(code.address(name))
          .pointer(code.address(run))
          .i32(bytes)
          .i32(count)
          .pointer(code.address(sites))
          .finish(sizeof(moelora_emulated_kernel));
    };
  }
};

} // namespace
} // namespace moelora
