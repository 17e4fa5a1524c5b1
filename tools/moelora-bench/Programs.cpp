// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Programs.h"

#include "moelora/host/Handles.h"

#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sstream>
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

bool canRun(const std::string &path) {
  return ::access(path.c_str(), X_OK) == 0;
}

/// The folders in which programs of CUDA are searched for, in order.
std::vector<std::string> foldersOfTools() {
  std::vector<std::string> folders;
  if (const char *home = std::getenv("CUDA_HOME"))
    folders.push_back(std::string(home) + "/bin");
  const char *path = std::getenv("PATH");
  std::stringstream all(path ? path : "");
  for (std::string folder; std::getline(all, folder, ':');)
    folders.push_back(folder);
  folders.emplace_back("/usr/local/cuda/bin");
  return folders;
}

/// A package that contains programs is a namespace package: its folder has no
/// file that could be imported.
constexpr const char *findInPython =
    "import importlib.util, glob\n"
    "spec = importlib.util.find_spec('nvidia')\n"
    "for root in spec.submodule_search_locations if spec else []:\n"
    "  for path in sorted(glob.glob(root + '/**/bin/nvdisasm', "
    "recursive=True)):\n"
    "    print(path)\n";

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
  for (const std::string &folder : foldersOfTools())
    if (std::string path = folder + "/nvdisasm"; canRun(path))
      return path;
  std::string found;
  try {
    found = outputOf({"python3", "-c", findInPython});
  } catch (const Error &) {
    // There is no Python, or it has no such package.
  }
  found = found.substr(0, found.find('\n'));
  if (!canRun(found))
    throw Error("cannot find nvdisasm; install the CUDA toolkit and set "
                "CUDA_HOME, or run pip install nvidia-cuda-nvdisasm");
  return found;
}

} // namespace moelora::bench
