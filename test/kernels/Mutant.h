// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mutants of a layer: each has one mistake in one kernel, which is compiled
// alone. A mutant runs in a process of its own, which may crash or never end.
#ifndef MOELORA_TEST_KERNELS_MUTANT_H
#define MOELORA_TEST_KERNELS_MUTANT_H

#include "Nvvm.h"
#include "Sites.h"
#include "Subjects.h"
#include "Suite.h"

namespace moelora::kernels {

/// What became of a mutant.
struct Outcome {
  /// SameCode: a compiler makes the same of the mutant as of the kernel, so it
  /// has no mistake.
  enum Kind { Killed, Survived, SameCode } kind;
  std::string killedBy;
  double seconds;
};

/// A layer, its kernels, and the sites of these. No other thread may exist.
class Mutants {
public:
  explicit Mutants(const Subject &subject);
  Mutants(const Mutants &) = delete;

  size_t count() const { return sites.size(); }
  Mistake mistake(size_t index) const { return sites[index].second.mistake; }
  /// The layer, the kernel, and the name of the site.
  std::string name(size_t index) const;

  /// Throws a host::Error if the layer without mistakes is wrong.
  Outcome run(size_t index);

private:
  /// Compiles and runs the layer without a mistake, once.
  void learn();
  /// In the process of the mutant. Returns what kills it, or "", or that it is
  /// the same code.
  std::string judge(size_t index);

  const Subject subject;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<std::pair<mlir::LLVM::LLVMFuncOp, Site>> sites;
  host::ArtifactHandle whole;
  Suite suite;
  double runSeconds = 0; // of the processor, without a mistake
};

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_MUTANT_H
