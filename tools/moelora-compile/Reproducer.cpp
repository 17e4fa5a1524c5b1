// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The signal handler only calls open, write and close.

#include "Reproducer.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"

#include <fcntl.h>
#include <unistd.h>

Reproducer *Reproducer::live = nullptr;

Reproducer::Reproducer(const Options &options, mlir::ModuleOp module) {
  // An unpredictable name. The file is created only by a crash.
  llvm::SmallString<128> folder, file;
  llvm::sys::path::system_temp_directory(/*erasedOnReboot=*/true, folder);
  llvm::sys::path::append(folder, "moelora-compile-%%%%%%%%%%%%.mlir");
  llvm::sys::fs::createUniquePath(folder, file, /*MakeAbsolute=*/false);
  path = file.str().str();
  llvm::raw_string_ostream out(text);
  out << "// moelora-compile " << path << " --cpu=" << options.cpu
      << " --emit=" << namesOf(options.emit).name << shardArguments(options)
      << " -o /dev/null\n";
  module.print(out);
  message = "error: the compiler crashed; " + path + " reproduces it\n";
  live = this;
  static bool registered = [] {
    llvm::sys::AddSignalHandler(onSignal, nullptr);
    return true;
  }();
  (void)registered;
}

Reproducer::~Reproducer() { live = nullptr; }

static bool writeRaw(int file, llvm::StringRef text) {
  while (!text.empty()) {
    ssize_t written = ::write(file, text.data(), text.size());
    if (written <= 0)
      return false;
    text = text.drop_front(written);
  }
  return true;
}

void Reproducer::onSignal(void *) {
  if (!live)
    return;
  // Exclusive, so that no existing file is overwritten.
  int file = ::open(live->path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (file < 0)
    return;
  bool whole = writeRaw(file, live->text);
  ::close(file);
  if (whole)
    writeRaw(STDERR_FILENO, live->message);
}
