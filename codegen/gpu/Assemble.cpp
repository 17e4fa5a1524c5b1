// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds ptxas and runs it on temporary files.

#include "moelora/codegen/Assemble.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include <cctype>
#include <cstdlib>

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

/// The first line of what a command prints, or "".
std::string firstLineOf(StringRef program, ArrayRef<StringRef> arguments) {
  TemporaryFile output("txt");
  std::optional<StringRef> redirects[] = {std::nullopt, output.path.str(),
                                          StringRef("")};
  SmallVector<StringRef> all{program};
  llvm::append_range(all, arguments);
  if (output.error ||
      llvm::sys::ExecuteAndWait(program, all, std::nullopt, redirects))
    return "";
  return StringRef(readFile(output.path).value_or("")).split('\n').first.str();
}

bool canRun(StringRef path) {
  return !path.empty() && llvm::sys::fs::can_execute(path);
}

/// The folder of the Python package, which is a namespace package: the folder
/// has no file that could be imported.
std::string ptxasOfPython() {
  auto python = llvm::sys::findProgramByName("python3");
  if (!python)
    return "";
  return firstLineOf(
      *python, {"-c", "import importlib.util, glob\n"
                      "spec = importlib.util.find_spec('nvidia')\n"
                      "for root in spec.submodule_search_locations if spec "
                      "else []:\n"
                      "  for path in sorted(glob.glob(root + "
                      "'/**/bin/ptxas', recursive=True)):\n"
                      "    print(path)\n"});
}

std::string findPtxas() {
  if (const char *home = std::getenv("CUDA_HOME")) {
    llvm::SmallString<128> path(home);
    llvm::sys::path::append(path, "bin", "ptxas");
    if (canRun(path))
      return std::string(path);
  }
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  StringRef usual = "/usr/local/cuda/bin/ptxas";
  return canRun(usual) ? usual.str() : ptxasOfPython();
}

/// The sm_80 of `.target sm_80`.
std::string targetOf(StringRef ptx) {
  StringRef rest = ptx.split(".target ").second;
  return rest
      .take_while([](char c) {
        return isalnum(static_cast<unsigned char>(c)) || c == '_';
      })
      .str();
}

} // namespace

std::optional<std::string> assemblePtx(StringRef ptx, std::string &why) {
  std::string ptxas = findPtxas();
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
  why = ptxas + " failed: " + readFile(messages.path).value_or("");
  return std::nullopt;
}

} // namespace moelora
