// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Linkers write to files, so the object is written to a temporary file, to
// which the digest is appended.

#include "SharedObject.h"
#include "moelora/codegen/Emit.h"
#include "moelora/runtime/Artifact.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

/// Empty on success, and otherwise the error.
static std::string seal(const std::string &path) {
  moelora_error *error = nullptr;
  if (moelora_artifact_seal(path.c_str(), &error) == MOELORA_OK)
    return "";
  std::string why = moelora_error_text(error);
  moelora_error_free(error);
  return why;
}

std::string digestOf(StringRef sharedObject) {
  return toHex(sharedObject.take_back(MOELORA_DIGEST_BYTES),
               /*LowerCase=*/true);
}

std::optional<std::string> emitSharedObject(mlir::ModuleOp module) {
  auto object = moelora::emitObject(module);
  if (failed(object))
    return std::nullopt;
  auto fail = [&](const Twine &why) {
    module.emitError() << why;
    return std::nullopt;
  };
  SmallString<64> path;
  if (auto error = sys::fs::createTemporaryFile("moelora-layer", "so", path))
    return fail("cannot make a temporary file: " + error.message());
  FileRemover cleanup(path);
  std::string why;
  if (!moelora::linkSharedObject(*object, path, why))
    return fail(why);
  why = seal(path.str().str());
  if (!why.empty())
    return fail(why);
  auto linked = MemoryBuffer::getFile(path);
  if (!linked)
    return fail("cannot read " + path + ": " + linked.getError().message());
  return (*linked)->getBuffer().str();
}
