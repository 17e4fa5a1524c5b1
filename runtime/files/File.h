/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Files that are read at offsets. They are never mapped, because a file that is
 * truncated while it is read must cause an error, not a fault.
 */
#ifndef MOELORA_RUNTIME_FILE_H
#define MOELORA_RUNTIME_FILE_H

#include <array>
#include <cstdint>
#include <string>

struct stat;

namespace moelora {

class File {
public:
  /// Opens a regular file for reading, or fails.
  explicit File(std::string path);
  File(File &&other) noexcept;
  File &operator=(File &&) = delete;
  ~File();

  /// Reads exactly these bytes, or fails. May be called from any thread.
  void read(uint64_t offset, uint64_t bytes, void *destination) const;

  /// Fails if the file's size or times have changed since it was opened. May be
  /// called from any thread.
  void checkUnchanged() const;

  /// Fails if the file is a placeholder of Git LFS instead of the content.
  void checkNoPointer() const;

  uint64_t size() const { return state.size; }
  const std::string &path() const { return name; }

private:
  /// The properties that writing changes.
  struct State {
    uint64_t size;
    std::array<int64_t, 4> times; ///< of the content and of the inode
    uint64_t links;
  };
  static State stateOf(const struct stat &status);

  std::string name;
  int descriptor = -1;
  State state{};
};

/// A whole small file; fails above `limit` bytes.
std::string readText(const std::string &path, uint64_t limit);

bool isFile(const std::string &path);
bool isFolder(const std::string &path);

/// The system's message for an errno. Thread-safe.
std::string systemText(int code);

} // namespace moelora

#endif // MOELORA_RUNTIME_FILE_H
