// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Ptx.h"
#include "gpu/Ptx.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "moelora/host/Handles.h"
#include "llvm/ADT/TypeSwitch.h"

#include <regex>

using namespace mlir;

namespace moelora::kernels {

std::string ptxOf(gpu::GPUModuleOp module) {
  OwningOpRef<gpu::GPUModuleOp> copy(module.clone());
  FailureOr<std::string> ptx = codegen::emitPtx(*copy);
  if (failed(ptx))
    throw host::Error("the kernels do not become PTX");
  return *ptx;
}

std::map<std::string, std::string> entriesOf(const std::string &ptx) {
  std::map<std::string, std::string> entries;
  SmallVector<StringRef> parts;
  StringRef(ptx).split(parts, ".entry ");
  for (StringRef part : llvm::drop_begin(parts))
    entries[part.take_until([](char c) { return c == '('; }).str()] =
        part.str();
  return entries;
}

/// The instruction of an operation, as far as it does not depend on types.
static const char *instructionOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, const char *>(op)
      .Case<NVVM::MmaOp>([](auto) { return "mma.sync"; })
      .Case<NVVM::LdMatrixOp>([](auto) { return "ldmatrix.sync"; })
      .Case<LLVM::InlineAsmOp>([](auto) { return "movmatrix.sync"; })
      .Case<NVVM::ShflOp>([](auto) { return "shfl.sync"; })
      .Case<NVVM::VoteSyncOp>([](auto) { return "vote.sync"; })
      .Case<NVVM::MatchSyncOp>([](auto) { return "match.any.sync"; })
      .Case<NVVM::ReduxOp>([](auto) { return "redux.sync"; })
      .Case<NVVM::SyncWarpOp>([](auto) { return "bar.warp.sync"; })
      .Case<NVVM::Barrier0Op, NVVM::BarrierOp>([](auto) { return "bar.sync"; })
      .Case<NVVM::MembarOp>([](auto) { return "membar"; })
      .Case<NVVM::CpAsyncOp>([](auto) { return "cp.async.cg"; })
      .Case<NVVM::CpAsyncCommitGroupOp>(
          [](auto) { return "cp.async.commit_group"; })
      .Case<NVVM::CpAsyncWaitGroupOp>(
          [](auto) { return "cp.async.wait_group"; })
      .Case<LLVM::AtomicRMWOp>([](auto) { return "atom"; })
      .Default([](Operation *) { return nullptr; });
}

Counts countOps(LLVM::LLVMFuncOp kernel) {
  Counts counts;
  kernel.walk([&](Operation *op) {
    if (const char *instruction = instructionOf(op))
      ++counts[instruction];
  });
  return counts;
}

Counts countInstructions(const std::string &entry) {
  static const std::regex known(
      "^\\s+(?:@!?%p\\d+ )?((?:mma|ldmatrix|movmatrix|shfl|vote|match\\.any|"
      "redux|bar\\.warp|bar)\\.sync|membar|cp\\.async\\.(?:cg|commit_group|"
      "wait_group)|atom)\\b",
      std::regex::multiline);
  Counts counts;
  for (std::sregex_iterator at(entry.begin(), entry.end(), known), end;
       at != end; ++at)
    ++counts[(*at)[1]];
  return counts;
}

namespace {

bool isFence(StringRef line) { return line.starts_with("membar.gl"); }
bool isStore(StringRef line) { return line.starts_with("st.global"); }
/// Not one of memory that no kernel writes while this one runs.
bool isLoad(StringRef line) {
  return line.starts_with("ld.global") && !line.starts_with("ld.global.nc");
}

/// Whether the first line of a range that is a fence comes before any that must
/// not pass it.
template <typename Range>
bool isFenced(Range lines, bool (*mustNotPass)(StringRef)) {
  for (StringRef line : lines) {
    if (isFence(line))
      return true;
    if (mustNotPass(line))
      return false;
  }
  return false;
}

} // namespace

std::string whyUnfenced(const std::string &entry) {
  SmallVector<StringRef> lines;
  StringRef(entry).split(lines, '\n');
  for (StringRef &line : lines)
    line = line.trim();
  for (auto [index, line] : llvm::enumerate(lines)) {
    if (!line.starts_with("atom.global"))
      continue;
    StringRef result = line.split('\t').second.split(',').first;
    bool isUsed = StringRef(entry).count((result + ",").str()) +
                      StringRef(entry).count((result + ";").str()) >
                  1;
    if (!isUsed)
      continue;
    auto before = llvm::reverse(ArrayRef(lines).take_front(index));
    if (!isFenced(before, isStore))
      return ("expects a fence between stores and " + line).str();
    if (!isFenced(ArrayRef(lines).drop_front(index + 1), isLoad))
      return ("expects a fence between loads and " + line).str();
  }
  return "";
}

} // namespace moelora::kernels
