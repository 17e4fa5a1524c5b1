// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds programs of the CUDA toolkit, such as ptxas.
#ifndef MOELORA_SUPPORT_CUDAPROGRAMS_H
#define MOELORA_SUPPORT_CUDAPROGRAMS_H

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <unistd.h>

namespace moelora {

/// The path of a program in the Python packages of CUDA of the python3 in PATH,
/// or "". Such a package is a namespace package: its folder has no file that
/// could be imported.
inline std::string findInPython(const std::string &program) {
  std::string command =
      "python3 -c 'import importlib.util, glob\n"
      "spec = importlib.util.find_spec(\"nvidia\")\n"
      "for root in spec.submodule_search_locations if spec else []:\n"
      "  for path in sorted(glob.glob(root + \"/**/bin/" +
      program +
      "\", recursive=True)):\n"
      "    print(path)' 2>/dev/null";
  std::string found;
  FILE *output = ::popen(command.c_str(), "r");
  if (!output)
    return found;
  for (int c; (c = std::fgetc(output)) != EOF && c != '\n';)
    found += static_cast<char>(c);
  ::pclose(output);
  return found;
}

/// The path of a program, or "": in CUDA_HOME, in PATH, in /usr/local/cuda, and
/// in Python packages such as nvidia-cuda-nvcc.
inline std::string findCudaProgram(const std::string &program) {
  auto runs = [](const std::string &path) {
    return ::access(path.c_str(), X_OK) == 0;
  };
  std::string folders;
  if (const char *home = std::getenv("CUDA_HOME"))
    folders += std::string(home) + "/bin:";
  if (const char *path = std::getenv("PATH"))
    folders += std::string(path) + ":";
  std::stringstream all(folders + "/usr/local/cuda/bin");
  for (std::string folder; std::getline(all, folder, ':');)
    if (std::string path = folder + "/" + program; runs(path))
      return path;
  std::string found = findInPython(program);
  return runs(found) ? found : "";
}

} // namespace moelora

#endif // MOELORA_SUPPORT_CUDAPROGRAMS_H
