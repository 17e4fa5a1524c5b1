// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-differential: random layers, numbered by their seeds, which are
// compiled and compared with the reference, or compiled several times and
// compared with themselves (--compiles). A failure is printed with the options
// that repeat it alone. Status 3: a layer failed.

#include "Check.h"
#include "Compile.h"
#include "llvm/Support/CommandLine.h"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

using namespace moelora;
using namespace moelora::differential;
namespace cl = llvm::cl;

static cl::opt<uint64_t> count("count", cl::init(200), cl::desc("of layers"));
static cl::opt<unsigned>
    compiles("compiles", cl::init(0),
             cl::desc("of each layer, which must give the same object"));
static cl::opt<bool>
    exact("exact-data",
          cl::desc("data that make no f32 sum round, so that every bit "
                   "must be the rounded reference's"));
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::desc("of the first"));
static cl::opt<uint64_t> sets("sets", cl::init(1),
                              cl::desc("of data for each layer"));
static cl::opt<uint64_t> firstSet("set", cl::init(0), cl::desc("the first"));
static cl::opt<unsigned>
    runs("promises", cl::init(0),
         cl::desc("also check what is promised about bits (Promises.h), with "
                  "this number of runs that must repeat"));
static cl::opt<int64_t>
    hostile("hostile", cl::init(0),
            cl::desc("also make this number of runs with invalid ids"));
static cl::opt<bool>
    emulated("emulated", cl::desc("layers that GPUs run, on the CPU and with "
                                  "their kernels on the emulator"));

namespace {

struct Totals {
  uint64_t failures = 0;
  reference::Verdict rows;
  int64_t rounded = 0;
};

void report(const Case &c, const Verdict &verdict, Totals &totals) {
  totals.failures += !verdict.failure.empty();
  totals.rows.add(verdict.rows);
  totals.rounded += verdict.rounded;
  std::printf("seed %llu: %s: error / bound %.3g%s%s\n",
              static_cast<unsigned long long>(c.seed), describe(c).c_str(),
              verdict.rows.worst, verdict.failure.empty() ? "" : ": FAILED: ",
              verdict.failure.c_str());
  if (!verdict.failure.empty())
    std::printf("again: moelora-differential --count=1 --seed=%llu --set=%llu"
                "%s%s%s%s\n",
                static_cast<unsigned long long>(c.seed),
                static_cast<unsigned long long>(verdict.set),
                exact ? " --exact-data" : "", emulated ? " --emulated" : "",
                runs ? " --promises=5" : "", hostile ? " --hostile=1" : "");
  std::fflush(stdout);
}

/// Most of the time is compilation, which takes one thread a layer.
Totals checkAll(moelora_pool *pool) {
  Totals totals;
  std::mutex mutex;
  std::atomic<uint64_t> next = seed.getValue();
  auto work = [&] {
    for (uint64_t s = next++; s < seed + count; s = next++) {
      Case c = makeCase(s, {exact, emulated});
      Target target = emulated ? Target::Emulator : Target::Cpu;
      Verdict verdict =
          compiles
              ? Verdict{whyUnlike(c, target, compiles)}
              : check(c, {{firstSet, sets}, emulated, pool, runs, hostile});
      std::lock_guard<std::mutex> lock(mutex);
      report(c, verdict, totals);
    }
  };
  std::vector<std::thread> threads(std::thread::hardware_concurrency());
  for (std::thread &thread : threads)
    thread = std::thread(work);
  for (std::thread &thread : threads)
    thread.join();
  return totals;
}

} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "random layers and the reference\n");
  moelora_pool *pool = nullptr;
  moelora_error *error = nullptr;
  // More workers than cores would have: how work is shared must not matter.
  if (moelora_pool_create(3, &pool, &error) != MOELORA_OK) {
    std::fprintf(stderr, "error: %s\n", moelora_error_text(error));
    moelora_error_free(error);
    return 1;
  }
  Totals totals = checkAll(pool);
  moelora_pool_destroy(pool);
  std::printf("%llu layers, %lld tokens, %lld undecided, worst error / bound "
              "%.3g, %llu failures\n",
              static_cast<unsigned long long>(count),
              static_cast<long long>(totals.rows.compared),
              static_cast<long long>(totals.rows.undecided), totals.rows.worst,
              static_cast<unsigned long long>(totals.failures));
  if (exact)
    std::printf("%lld elements would be others without any rounding\n",
                static_cast<long long>(totals.rounded));
  std::string wrong = totals.rows.failure();
  if (exact && totals.rounded == 0)
    wrong = "expects data that are rounded somewhere, but none is";
  if (!wrong.empty() && totals.failures == 0) {
    std::printf("over all layers: %s\n", wrong.c_str());
    totals.failures = 1;
  }
  std::printf("%llu passed, %llu failed\n",
              static_cast<unsigned long long>(count - totals.failures),
              static_cast<unsigned long long>(totals.failures));
  return totals.failures ? 3 : 0;
}
