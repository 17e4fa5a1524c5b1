/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reading files with pread.
 */
#include "files/File.h"

#include "base/Failure.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

using namespace moelora;

std::string moelora::systemText(int code) {
  return std::generic_category().message(code);
}

File::File(std::string path) : name(std::move(path)) {
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    fail("cannot open " + name + ": " + systemText(errno), MOELORA_IO);
  struct stat status;
  bool known = ::fstat(descriptor, &status) == 0;
  if (known && S_ISREG(status.st_mode)) {
    state = stateOf(status);
    return;
  }
  ::close(descriptor);
  fail("expects " + name + " to be a regular file, but it is " +
           (known && S_ISDIR(status.st_mode) ? "a folder" : "of another kind"),
       MOELORA_IO);
}

File::File(File &&other) noexcept
    : name(std::move(other.name)),
      descriptor(std::exchange(other.descriptor, -1)), state(other.state) {}

File::~File() {
  if (descriptor >= 0)
    ::close(descriptor);
}

void File::read(uint64_t offset, uint64_t bytes, void *destination) const {
  char *at = static_cast<char *>(destination);
  while (bytes > 0) {
    // One call reads at most 2 GiB, so a smaller size keeps the count exact.
    size_t wanted = std::min<uint64_t>(bytes, 1u << 30);
    ssize_t got = ::pread(descriptor, at, wanted, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      fail("cannot read " + name + ": " + systemText(errno), MOELORA_IO);
    if (got == 0)
      fail(name + " is truncated: expects " + std::to_string(bytes) +
               " more bytes at offset " + std::to_string(offset) +
               ", but the file ends",
           MOELORA_IO);
    at += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<uint64_t>(got);
  }
}

File::State File::stateOf(const struct stat &status) {
  return {static_cast<uint64_t>(status.st_size),
          {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
           status.st_ctim.tv_nsec},
          static_cast<uint64_t>(status.st_nlink)};
}

void File::checkUnchanged() const {
  struct stat status;
  if (::fstat(descriptor, &status) != 0)
    fail("cannot examine " + name + ": " + systemText(errno), MOELORA_IO);
  State now = stateOf(status);
  // Replacing a file takes away a link of this one and changes the time of its
  // inode, but not its content.
  if (now.links != state.links)
    std::copy(state.times.begin() + 2, state.times.end(),
              now.times.begin() + 2);
  if (now.size != state.size || now.times != state.times)
    fail(name + " changed while it was read", MOELORA_IO);
}

void File::checkNoPointer() const {
  constexpr std::string_view mark = "version https://git-lfs.github.com/spec/";
  char begin[mark.size()];
  if (size() < mark.size())
    return;
  read(0, mark.size(), begin);
  if (std::string_view(begin, mark.size()) == mark)
    fail(
        "expects the content of " + name +
        ", but it is a pointer of Git LFS to it; fetch it with 'git lfs pull'");
}

std::string moelora::readText(const std::string &path, uint64_t limit) {
  File file(path);
  file.checkNoPointer();
  if (file.size() > limit)
    fail("expects " + path + " to have at most " + std::to_string(limit) +
         " bytes, but it has " + std::to_string(file.size()));
  std::string text(file.size(), '\0');
  file.read(0, text.size(), text.data());
  return text;
}

bool moelora::isFile(const std::string &path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool moelora::isFolder(const std::string &path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}
