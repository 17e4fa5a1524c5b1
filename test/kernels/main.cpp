// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-kernel-mutants: makes one mistake after the other in the kernels of
// small layers, and checks that runs on the emulator find it. Status 3: a
// mutant survived that is not in the list of survivors, or one of the list was
// killed.

#include "Mutant.h"
#include "Survivors.h"
#include "moelora/host/Handles.h"
#include "llvm/Support/CommandLine.h"

#include <algorithm>
#include <array>
#include <cstdio>

using namespace moelora;
using namespace moelora::kernels;
namespace cl = llvm::cl;

static cl::opt<uint64_t>
    count("count", cl::init(0),
          cl::desc("mutants, chosen at random; 0: all of them"));
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::desc("of the choice"));
static cl::opt<bool> each("one-of-each",
                          cl::desc("one mutant for each mistake"));
static cl::opt<std::string>
    match("match", cl::desc("only mutants with this text in their name"));
static cl::opt<bool> list("list", cl::desc("the names, and run nothing"));
static cl::opt<bool> verbose("verbose", cl::desc("a line for each mutant"));
static cl::opt<std::string> survivors("survivors", cl::init(SURVIVORS_FILE),
                                      cl::desc("the list of survivors"));

namespace {

struct Chosen {
  Mutants *layer;
  size_t index;

  std::string name() const { return layer->name(index); }
  Mistake mistake() const { return layer->mistake(index); }
};

std::vector<Chosen> choose(std::deque<Mutants> &layers) {
  std::vector<Chosen> all;
  for (Mutants &layer : layers)
    for (size_t index = 0; index < layer.count(); ++index)
      if (layer.name(index).find(match) != std::string::npos)
        all.push_back({&layer, index});
  differential::Random random(seed);
  if (each || count > 0)
    for (size_t i = all.size(); i > 1; --i)
      std::swap(all[i - 1], all[size_t(random.below(int64_t(i)))]);
  if (each) {
    std::array<bool, mistakes> seen = {};
    llvm::erase_if(all, [&](const Chosen &mutant) {
      return std::exchange(seen[size_t(mutant.mistake())], true);
    });
  }
  if (count > 0 && count < all.size())
    all.resize(count);
  return all;
}

/// What became of a mutant, and what the list says of it.
struct Verdict {
  enum Kind { Killed, Survived, SameByList, SameCode } kind;
  const char *wrong = ""; // what is expected
};

Verdict judge(const Outcome &outcome, std::optional<Reason> listed) {
  if (outcome.kind == Outcome::SameCode)
    return {Verdict::SameCode};
  if (outcome.kind == Outcome::Killed)
    return {Verdict::Killed,
            listed ? ": FAILED: expects it to survive, as the list says" : ""};
  if (!listed)
    return {Verdict::Survived,
            ": FAILED: expects a test to kill it, or a reason in the list"};
  return {*listed == Reason::Same ? Verdict::SameByList : Verdict::Survived};
}

struct Totals {
  std::array<long long, 4> of = {}; // by kind of verdict
  double longest = 0;

  void add(const Verdict &verdict, double seconds) {
    ++of[verdict.kind];
    longest = std::max(longest, seconds);
  }
  /// Mutants that compute the same as the kernel are no mistakes.
  void print(const char *name) const {
    auto [killed, survived, byList, byCode] = of;
    long long mistakes = killed + survived;
    if (mistakes + byList + byCode)
      std::printf("%-16s %5lld mistakes %5lld killed %6.1f %%; the same as "
                  "the kernel: %lld by the list, %lld by their code\n",
                  name, mistakes, killed,
                  mistakes ? 100.0 * double(killed) / double(mistakes) : 100.0,
                  byList, byCode);
  }
};

void report(const Chosen &mutant, const Outcome &outcome,
            const Verdict &verdict) {
  const char *names[] = {outcome.killedBy.c_str(), "survived",
                         "survived, the same", "the same code"};
  std::printf("%6.2f s %s: %s%s\n", outcome.seconds, mutant.name().c_str(),
              names[verdict.kind], verdict.wrong);
  std::fflush(stdout);
}

int runAll(const std::vector<Chosen> &mutants) {
  Survivors known(survivors);
  std::array<Totals, mistakes> kinds = {};
  Totals all;
  size_t faults = 0;
  for (const Chosen &mutant : mutants) {
    Outcome outcome = mutant.layer->run(mutant.index);
    Verdict verdict = judge(outcome, known.reasonOf(mutant.name()));
    all.add(verdict, outcome.seconds);
    kinds[size_t(mutant.mistake())].add(verdict, outcome.seconds);
    bool isWrong = *verdict.wrong;
    faults += isWrong;
    if (verbose || isWrong)
      report(mutant, outcome, verdict);
  }
  for (size_t kind = 0; kind < mistakes; ++kind)
    kinds[kind].print(nameOf(Mistake(kind)));
  all.print("all");
  std::printf("the longest took %.1f s\n%zu passed, %zu failed\n", all.longest,
              mutants.size() - faults, faults);
  return faults || mutants.empty() ? 3 : 0;
}

} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "mutants of kernels\n");
  try {
    std::deque<Mutants> layers;
    for (const Subject &subject : subjects())
      layers.emplace_back(subject);
    std::vector<Chosen> mutants = choose(layers);
    if (!list)
      return runAll(mutants);
    for (const Chosen &mutant : mutants)
      std::printf("%s\n", mutant.name().c_str());
    return 0;
  } catch (const host::Error &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
