// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-mutate [--count=N] [--seed=S] FILE...: mutants S, S + 1, ... of the
// modules in FILEs through every pipeline; of a FILE.json, which is a model's
// config.json, those of its layers. `--replay FILE...` runs files as they are,
// in this process, for a debugger. Status 3: a mutant failed.

#include "Campaign.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Signals.h"

#include <cstdio>

using namespace moelora::fuzz;
namespace cl = llvm::cl;

static cl::list<std::string> files(cl::Positional, cl::desc("FILE..."),
                                   cl::OneOrMore);
static cl::opt<uint64_t> count("count", cl::init(400), cl::desc("of mutants"));
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::desc("of the first"));
static cl::opt<unsigned> jobs("jobs", cl::init(1), cl::desc("processes"));
static cl::opt<std::string> save("save",
                                 cl::desc("folder for mutants that fail"));
static cl::opt<uint64_t> dieAt("die-at", cl::init(~0u),
                               cl::desc("a mutant that crashes, for tests"));
static cl::opt<bool> replay("replay", cl::desc("run the files as they are"));

/// A campaign in which the parser refuses all mutants is not a test.
static constexpr double leastShareVerified = 0.05;

static std::string readFile(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  if (file)
    return (*file)->getBuffer().str();
  std::fprintf(stderr, "error: %s: %s\n", path.c_str(),
               file.getError().message().c_str());
  std::exit(2);
}

/// The cases of a file of IR, or the layers of a model's config.json; of a
/// model that is refused none.
static std::vector<std::string> casesOf(const std::string &path) {
  std::string text = readFile(path);
  if (!llvm::StringRef(path).ends_with(".json"))
    return splitCases(text);
  return layersOf(text);
}

static std::vector<std::string> readCases() {
  std::vector<std::string> cases;
  for (const std::string &path : files)
    llvm::append_range(cases, casesOf(path));
  return cases;
}

static int replayAll(const mlir::DialectRegistry &registry) {
  for (const std::string &text : readCases())
    for (uint64_t turn = 0; turn < Turn::tiers; ++turn) {
      int reached = 0;
      auto onStage = [&](int stage) {
        reached = stage;
        std::fprintf(stderr, "%s\n", nameOfStage(stage));
      };
      Result result = runStages(registry, text, Turn{turn}, onStage);
      std::printf("%s: %s\n", nameOfStage(reached), result.failure.c_str());
    }
  return 0;
}

/// Modules that verify are mutated, as they are and in generic form; the others
/// give parts.
static Mutator makeMutator(const mlir::DialectRegistry &registry) {
  std::vector<std::string> good, donors;
  for (std::string &text : readCases()) {
    std::string generic = genericForm(registry, text);
    if (!generic.empty())
      good.push_back(std::move(generic));
    (generic.empty() ? donors : good).push_back(std::move(text));
  }
  return Mutator(good, donors);
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "mutants through every pipeline\n");
  mlir::DialectRegistry registry = registerEverything();
  if (replay) {
    llvm::sys::PrintStackTraceOnErrorSignal(argv[0]);
    return replayAll(registry);
  }
  Mutator mutator = makeMutator(registry);
  Options options;
  options.count = count;
  options.seed = seed;
  options.jobs = jobs;
  options.save = save;
  options.dieAt = dieAt;
  Summary summary = runCampaign(mutator, registry, options);
  auto number = [](uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf("%llu refused, %llu verified only, %llu compiled, %llu known "
              "crashes of libraries\n",
              number(summary.refused), number(summary.verified),
              number(summary.compiled), number(summary.knownUpstream));
  bool shallow = summary.compiled < leastShareVerified * double(count);
  if (shallow)
    std::printf("expects a twentieth of the mutants to compile\n");
  uint64_t failures = summary.failures + shallow;
  std::printf("%llu passed, %llu failed\n", number(count - summary.failures),
              number(failures));
  return failures ? 3 : 0;
}
