// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes a reproducer after a crash: a file that is an input of the compiler,
// and that begins with the command that crashed.
#ifndef MOELORA_TOOLS_COMPILE_REPRODUCER_H
#define MOELORA_TOOLS_COMPILE_REPRODUCER_H

#include "Options.h"
#include "mlir/IR/BuiltinOps.h"

/// During the lifetime of this object, a fatal signal writes the file and
/// prints its path. There may be only one object at a time. The text is
/// prepared in advance, because a handler must not allocate.
class Reproducer {
public:
  Reproducer(const Options &options, mlir::ModuleOp module);
  ~Reproducer();
  Reproducer(const Reproducer &) = delete;
  Reproducer &operator=(const Reproducer &) = delete;

private:
  std::string path, text, message;

  static Reproducer *live;
  static void onSignal(void *);
};

#endif // MOELORA_TOOLS_COMPILE_REPRODUCER_H
