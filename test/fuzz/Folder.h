// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The folder to which a fuzzer writes its input, because the library reads
// files. It is in memory if the system supports that.
#ifndef MOELORA_FUZZ_FOLDER_H
#define MOELORA_FUZZ_FOLDER_H

#include <cstdint>
#include <string>
#include <string_view>

namespace moelora::fuzz {

class Folder {
public:
  Folder();
  ~Folder();
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;

  const std::string &path() const { return place; }
  std::string pathOf(const char *name) const { return place + "/" + name; }

  /// Writes a file, followed by zeros that take no memory.
  void write(const char *name, std::string_view bytes,
             uint64_t zeros = 0) const;

private:
  std::string place;
};

/// A safetensors file with this header, and this number of zeros as data.
void writeSafetensors(const Folder &folder, const char *name,
                      std::string_view header, uint64_t zeros);

/// Takes parts off the front of an input.
class Input {
public:
  Input(const uint8_t *data, size_t size)
      : rest(reinterpret_cast<const char *>(data), size) {}

  /// A number with this number of bytes, little endian; 0 after the end.
  uint64_t number(unsigned bytes);
  std::string_view text(size_t size);
  std::string_view remaining() const { return rest; }

private:
  std::string_view rest;
};

} // namespace moelora::fuzz

#endif // MOELORA_FUZZ_FOLDER_H
