// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes complete files, or none.

#include "Output.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

static bool complain(StringRef path, std::error_code why) {
  errs() << "error: cannot write " << path << ": " << why.message() << "\n";
  return false;
}

/// The stream's error, which is cleared so that the destructor does not abort
/// the program.
static std::error_code writeAll(raw_fd_ostream &out, StringRef content) {
  out << content;
  out.flush();
  std::error_code error = out.error();
  out.clear_error();
  return error;
}

static bool writeDirectly(StringRef path, StringRef content) {
  std::error_code error;
  raw_fd_ostream out(path, error);
  if (!error)
    error = writeAll(out, content);
  return !error || complain(path, error);
}

bool writeOutput(StringRef path, StringRef content) {
  sys::fs::file_status status;
  bool exists = !sys::fs::status(path, status);
  if (path == "-" || (exists && !sys::fs::is_regular_file(status) &&
                      !sys::fs::is_directory(status)))
    return writeDirectly(path, content);
  auto file = sys::fs::TempFile::create(path + ".%%%%%%.part");
  if (!file)
    return complain(path, errorToErrorCode(file.takeError()));
  raw_fd_ostream out(file->FD, /*shouldClose=*/false);
  if (std::error_code error = writeAll(out, content)) {
    consumeError(file->discard());
    return complain(path, error);
  }
  if (Error error = file->keep(path))
    return complain(path, errorToErrorCode(std::move(error)));
  return true;
}
