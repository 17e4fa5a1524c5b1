/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Files that change while they are read. The adapter is loaded as it was, or
 * refused; it is never a mixture of two versions.
 */
#include "Kinds.h"

#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace moelora::test {

namespace fs = std::filesystem;

constexpr const char *name = "adapter_model.safetensors";
constexpr const char *torn = "changed while it was read|is truncated";

/// Other bytes in the same file: its length stays.
static bool rewrite(const Folder &folder, Random &random) {
  std::string path = folder / name;
  int file = ::open(path.c_str(), O_WRONLY);
  uint64_t size = fs::file_size(path), at = below(random, size);
  char byte = static_cast<char>(random());
  bool written = ::pwrite(file, &byte, 1, static_cast<off_t>(at)) == 1;
  ::close(file);
  return written;
}

static bool cut(const Folder &folder, Random &random) {
  std::string path = folder / name;
  return fs::resize_file(path, below(random, fs::file_size(path))), true;
}

static bool grow(const Folder &folder, Random &random) {
  std::string path = folder / name;
  return fs::resize_file(path, fs::file_size(path) + 1 + below(random, 99)),
         true;
}

static bool unlink(const Folder &folder, Random &) {
  return fs::remove(folder / name);
}

/// Another file under the same name, as careful writers do it.
static bool rename(const Folder &folder, Random &random) {
  std::string other = folder.read(name);
  other[below(random, other.size())] ^= 1;
  folder.write("new", other);
  return fs::rename(folder / "new", folder / name), true;
}

static const std::vector<Kind> kinds = {
    {"rewritten before staging", MOELORA_IO, torn, rewrite,
     When::BeforeStaging},
    {"cut before staging", MOELORA_IO, torn, cut, When::BeforeStaging},
    {"grown before staging", MOELORA_IO, torn, grow, When::BeforeStaging},
    {"deleted before staging", MOELORA_OK, "", unlink, When::BeforeStaging},
    {"exchanged before staging", MOELORA_OK, "", rename, When::BeforeStaging},
    {"rewritten while staging", MOELORA_IO, torn, rewrite, When::WhileStaging},
    {"cut while staging", MOELORA_IO, torn, cut, When::WhileStaging},
    {"grown while staging", MOELORA_IO, torn, grow, When::WhileStaging},
    {"deleted while staging", MOELORA_OK, "", unlink, When::WhileStaging},
    {"exchanged while staging", MOELORA_OK, "", rename, When::WhileStaging},
};

const std::vector<Kind> &changingKinds() { return kinds; }

std::vector<Kind> allKinds() {
  std::vector<Kind> all;
  for (const auto *kinds :
       {&nameKinds(), &tensorKinds(), &offsetKinds(), &lengthKinds(),
        &headerKinds(), &settingKinds(), &configKinds(), &layoutKinds(),
        &folderKinds(), &changingKinds()})
    all.insert(all.end(), kinds->begin(), kinds->end());
  return all;
}

} // namespace moelora::test
