// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Programs.h"

#include "moelora/host/Handles.h"
#include "moelora/support/CudaPrograms.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using moelora::host::Error;

namespace moelora::bench {
namespace {

std::string readAll(int file) {
  std::string text;
  char part[1 << 16];
  for (ssize_t count; (count = ::read(file, part, sizeof part)) > 0;)
    text.append(part, size_t(count));
  ::close(file);
  return text;
}

} // namespace

std::string outputOf(std::vector<std::string> words) {
  std::vector<char *> arguments;
  for (std::string &word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2], status = 0;
  if (::pipe2(ends, O_CLOEXEC))
    throw Error("cannot open a pipe");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr,
                              arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output = readAll(ends[0]);
  if (failed)
    throw Error("cannot run " + words[0]);
  if (::waitpid(child, &status, 0) != child || status != 0)
    throw Error(words[0] + " " + words[1] + " failed");
  return output;
}

double childSeconds() {
  rusage usage = {};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  auto seconds = [](const timeval &time) {
    return double(time.tv_sec) + double(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string findDisassembler() {
  std::string found = findCudaProgram("nvdisasm");
  if (found.empty())
    throw Error("cannot find nvdisasm; install the CUDA toolkit and set "
                "CUDA_HOME, or run pip install nvidia-cuda-nvdisasm");
  return found;
}

} // namespace moelora::bench
