// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Campaign.h"
#include "Worker.h"
#include "llvm/Support/MemoryBuffer.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace moelora::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

// The slowest stage of a module takes under a second, ten times that under
// sanitizers on a busy machine.
constexpr auto patience = std::chrono::seconds(60);

struct Worker {
  pid_t process = -1;
  uint64_t begun = 0, steps = 0; ///< at the start, and last seen
  Clock::time_point moved;
  std::string log;
};

class Campaign {
public:
  explicit Campaign(const Job &job)
      : job(job), workers(std::min(job.options.jobs, maxWorkers)) {
    void *memory = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    board = new (memory) Board();
    board->next = job.options.seed;
  }

  Summary run() {
    for (unsigned index = 0; index < workers.size(); ++index) {
      workers[index].log = "/tmp/moelora-mutate." + std::to_string(getpid()) +
                           "." + std::to_string(index);
      start(index);
    }
    while (watchAll())
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    for (Worker &worker : workers)
      unlink(worker.log.c_str());
    summary.refused = board->refused;
    summary.verified = board->verified;
    summary.compiled = board->compiled;
    uint64_t heardOf = summary.refused + summary.verified + summary.compiled +
                       summary.failures + summary.knownUpstream;
    // Mutants that no worker has run when all workers have ended count as
    // failed.
    summary.failures += board->failures + (job.options.count - heardOf);
    return summary;
  }

private:
  void start(unsigned index) {
    Worker &worker = workers[index];
    worker.moved = Clock::now();
    worker.begun = board->workers[index].steps;
    std::fflush(stdout);
    worker.process = fork();
    if (worker.process == 0) {
      work(job, *board, index, worker.log);
      std::fflush(stdout);
      _exit(0);
    }
  }

  /// Whether a worker is still at it.
  bool watchAll() {
    bool busy = false;
    for (unsigned index = 0; index < workers.size(); ++index)
      busy |= workers[index].process > 0 && watch(index);
    return busy;
  }

  bool watch(unsigned index) {
    Worker &worker = workers[index];
    int status = 0;
    if (waitpid(worker.process, &status, WNOHANG) == worker.process) {
      worker.process = -1;
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return false;
      judge(index, describe(status));
      // One that dies before its first mutant would do so for ever.
      if (board->workers[index].steps == worker.begun)
        return false;
      start(index);
    } else if (hangs(worker, board->workers[index].steps)) {
      kill(worker.process, SIGKILL);
      waitpid(worker.process, &status, 0);
      judge(index, "hangs");
      start(index);
    }
    return true;
  }

  static bool hangs(Worker &worker, uint64_t steps) {
    if (steps == worker.steps)
      return Clock::now() - worker.moved > patience;
    worker.steps = steps;
    worker.moved = Clock::now();
    return false;
  }

  void judge(unsigned index, const std::string &how) {
    const WorkerState &state = board->workers[index];
    std::string trace;
    if (auto file = llvm::MemoryBuffer::getFile(workers[index].log))
      trace = (*file)->getBuffer().str();
    if (!whyKnown(trace).empty()) {
      ++summary.knownUpstream;
      return;
    }
    ++summary.failures;
    std::string ours = innermostOfOurs(trace);
    job.report(
        state.mutant,
        how + " in " + nameOfStage(state.stage) +
            (ours.empty() ? ", no code of ours on the stack" : ", in " + ours));
    if (!job.options.save.empty())
      std::ofstream(job.placeOf(state.mutant, "trace")) << trace;
  }

  static std::string describe(int status) {
    if (WIFSIGNALED(status))
      return std::string("dies of ") + strsignal(WTERMSIG(status));
    return "ends with status " + std::to_string(WEXITSTATUS(status));
  }

  Job job;
  std::vector<Worker> workers;
  Board *board;
  Summary summary;
};

} // namespace

Summary runCampaign(const Mutator &mutator,
                    const mlir::DialectRegistry &registry,
                    const Options &options) {
  return Campaign(Job{mutator, registry, options}).run();
}

} // namespace moelora::fuzz
