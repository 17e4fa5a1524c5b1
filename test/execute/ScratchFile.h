// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that are loaded as compiled layers, right ones and wrong ones.
#ifndef MOELORA_TEST_EXECUTE_SCRATCHFILE_H
#define MOELORA_TEST_EXECUTE_SCRATCHFILE_H

#include "Layers.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

namespace moelora::test {

inline std::string contentOf(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A temporary file, which is deleted with this object.
struct ScratchFile {
  explicit ScratchFile(const std::string &content)
      : path(testing::TempDir() + "moelora-artifact-" +
             std::to_string(getpid())) {
    write(content);
  }
  ~ScratchFile() { std::filesystem::remove(path); }
  ScratchFile(const ScratchFile &) = delete;

  /// Into the file that is there.
  void write(const std::string &content) const {
    std::ofstream(path, std::ios::binary) << content;
  }
  /// By another file.
  void replace(const std::string &content) const {
    std::ofstream(path + ".new", std::ios::binary) << content;
    std::filesystem::rename(path + ".new", path);
  }

  std::string path;
};

inline std::string loadError(const std::string &path) {
  moelora_artifact_file *file = nullptr;
  std::string text = errorOf(moelora_artifact_load, path.c_str(), &file);
  EXPECT_EQ(file != nullptr, text.empty());
  EXPECT_EQ(errorOf(moelora_artifact_close, file), "");
  return text;
}

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_SCRATCHFILE_H
