/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Writes complete safetensors files, or fails.
 */
#include "base/Sized.h"
#include "files/File.h"
#include "files/Tensor.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <random>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_set>

using namespace moelora;

namespace {

/// A file under a temporary name, removed unless it is committed. An existing
/// device or pipe cannot be replaced, so it is written directly.
class NewFile {
public:
  explicit NewFile(const std::string &path) : path(path) {
    struct stat status;
    direct = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) &&
             !S_ISDIR(status.st_mode);
    if (direct)
      descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    else
      openTemporary();
    if (descriptor < 0)
      refuse("create");
  }
  ~NewFile() {
    if (descriptor >= 0)
      ::close(descriptor);
    if (!committed && !direct)
      ::unlink(temporary.c_str());
  }

  void write(const void *data, uint64_t bytes) {
    const char *at = static_cast<const char *>(data);
    while (bytes > 0) {
      ssize_t done =
          ::write(descriptor, at, std::min<uint64_t>(bytes, 1 << 30));
      if (done < 0 && errno == EINTR)
        continue;
      if (done < 0)
        refuse("write");
      at += done;
      bytes -= static_cast<uint64_t>(done);
    }
  }

  void commit() {
    if (::close(std::exchange(descriptor, -1)) != 0)
      refuse("finish");
    if (!direct && ::rename(temporary.c_str(), path.c_str()) != 0)
      refuse("rename");
    committed = true;
  }

private:
  void openTemporary() {
    // The name is used already if a killed process with the same process id has
    // left its file.
    constexpr int tries = 100;
    for (int i = 0; i < tries && descriptor < 0; ++i) {
      temporary = path + randomSuffix();
      descriptor = ::open(temporary.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (descriptor < 0 && errno != EEXIST)
        break;
    }
  }

  static std::string randomSuffix() {
    std::random_device random;
    return "." + std::to_string(random()) + "." + std::to_string(random()) +
           ".tmp";
  }

  [[noreturn]] void refuse(const char *what) {
    std::string why = systemText(errno);
    fail(std::string("cannot ") + what + " " + path + ": " + why, MOELORA_IO);
  }

  const std::string &path;
  std::string temporary;
  int descriptor = -1;
  bool direct = false, committed = false;
};

/// The header, padded with blanks so that the data begin at a multiple of 8.
std::string headerText(const moelora_tensor_data *tensors, int64_t count) {
  using nlohmann::json;
  std::unordered_set<std::string_view> names;
  std::string text = "{";
  uint64_t offset = 0;
  for (int64_t i = 0; i < count; ++i) {
    const moelora_tensor_data &tensor = tensors[i];
    uint64_t end = offset + checkedTensor(tensor).bytes;
    if (!names.insert(tensor.name).second)
      fail(std::string("expects names to differ, but two tensors are '") +
           tensor.name + "'");
    std::vector<int64_t> shape(tensor.shape, tensor.shape + tensor.dims);
    json entry = {{"dtype", moelora_dtype_name(tensor.dtype)},
                  {"shape", shape},
                  {"data_offsets", {offset, end}}};
    text += (i ? "," : "") + json(tensor.name).dump() + ":" + entry.dump();
    offset = end;
  }
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

} // namespace

moelora_status moelora_safetensors_write(const char *path,
                                         const moelora_tensor_data *tensors,
                                         int64_t count, moelora_error **error) {
  return guarded(error, [&] {
    expectThere(path, "a path");
    if (count < 0)
      fail("expects a number of tensors, but it is " + std::to_string(count));
    if (count > 0)
      expectThere(tensors, "tensors");
    std::string target = path, header = headerText(tensors, count);
    uint64_t length = header.size();
    NewFile file(target);
    file.write(&length, sizeof length);
    file.write(header.data(), header.size());
    for (int64_t i = 0; i < count; ++i)
      file.write(tensors[i].data, checkedTensor(tensors[i]).bytes);
    file.commit();
  });
}
