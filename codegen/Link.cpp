// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Links with a linker of the machine.

#include "moelora/codegen/Emit.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace moelora {

static std::string findLinker() {
  for (StringRef name : {"ld.lld-22", "ld.lld", "ld"})
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return *path;
  return {};
}

/// Writes the object to a temporary file.
static bool writeTemporary(const ObjectBytes &object,
                           SmallVectorImpl<char> &path, std::string &why) {
  int file;
  if (std::error_code error =
          sys::fs::createTemporaryFile("moelora", "o", file, path)) {
    why = "cannot make a temporary file: " + error.message();
    return false;
  }
  raw_fd_ostream stream(file, /*shouldClose=*/true);
  stream.write(object.data(), object.size());
  stream.close();
  if (!stream.has_error())
    return true;
  why = "cannot write a temporary file: " + stream.error().message();
  stream.clear_error();
  return false;
}

bool linkSharedObject(const ObjectBytes &object, StringRef path,
                      std::string &why) {
  std::string linker = findLinker();
  if (linker.empty()) {
    why = "expects ld.lld-22, ld.lld or ld in PATH, but there is none; "
          "install lld-22 or binutils";
    return false;
  }
  SmallString<64> input;
  scope_exit cleanup([&] {
    if (!input.empty())
      (void)sys::fs::remove(input);
  });
  if (!writeTemporary(object, input, why))
    return false;
  StringRef arguments[] = {linker,
                           "-shared",
                           "--build-id=none",
                           "-z",
                           "noexecstack",
                           "--hash-style=gnu",
                           "-soname",
                           "moelora-layer",
                           input,
                           "-o",
                           path};
  std::string message;
  int status =
      sys::ExecuteAndWait(linker, arguments, std::nullopt, {}, 0, 0, &message);
  if (status == 0)
    return true;
  why = (Twine(linker) + " failed to link '" + path + "'" +
         (message.empty() ? "" : ": ") + message)
            .str();
  return false;
}

} // namespace moelora
