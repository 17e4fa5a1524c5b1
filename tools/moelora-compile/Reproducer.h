// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a crash leaves behind: a file that is itself an input of the compiler,
// headed by the command that crashed on it.
#ifndef MOELORA_TOOLS_COMPILE_REPRODUCER_H
#define MOELORA_TOOLS_COMPILE_REPRODUCER_H

#include "Options.h"
#include "mlir/IR/BuiltinOps.h"

/// While it lives, a fatal signal writes the file and says where it is. One at
/// a time. The text is made beforehand: a handler may not allocate.
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
