/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Copies artifacts' files for the system's loader.
 */
#include "run/seal/SealedFile.h"

#include "base/Failure.h"
#include "run/seal/ElfExtents.h"

#include <cerrno>
#include <chrono>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace moelora;

namespace {

std::string placeOf(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

bool isTaken(const std::string &place) {
  void *there = dlopen(place.c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (there)
    dlclose(there);
  return there;
}

/// The name in debuggers and profilers.
std::string nameOf(const std::string &path) {
  constexpr size_t longest = 200; // the system takes 249
  size_t slash = path.rfind('/');
  return path.substr(slash == std::string::npos ? 0 : slash + 1)
      .substr(0, longest);
}

[[noreturn]] void failToCopy(const std::string &path) {
  fail("cannot make a copy of " + path + " in memory: " + systemText(errno),
       MOELORA_IO);
}

/// While the system still uses a page of the copy for its own purposes, as when
/// it moves pages in memory, the call fails because the file is busy.
bool addSeals(int descriptor) {
  constexpr int seals =
      F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  constexpr int attempts = 100;
  constexpr auto pause = std::chrono::milliseconds(20);
  for (int attempt = 1;; ++attempt) {
    if (fcntl(descriptor, F_ADD_SEALS, seals) == 0)
      return true;
    if (errno != EBUSY || attempt == attempts)
      return false;
    std::this_thread::sleep_for(pause);
  }
}

} // namespace

SealedFile::Descriptor::~Descriptor() {
  if (number >= 0)
    close(number);
}

SealedFile::SealedFile(const std::string &path) : memory(-1) {
  File file(path);
  uint64_t behind = hasSeal(file) ? Seal::bytes : 0;
  checkElfExtents(file, file.size() - behind);
  seal = readSeal(file);
  memory.number =
      memfd_create(nameOf(path).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (memory.number < 0)
    failToCopy(path);
  checkDigest(path, seal, copyWithDigest(file, seal.length, memory.number));
  file.checkUnchanged();
  if (!addSeals(memory.number))
    failToCopy(path);
  // The loader identifies libraries by name. If a descriptor's number is used
  // again, it would return a library that is still loaded under the same name.
  while (isTaken(place = placeOf(memory.number)))
    takeAnotherNumber(path);
}

void SealedFile::takeAnotherNumber(const std::string &path) {
  int next = fcntl(memory.number, F_DUPFD_CLOEXEC, memory.number + 1);
  if (next < 0)
    failToCopy(path);
  close(std::exchange(memory.number, next));
}
