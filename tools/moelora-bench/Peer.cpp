// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Peer.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace moelora::bench {

[[noreturn]] static void becomeChild(int in, int out, const std::string &python,
                                     const std::string &script, int threads) {
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  std::string count = std::to_string(threads);
  execlp(python.c_str(), python.c_str(), script.c_str(), count.c_str(),
         static_cast<char *>(nullptr));
  _exit(127);
}

Peer::Peer(const std::string &python, const std::string &script, int threads) {
  int down[2], up[2];
  // The parent's ends of the pipes must be closed in the child, or it would not
  // notice that the parent has ended.
  if (python.empty() || pipe2(down, O_CLOEXEC) || pipe2(up, O_CLOEXEC))
    return;
  std::signal(SIGPIPE, SIG_IGN);
  child = fork();
  if (child == 0)
    becomeChild(down[0], up[1], python, script, threads);
  close(down[0]);
  close(up[1]);
  requests = fdopen(down[1], "w");
  answers = fdopen(up[0], "r");
  versionText = read().value("version", "");
  if (versionText.empty()) {
    std::fprintf(stderr, "warning: %s has no PyTorch; measuring without it\n",
                 python.c_str());
    std::fclose(requests);
    requests = nullptr;
  }
}

Peer::~Peer() {
  if (requests)
    std::fclose(requests);
  if (answers)
    std::fclose(answers);
  if (child > 0)
    waitpid(child, nullptr, 0);
}

/// Reads one line as an object, or returns an empty object.
host::Json Peer::read() {
  std::string line;
  for (int c; (c = std::fgetc(answers)) != EOF && c != '\n';)
    line += static_cast<char>(c);
  host::Json answer = host::Json::parse(line, nullptr, false);
  return answer.is_object() ? answer : host::Json::object();
}

std::optional<double> Peer::ask(const host::Json &request, const char *field) {
  if (!present())
    return std::nullopt;
  std::fprintf(requests, "%s\n", host::textOf(request, -1).c_str());
  std::fflush(requests);
  host::Json answer = read();
  if (!answer.contains(field) || !answer[field].is_number())
    return std::nullopt;
  return answer[field].get<double>();
}

} // namespace moelora::bench
