/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs the cases on a transport: as threads, or as one process of several.
 *
 *   moelora-group-check --transport=loopback --ranks=4
 *   mpiexec -n 4 moelora-group-check --transport=mpi
 *
 *   --case=NAME      runs one case only; those in which peers are lost need it
 *                    outside of loopback
 *   --seed=N         of the random exchanges
 *   --count=N        their number
 *   --result=FOLDER  writes the process id of peer rank N to FOLDER/N.began
 *                    when it has begun, and what it found to FOLDER/N. Ends
 *                    when FOLDER/done exists.
 */
#include "Peer.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include <unistd.h>

using namespace moelora::test;

namespace {

std::map<std::string, std::string> options = {
    {"transport", "loopback"}, {"ranks", "4"}, {"case", ""}, {"seed", "1"},
    {"count", "1000"},         {"result", ""}};

void readOptions(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    size_t equal = argument.find('=');
    auto found = options.end();
    if (argument.rfind("--", 0) == 0 && equal != std::string::npos)
      found = options.find(argument.substr(2, equal - 2));
    if (found == options.end())
      throw std::runtime_error("unknown argument " + argument);
    found->second = argument.substr(equal + 1);
  }
}

bool isLoopback() { return options["transport"] == "loopback"; }

std::vector<Case> chosenCases() {
  std::vector<Case> all = transportCases(), chosen;
  for (const Case &one : groupCases())
    all.push_back(one);
  bool named = !options["case"].empty();
  if (named || isLoopback())
    for (const Case &one : lossCases())
      all.push_back(one);
  if (named)
    all.push_back(lostPeerCase());
  for (const Case &one : all)
    if (!named || options["case"] == one.name)
      chosen.push_back(one);
  if (chosen.empty())
    throw std::runtime_error("there is no case " + options["case"]);
  return chosen;
}

void writeResult(const std::string &name, const std::string &text) {
  if (options["result"].empty())
    return;
  std::string file = options["result"] + "/" + name;
  std::ofstream(file + ".part") << text;
  std::rename((file + ".part").c_str(), file.c_str());
}

/// Runs a case on one peer rank. Returns what is wrong, or "".
std::string run(const Case &one, const moelora_transport &transport) {
  std::string who = std::to_string(transport.rank);
  Peer peer = {transport, std::stoull(options["seed"]),
               std::stoi(options["count"]), [&, first = true]() mutable {
                 if (first)
                   writeResult(who + ".began", std::to_string(getpid()));
                 first = false;
               }};
  try {
    one.run(peer);
    return "";
  } catch (const std::exception &failure) {
    transport.abort(transport.context);
    return std::string(one.name) + ", peer rank " + who + " of " +
           std::to_string(transport.ranks) + ": " + failure.what() + "\n";
  }
}

std::string runAsThreads(const Case &one) {
  int32_t ranks = std::stoi(options["ranks"]);
  std::vector<const moelora_transport *> transports{size_t(ranks)};
  must(moelora_loopback_open, ranks, transports.data());
  std::string failures;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (const moelora_transport *transport : transports)
    threads.emplace_back([&, transport] {
      std::string failure = run(one, *transport);
      std::lock_guard<std::mutex> lock(mutex);
      failures += failure;
    });
  for (std::thread &thread : threads)
    thread.join();
  for (const moelora_transport *transport : transports)
    moelora_transport_close(transport);
  return failures;
}

/// MPI cannot end well after a peer is lost: the process ends without it.
[[noreturn]] void waitAndEnd() {
  std::string done = options["result"] + "/done";
  while (access(done.c_str(), F_OK) != 0)
    usleep(20000);
  _exit(0);
}

std::string runAsProcess(const Case &one) {
  const moelora_transport *transport = nullptr;
  must(moelora_transport_open, options["transport"].c_str(), &transport);
  TransportOwner owner(transport, moelora_transport_close);
  std::string failure = run(one, *transport);
  writeResult(std::to_string(transport->rank),
              failure.empty() ? "right" : failure);
  if (!options["result"].empty())
    waitAndEnd();
  return failure;
}

int check() {
  std::vector<Case> cases = chosenCases();
  for (const Case &one : cases) {
    std::string failures = isLoopback() ? runAsThreads(one) : runAsProcess(one);
    std::fputs(failures.c_str(), stderr);
    if (!failures.empty())
      return 1;
  }
  std::printf("%zu cases on %s\n", cases.size(), options["transport"].c_str());
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  try {
    readOptions(argc, argv);
    return check();
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "error: %s\n", failure.what());
    return 2;
  }
}
