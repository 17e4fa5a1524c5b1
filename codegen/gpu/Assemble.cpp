// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs ptxas on temporary files.

#include "moelora/codegen/Assemble.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "moelora/support/CudaPrograms.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include <cctype>

using namespace mlir;

namespace moelora {

std::optional<std::string> emittedPtx(ModuleOp module) {
  for (auto global : module.getOps<LLVM::GlobalOp>())
    if (global.getSymName().ends_with(".ptx"))
      if (auto text = dyn_cast_or_null<StringAttr>(global.getValueOrNull()))
        return text.getValue().drop_back().str(); // the zero at its end
  return std::nullopt;
}

namespace {

/// A temporary file that exists as long as this object.
class TemporaryFile {
public:
  explicit TemporaryFile(StringRef suffix) {
    error = llvm::sys::fs::createTemporaryFile("moelora", suffix, path);
    if (!error)
      remover.setFile(path);
  }

  std::error_code error;
  llvm::SmallString<128> path;

private:
  llvm::FileRemover remover;
};

std::optional<std::string> readFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return std::nullopt;
  return (*buffer)->getBuffer().str();
}

} // namespace

/// The sm_80 of `.target sm_80`.
static std::string targetOf(StringRef ptx) {
  StringRef rest = ptx.split(".target ").second;
  return rest
      .take_while([](char c) {
        return isalnum(static_cast<unsigned char>(c)) || c == '_';
      })
      .str();
}

std::optional<std::string> assemblePtx(StringRef ptx, std::string &why) {
  std::string ptxas = findCudaProgram("ptxas");
  if (ptxas.empty()) {
    why = "cannot find ptxas; install the CUDA toolkit and set CUDA_HOME, or "
          "run pip install nvidia-cuda-nvcc";
    return std::nullopt;
  }
  TemporaryFile input("ptx"), output("cubin"), messages("txt");
  std::error_code error;
  llvm::raw_fd_ostream text(input.path, error);
  if (error || output.error || messages.error) {
    why = "cannot write temporary files";
    return std::nullopt;
  }
  text << ptx;
  text.close();
  std::string target = "-arch=" + targetOf(ptx);
  std::optional<StringRef> redirects[] = {std::nullopt, messages.path.str(),
                                          messages.path.str()};
  int status = llvm::sys::ExecuteAndWait(
      ptxas, {ptxas, target, input.path, "-o", output.path}, std::nullopt,
      redirects);
  std::optional<std::string> cubin = readFile(output.path);
  if (!status && cubin)
    return cubin;
  why = ptxas + " failed: " +
        StringRef(readFile(messages.path).value_or("")).rtrim().str();
  return std::nullopt;
}

} // namespace moelora
