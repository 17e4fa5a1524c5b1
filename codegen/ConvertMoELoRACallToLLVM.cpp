// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass: calls of layers become calls of the runtime, and the types of
// contexts and slot tables become addresses in host functions.

#include "CallCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Transforms/DialectConversion.h"
#include "moelora/codegen/Passes.h"
#include "moelora/runtime/Abi.h"

using namespace mlir;

namespace moelora {

#define GEN_PASS_DEF_CONVERTMOELORACALLTOLLVM
#include "moelora/codegen/Passes.h.inc"

namespace {

using namespace codegen;

using CallSites = llvm::DenseMap<StringRef, CallSite>;

/// Addresses for the types of a host that have no size.
struct HostTypes : TypeConverter {
  HostTypes() {
    addConversion([](Type type) { return type; });
    addConversion([](ContextType type) -> Type {
      return LLVM::LLVMPointerType::get(type.getContext());
    });
    addConversion([](SlotTableType type) -> Type {
      return LLVM::LLVMPointerType::get(type.getContext());
    });
    auto cast = [](OpBuilder &builder, Type type, ValueRange inputs,
                   Location loc) -> Value {
      return UnrealizedConversionCastOp::create(builder, loc, type, inputs)
          .getResult(0);
    };
    addSourceMaterialization(cast);
    addTargetMaterialization(cast);
  }
};

struct LowerCall : OpConversionPattern<CallOp> {
  LowerCall(const TypeConverter &types, MLIRContext *context,
            const CallSites &sites)
      : OpConversionPattern(types, context), sites(sites) {}

  LogicalResult
  matchAndRewrite(CallOp call, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    const CallSite &site = sites.find(call.getCallee())->second;
    LayerOp layer = site.layer;
    SmallVector<CallOperand> operands;
    for (auto [index, value] : llvm::enumerate(adaptor.getInputs()))
      operands.push_back({int32_t(layer.getRole(index)), value});
    operands.push_back({MOELORA_OUTPUT, adaptor.getDestination()});
    emitCall(rewriter, call.getLoc(), site, operands, adaptor.getRunContext(),
             adaptor.getNumber());
    rewriter.eraseOp(call);
    return success();
  }

  const CallSites &sites;
};

struct ConvertMoELoRACallToLLVM
    : impl::ConvertMoELoRACallToLLVMBase<ConvertMoELoRACallToLLVM> {
  using ConvertMoELoRACallToLLVMBase::ConvertMoELoRACallToLLVMBase;

  void runOnOperation() override {
    CallSites sites;
    if (failed(declareSites(sites)) || failed(convert(sites)))
      signalPassFailure();
  }

private:
  /// Checks each call, and declares what the calls of its layer need.
  LogicalResult declareSites(CallSites &sites) {
    SmallVector<CallOp> calls;
    getOperation().walk([&](CallOp call) { calls.push_back(call); });
    for (CallOp call : calls) {
      auto layer = getOperation().lookupSymbol<LayerOp>(call.getCallee());
      if (!layer)
        return call.emitOpError()
               << "expects @" << call.getCallee()
               << " to be a layer of the module that is transformed";
      if (failed(verify(call)))
        return failure();
      if (sites.contains(call.getCallee()))
        continue;
      FailureOr<CallSite> site = declareCallSite(layer, getOperation());
      if (failed(site))
        return failure();
      sites.try_emplace(layer.getSymName(), *site);
    }
    return success();
  }

  static LogicalResult verify(CallOp call) {
    if (call.getCut())
      return call.emitOpError() << "expects a call without cut, as "
                                   "moelora-instantiate makes it";
    if (!call.getDestination())
      return call.emitOpError() << "expects memrefs and a destination, as "
                                   "one-shot-bufferize makes them";
    if (!call.getRunContext())
      return call.emitOpError() << "expects a context, but there is none";
    return success();
  }

  LogicalResult convert(const CallSites &sites) {
    HostTypes types;
    ConversionTarget target(getContext());
    RewritePatternSet patterns(&getContext());
    target.addLegalOp<LayerOp>();
    target.markOpRecursivelyLegal<LayerOp>();
    target.addIllegalOp<CallOp>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp function) {
      return types.isSignatureLegal(function.getFunctionType()) &&
             types.isLegal(&function.getBody());
    });
    target.markUnknownOpDynamicallyLegal([&](Operation *op) {
      // Ops of other hosts may hold these types in other ways.
      return !isa<func::CallOp, func::ReturnOp, BranchOpInterface>(op) ||
             types.isLegal(op);
    });
    scf::populateSCFStructuralTypeConversionsAndLegality(types, patterns,
                                                         target);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   types);
    populateCallOpTypeConversionPattern(patterns, types);
    populateReturnOpTypeConversionPattern(patterns, types);
    populateBranchOpInterfaceTypeConversionPattern(patterns, types);
    patterns.add<LowerCall>(types, &getContext(), sites);
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }
};

} // namespace
} // namespace moelora
