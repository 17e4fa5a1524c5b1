/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Files that are read at offsets. Never mapped: a file that is truncated while
 * it is read must be an error, not a fault.
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

  /// Reads exactly these bytes, or fails. Any thread.
  void read(uint64_t offset, uint64_t bytes, void *destination) const;

  /// Fails if the file has been written since it was opened, as far as its
  /// size and times tell. Any thread.
  void checkUnchanged() const;

  /// Fails where Git would have put the content, but has not.
  void checkNoPointer() const;

  uint64_t size() const { return state.size; }
  const std::string &path() const { return name; }

private:
  /// What writing changes.
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

/// The system's words for an errno, safe in any thread.
std::string systemText(int code);

} // namespace moelora

#endif // MOELORA_RUNTIME_FILE_H
