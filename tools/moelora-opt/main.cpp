// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-opt: every pass and dialect, ours and upstream's, on a file of IR.
// MOELORA_DEBUG=TYPE prints what LDBG() says under that debug type, as far as
// the code that says it was compiled with assertions.

#include "../Version.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "moelora/InitAll.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Debug.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

using llvm::StringRef;

static void enableDebugOutput() {
  const char *type = std::getenv("MOELORA_DEBUG");
  if (!type)
    return;
  llvm::DebugFlag = true;
  llvm::setCurrentDebugTypes(&type, 1);
}

/// A failure that a test expects leaves no reproducer; nor does one where the
/// user says what to reproduce.
static bool wantsReproducer(llvm::ArrayRef<char *> arguments) {
  return llvm::none_of(arguments, [](StringRef argument) {
    return argument.starts_with("-") &&
           (argument.contains("verify-diagnostics") ||
            argument.contains("reproducer"));
  });
}

/// The flag that makes a crash or a failed pass leave a file to send in.
static std::string reproducerFlag() {
  llvm::SmallString<128> file;
  llvm::sys::path::system_temp_directory(/*erasedOnReboot=*/true, file);
  int64_t process = llvm::sys::Process::getProcessId();
  llvm::sys::path::append(file,
                          "moelora-opt-" + llvm::Twine(process) + ".mlir");
  return ("--mlir-pass-pipeline-crash-reproducer=" + file).str();
}

int main(int argc, char **argv) {
  llvm::cl::SetVersionPrinter(printVersion);
  enableDebugOutput();
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  moelora::registerAllDialects(registry);
  moelora::registerAllPasses();
  moelora::registerAllPipelines();

  std::string flag = reproducerFlag();
  llvm::SmallVector<char *> arguments(argv, argv + argc);
  if (wantsReproducer(arguments))
    arguments.push_back(flag.data());
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(static_cast<int>(arguments.size()), arguments.data(),
                        "moelora optimizer\n", registry));
}
