/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One process of several that publish and evict adapters together and run steps
 * with them, until one of them is stopped or killed. The others make a new
 * group, in which their tables are equal and the next steps are right.
 *
 *   mpiexec -n 4 moelora-publish-check --transport=mpi --case=NAME
 *           --result=FOLDER
 *
 * test/collectives/lost.py starts it, sends the signal, and writes the numbers
 * of the peer ranks that are left to FOLDER/left. The result is FOLDER/N.
 */
#include "Engine.h"
#include "FileTransport.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <sstream>

#include <unistd.h>

using namespace moelora::test;

namespace {

constexpr int64_t inTime = 10000; // milliseconds

std::map<std::string, std::string> options = {
    {"transport", ""}, {"case", ""}, {"result", ""}};

void readOptions(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    size_t equal = argument.find('=');
    if (argument.rfind("--", 0) != 0 || equal == std::string::npos ||
        !options.count(argument.substr(2, equal - 2)))
      throw std::runtime_error("unknown argument " + argument);
    options[argument.substr(2, equal - 2)] = argument.substr(equal + 1);
  }
}

std::string fileOf(const std::string &name) {
  return options["result"] + "/" + name;
}

/// Serves until a peer rank is lost.
void serveWithAll(Engine &engine, int32_t rank) {
  Outcome result;
  int64_t took = 0;
  for (int number = 0; result.status == MOELORA_OK; ++number) {
    took = millisecondsOf([&] { result = engine.serve(number); });
    if (number == 0)
      writeWhole(fileOf(std::to_string(rank) + ".began"),
                 std::to_string(getpid()));
  }
  expect(result.status == MOELORA_PEER_LOST,
         "expected PEER_LOST, but it is " + result.text);
  expect(took <= inTime, "it took " + std::to_string(took) + " ms");
}

/// Serves in a new group of those that are left.
void serveWithout(Engine &engine, int32_t rank) {
  std::istringstream text(awaitFile(fileOf("left")));
  std::vector<int32_t> left{std::istream_iterator<int32_t>(text), {}};
  auto self = std::find(left.begin(), left.end(), rank);
  FileTransport files(options["result"], int32_t(self - left.begin()),
                      int32_t(left.size()));
  engine.leave();
  engine.join(files.get(), inTime);
  engine.reconcile();
  for (int number = 1000; number < 1010; ++number) {
    Outcome result = engine.serve(number);
    expect(result.status == MOELORA_OK, "after the loss: " + result.text);
  }
  engine.leave();
}

std::string survive(const moelora_transport &transport) {
  try {
    Engine engine(transport);
    serveWithAll(engine, transport.rank);
    serveWithout(engine, transport.rank);
    return "right";
  } catch (const std::exception &failure) {
    return failure.what();
  }
}

} // namespace

int main(int argc, char **argv) {
  try {
    readOptions(argc, argv);
    const moelora_transport *transport = nullptr;
    must(moelora_transport_open, options["transport"].c_str(), &transport);
    writeWhole(fileOf(std::to_string(transport->rank)), survive(*transport));
    awaitFile(fileOf("done"));
    _exit(0); // MPI cannot end well after a peer rank is lost
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "error: %s\n", failure.what());
    return 2;
  }
}
