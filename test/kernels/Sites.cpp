// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Sites.h"
#include "Expression.h"
#include "Loops.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moelora::kernels {

const char *nameOf(Mistake mistake) {
  static const char *const names[mistakes] = {
      "no barrier",    "no warp barrier", "no fence",    "no wait",
      "no commit",     "mask true",       "mask false",  "whole copy",
      "bound + 1",     "bound - 1",       "first round", "zero times",
      "swapped slices"};
  return names[size_t(mistake)];
}

namespace {

/// Whether a selection is the smaller or the larger of what is compared: its
/// mistakes are those of the bound.
bool isLeastOrMost(LLVM::SelectOp op) {
  auto compare = op.getCondition().getDefiningOp<LLVM::ICmpOp>();
  return compare &&
         llvm::is_contained(compare->getOperands(), op.getTrueValue()) &&
         llvm::is_contained(compare->getOperands(), op.getFalseValue());
}

/// Whether a selection or a branch is a mask. One that depends on floats is a
/// part of a function, and one that is constant is none.
bool isMask(Value condition) {
  return !matchPattern(condition, m_Constant()) &&
         !condition.getDefiningOp<LLVM::FCmpOp>();
}

/// Whether a branch lets the first thread, lane or warp do what any one could
/// do. Its number is no bound: with another one, another thread does it.
bool choosesThread(LLVM::ICmpOp op) {
  Value number = op.getLhs();
  if (auto warp = number.getDefiningOp<LLVM::UDivOp>())
    number = warp.getLhs();
  return op.getPredicate() == LLVM::ICmpPredicate::eq &&
         matchPattern(op.getRhs(), m_Zero()) &&
         isa_and_nonnull<NVVM::ThreadIdXOp, NVVM::LaneIdOp>(
             number.getDefiningOp()) &&
         llvm::none_of(op->getUsers(), llvm::IsaPred<LLVM::SelectOp>);
}

class Finder {
public:
  explicit Finder(LLVM::LLVMFuncOp kernel) : kernel(kernel), loops(kernel) {}

  std::vector<Site> find() {
    kernel.walk([&](Operation *op) { look(op); });
    if (!activationInputs(kernel).empty())
      add(kernel, Mistake::SwappedSlices, "activation");
    return std::move(sites);
  }

private:
  void add(Operation *op, Mistake mistake, const std::string &where) {
    std::string name = std::string(nameOf(mistake)) + ": " + where;
    auto [found, isNew] = known.try_emplace(name, sites.size());
    if (isNew)
      sites.push_back({{op}, mistake, name});
    else
      sites[found->second].ops.push_back(op);
  }
  void addAlone(Operation *op, Mistake mistake) {
    unsigned number = ++numbers[size_t(mistake)];
    add(op, mistake, stageOf(op) + " " + std::to_string(number));
  }
  void add(Operation *op, Mistake mistake) {
    add(op, mistake, stageOf(op) + ": " + expressionOf(op, /*depth=*/3));
  }

  void addMasks(Operation *op) {
    add(op, Mistake::MaskTrue);
    add(op, Mistake::MaskFalse);
  }

  void look(Operation *op) {
    llvm::TypeSwitch<Operation *>(op)
        .Case<NVVM::Barrier0Op, NVVM::BarrierOp>(
            [&](auto op) { addAlone(op, Mistake::NoBarrier); })
        .Case(
            [&](NVVM::SyncWarpOp op) { addAlone(op, Mistake::NoWarpBarrier); })
        .Case([&](NVVM::MembarOp op) { addAlone(op, Mistake::NoFence); })
        .Case([&](NVVM::CpAsyncWaitGroupOp op) {
          add(op, Mistake::NoWait,
              stageOf(op) + ": all but " + std::to_string(op.getN()));
        })
        .Case(
            [&](NVVM::CpAsyncCommitGroupOp op) { add(op, Mistake::NoCommit); })
        .Case([&](NVVM::CpAsyncOp op) {
          if (op.getCpSize())
            add(op, Mistake::WholeCopy);
        })
        .Case([&](LLVM::SelectOp op) {
          if (isLeastOrMost(op) || !isMask(op.getCondition()))
            return;
          addMasks(op);
          if (op.getType().isF32())
            add(op, Mistake::ZeroTimes);
        })
        .Case([&](LLVM::CondBrOp op) {
          if (!isMask(op.getCondition()))
            return;
          if (!loops.endsLoop(op))
            addMasks(op);
          else if (loops.nextOf(op))
            add(op, Mistake::FirstRound);
        })
        .Case([&](LLVM::ICmpOp op) {
          if (!isa<IntegerType>(op.getRhs().getType()) || choosesThread(op))
            return;
          add(op, Mistake::BoundPlus);
          add(op, Mistake::BoundMinus);
        });
  }

  LLVM::LLVMFuncOp kernel;
  Loops loops;
  llvm::StringMap<size_t> known; // indices into sites
  std::array<unsigned, mistakes> numbers = {};
  std::vector<Site> sites;
};

} // namespace

std::vector<Site> sitesOf(LLVM::LLVMFuncOp kernel) {
  return Finder(kernel).find();
}

} // namespace moelora::kernels
