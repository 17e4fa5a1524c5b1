// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Folder.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace moelora::fuzz {

[[noreturn]] static void giveUp(const char *what) {
  std::perror(what);
  std::_Exit(1);
}

Folder::Folder() {
  bool memory = access("/dev/shm", W_OK) == 0;
  place = std::string(memory ? "/dev/shm" : "/tmp") + "/moelora-fuzz.XXXXXX";
  if (!mkdtemp(place.data()))
    giveUp("mkdtemp");
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(place, ignored);
}

void Folder::write(const char *name, std::string_view bytes,
                   uint64_t zeros) const {
  int file = open(pathOf(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0)
    giveUp("open");
  ssize_t written = ::write(file, bytes.data(), bytes.size());
  if (written != static_cast<ssize_t>(bytes.size()) ||
      ftruncate(file, static_cast<off_t>(bytes.size() + zeros)) != 0)
    giveUp("write");
  close(file);
}

void writeSafetensors(const Folder &folder, const char *name,
                      std::string_view header, uint64_t zeros) {
  std::string bytes;
  for (uint64_t size = header.size(), byte = 0; byte < 8; ++byte)
    bytes += static_cast<char>(size >> (8 * byte));
  bytes += header;
  folder.write(name, bytes, zeros);
}

uint64_t Input::number(unsigned bytes) {
  uint64_t value = 0;
  std::string_view taken = text(bytes);
  for (size_t byte = 0; byte < taken.size(); ++byte)
    value |= uint64_t(static_cast<unsigned char>(taken[byte])) << (8 * byte);
  return value;
}

std::string_view Input::text(size_t size) {
  std::string_view taken = rest.substr(0, size);
  rest.remove_prefix(taken.size());
  return taken;
}

} // namespace moelora::fuzz
