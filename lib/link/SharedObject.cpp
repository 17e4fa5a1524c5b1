// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A linker writes to a file, so the shared object is made in a temporary file.
// The digest is appended there.

#include "moelora/link/SharedObject.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace moelora {

/// Calls a function of the runtime. Returns whether it succeeded.
template <typename Function, typename... Arguments>
static bool call(std::string &why, Function function, Arguments... arguments) {
  moelora_error *error = nullptr;
  if (function(arguments..., &error) == MOELORA_OK)
    return true;
  why = moelora_error_text(error);
  moelora_error_free(error);
  return false;
}

/// Links into a temporary file, appends the digest, and calls `use` with the
/// path. The file is removed after the call. Returns whether everything
/// succeeded.
static bool linkAndUse(const ObjectBytes &object, std::string &why,
                       function_ref<bool(const char *path)> use) {
  SmallString<64> path;
  if (auto error = sys::fs::createTemporaryFile("moelora-layer", "so", path)) {
    why = "cannot make a temporary file: " + error.message();
    return false;
  }
  FileRemover cleanup(path);
  return linkSharedObject(object, path, why) &&
         call(why, moelora_artifact_seal, path.c_str()) && use(path.c_str());
}

std::string digestOf(StringRef sharedObject) {
  return toHex(sharedObject.take_back(MOELORA_DIGEST_BYTES),
               /*LowerCase=*/true);
}

std::optional<std::string> emitSharedObject(mlir::ModuleOp module) {
  auto object = emitObject(module);
  if (failed(object))
    return std::nullopt;
  std::string bytes, why;
  auto read = [&](const char *path) {
    auto linked = MemoryBuffer::getFile(path);
    if (linked)
      bytes = (*linked)->getBuffer().str();
    else
      why = (Twine("cannot read ") + path + ": " + linked.getError().message())
                .str();
    return bool(linked);
  };
  if (linkAndUse(*object, why, read))
    return bytes;
  module.emitError() << why;
  return std::nullopt;
}

moelora_artifact_file *loadObject(const ObjectBytes &object, std::string &why) {
  // The removal of the file does not unload it.
  moelora_artifact_file *file = nullptr;
  linkAndUse(object, why, [&](const char *path) {
    return call(why, moelora_artifact_load, path, &file);
  });
  return file;
}

} // namespace moelora
