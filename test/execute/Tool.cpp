// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Tool.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <sys/wait.h>

using namespace moelora::test;

namespace {

std::string contentOf(const std::filesystem::path &path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

} // namespace

Tool::Tool() {
  std::string name =
      std::filesystem::path(testing::TempDir()) / "moelora-tool-XXXXXX";
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  folder = name;
}

Tool::~Tool() { std::filesystem::remove_all(folder); }

Answer Tool::run(const std::string &arguments) {
  return runPlain(std::string(LAYER_NAIVE) + " --model=" + TINY_MODEL + " " +
                  arguments);
}

Answer Tool::runPlain(const std::string &arguments) {
  std::string command = std::string(MOELORA_RUN_TOOL) + " " + arguments + " >" +
                        path("stdout") + " 2>" + path("stderr");
  int status = std::system(command.c_str());
  EXPECT_TRUE(WIFEXITED(status)) << command;
  return {WEXITSTATUS(status), contentOf(path("stdout")),
          contentOf(path("stderr"))};
}

void Tool::write(const std::string &file, const std::vector<Tensor> &tensors) {
  std::vector<moelora_tensor_data> data;
  for (const Tensor &tensor : tensors) {
    data.push_back({tensor.name.c_str(),
                    tensor.dtype,
                    int32_t(tensor.shape.size()),
                    {},
                    tensor.bytes.data()});
    std::copy(tensor.shape.begin(), tensor.shape.end(), data.back().shape);
  }
  EXPECT_EQ(moelora_safetensors_write(path(file).c_str(), data.data(),
                                      int64_t(data.size()), nullptr),
            MOELORA_OK);
}
