// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Mutant.h"
#include "Ptx.h"
#include "Replaced.h"
#include "SameCode.h"
#include "moelora/host/Handles.h"

#include <chrono>
#include <cstring>
#include <ctime>
#include <fnmatch.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;

namespace moelora::kernels {
namespace {

/// What the process of a mutant says other than what kills it.
const std::string sameCode = "the same code", notMade = "no mutant: ";

double processorSeconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

/// Ends the process after this time of the processor, which does not depend on
/// what else the machine does, or if it sleeps for ever.
void startWatchdog(double seconds) {
  constexpr unsigned longest = 300;
  itimerval timer = {};
  timer.it_value.tv_sec = time_t(seconds) + 1;
  ::setitimer(ITIMER_PROF, &timer, nullptr);
  ::alarm(longest);
}

/// Runs a function in another process, and returns its text.
std::string runApart(llvm::function_ref<std::string()> function) {
  int ends[2];
  if (::pipe(ends) != 0)
    throw host::Error("cannot make a pipe");
  pid_t child = ::fork();
  if (child < 0)
    throw host::Error("cannot start a process");
  if (child == 0) {
    // A pipe keeps this much, so that nothing needs to read it meanwhile.
    constexpr size_t most = 4096;
    std::string text = function();
    bool written =
        ::write(ends[1], text.data(), std::min(text.size(), most)) >= 0;
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text;
  char part[512];
  for (ssize_t size; (size = ::read(ends[0], part, sizeof part)) > 0;)
    text.append(part, size_t(size));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status))
    return text;
  int signal = WTERMSIG(status);
  return signal == SIGPROF || signal == SIGALRM
             ? "the watchdog"
             : std::string("a crash: ") + ::strsignal(signal);
}

const moelora_artifact &artifactOf(const host::ArtifactHandle &file) {
  return *moelora_artifact_of(file.get(), 0);
}

} // namespace

Mutants::Mutants(const Subject &subject)
    : subject(subject), context(MLIRContext::Threading::DISABLED),
      module(lowerToNvvm(context, subject.layer)),
      suite(subject.layer, subject.tokens) {
  for (LLVM::LLVMFuncOp kernel : kernelsOf(*module))
    for (Site &site : sitesOf(kernel)) {
      std::string name = kernel.getName().str() + ": " + site.name;
      if (llvm::any_of(subject.sites, [&](const std::string &pattern) {
            return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
          }))
        sites.emplace_back(kernel, std::move(site));
    }
}

void Mutants::learn() {
  if (whole)
    return;
  OwningOpRef<ModuleOp> copy(module->clone());
  whole = emulate(*copy, subject.layer);
  double start = processorSeconds();
  std::string wrong = suite.learn(artifactOf(whole));
  runSeconds = processorSeconds() - start;
  if (!wrong.empty())
    throw host::Error(subject.name + " is wrong without a mistake: " + wrong);
}

std::string Mutants::name(size_t index) const {
  auto [kernel, site] = sites[index];
  return subject.name + "/" + kernel.getName().str() + ": " + site.name;
}

std::string Mutants::judge(size_t index) {
  auto [kernel, site] = sites[index];
  std::string name = kernel.getName().str();
  OwningOpRef<ModuleOp> before(module->clone());
  makeMistake(site);
  OwningOpRef<ModuleOp> after(module->clone());
  host::ArtifactHandle part = emulate(*module, subject.layer, kernel);
  startWatchdog(2 * runSeconds + 1);
  std::string killedBy;
  try {
    killedBy =
        suite.differs(Replaced(artifactOf(whole), artifactOf(part)).artifact());
  } catch (const host::Error &fault) {
    killedBy = fault.what();
  }
  gpu::GPUModuleOp mutant = gpuModuleOf(*after);
  if (killedBy.empty())
    killedBy = whyUnfenced(entriesOf(ptxOf(mutant))[name]);
  if (killedBy.empty() &&
      optimizedCode(gpuModuleOf(*before), name) == optimizedCode(mutant, name))
    return sameCode;
  return killedBy;
}

Outcome Mutants::run(size_t index) {
  learn();
  auto start = std::chrono::steady_clock::now();
  std::string text = runApart([&] {
    try {
      return judge(index);
    } catch (const host::Error &error) {
      return notMade + error.what();
    }
  });
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  if (StringRef(text).starts_with(notMade))
    throw host::Error(name(index) + ": " + text);
  if (text == sameCode)
    return {Outcome::SameCode, "", time.count()};
  return {text.empty() ? Outcome::Survived : Outcome::Killed, text,
          time.count()};
}

} // namespace moelora::kernels
