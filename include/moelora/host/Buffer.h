// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Owners of large buffers and of temporary folders.
#ifndef MOELORA_HOST_BUFFER_H
#define MOELORA_HOST_BUFFER_H

#include <cstdint>
#include <memory>
#include <string>

namespace moelora::host {

struct Unmap {
  uint64_t bytes = 0;
  void operator()(char *memory) const;
};

/// Memory of zeros from the system, on huge pages if available. It counts as
/// memory in use only after it is written.
class Buffer {
public:
  Buffer() = default;
  explicit Buffer(uint64_t bytes);

  char *data() const { return memory.get(); }
  uint64_t bytes() const { return size; }

private:
  std::unique_ptr<char, Unmap> memory;
  uint64_t size = 0;
};

/// A new temporary folder, which is deleted with everything in it.
class TemporaryFolder {
public:
  /// The path is `prefix` followed by a few unpredictable characters.
  explicit TemporaryFolder(const std::string &prefix);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;

  const std::string &path() const { return place; }

  /// The prefix for folders with this name in `parent`. If `parent` is "", it
  /// is the system's folder for temporary files.
  static std::string prefixIn(std::string parent, const std::string &name);

private:
  std::string place;
};

} // namespace moelora::host

#endif // MOELORA_HOST_BUFFER_H
