// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Check.h"
#include "Artifact.h"
#include "Compile.h"
#include "Hostility.h"
#include "Meaning.h"
#include "Promises.h"

#include <algorithm>

namespace moelora::differential {
namespace {

/// Bytes, because numbers do not tell one zero from the other.
void compareBits(const Case &c, const reference::Output &wanted,
                 const Bytes &output, Verdict &verdict) {
  Bytes bits = output;
  for (size_t i = 0; i < wanted.rows.size(); ++i)
    reference::store(moelora_dtype(c.layer.dtype), bits.data(), int64_t(i),
                     wanted.rows[i]);
  if (verdict.failure.empty() && bits != output)
    verdict.failure = "a zero has another sign than the reference's";
}

void compareWithReference(const Case &c, const reference::Output &wanted,
                          const Bytes &output, Verdict &verdict) {
  reference::Verdict rows =
      reference::compareRows({moelora_dtype(c.layer.dtype), output.data(),
                              c.tokens, wanted.width, wanted.width},
                             wanted);
  verdict.rows.add(rows);
  // The number of near ties is checked over all layers.
  if (rows.worst > 1)
    verdict.failure = rows.failure();
  if (c.exact)
    compareBits(c, wanted, output, verdict);
}

/// Elements that would be others if nothing were rounded.
int64_t countRounded(const Data &data, const reference::Output &wanted) {
  reference::Vector exact = reference::evaluate(data.problem()).rows;
  int64_t count = 0;
  for (size_t i = 0; i < exact.size(); ++i)
    count += exact[i] != wanted.rows[i];
  return count;
}

void compareBaseRows(const Case &c, const Data &data, const Bytes &adapted,
                     const Bytes &base, Verdict &verdict) {
  size_t row = (base.size() - 1) / std::max<int64_t>(c.tokens, 1);
  for (int64_t t = 0; t < c.tokens; ++t)
    if (verdict.failure.empty() && data.slots()[t] < 0 &&
        std::memcmp(&adapted[t * row], &base[t * row], row) != 0)
      verdict.failure = "token " + std::to_string(t) +
                        " has no adapter, but other bits than without any";
}

/// The error of a call of the runtime.
std::string errorOf(llvm::function_ref<void()> call) {
  try {
    call();
  } catch (const host::Error &error) {
    return error.what();
  }
  return "";
}

/// A case as compiled code, and where that runs.
class Checked {
public:
  Checked(const Case &c, Target target) : c(c), target(target) {}

  std::string whyNotCompiled() {
    std::string why;
    file = compile(c, target, why);
    if (!file)
      return "it does not compile: " + why;
    artifact = moelora_artifact_of(file.get(), 0);
    std::string difference = whyNotDescribed(c, *artifact);
    return difference.empty()
               ? ""
               : "the artifact describes another layer: " + difference;
  }

  /// `set` is the case with one set of data.
  void run(const Case &set, const Data &data, const reference::Output &wanted,
           const CheckOptions &options, Verdict &verdict) const {
    host::DeviceHandle device = openDevice(set, target);
    Runner runner(set, data, *artifact, *device, services(options.pool));
    Batch batch(set, data);
    Bytes output = runner.run(batch);
    compareWithReference(set, wanted, output, verdict);
    batch.numbers = data.numbers();
    auto expect = [&](bool holds, const char *otherwise) {
      if (!holds && verdict.failure.empty())
        verdict.failure = otherwise;
    };
    expect(runner.run(batch) == output, "a second run answers different bits");
    expect(target == Target::Emulator ||
               Runner(set, data, *artifact, *device, services(nullptr))
                       .run(batch) == output,
           "one worker and several answer different bits");
    batch.inStep = false;
    compareBaseRows(set, data, output, runner.run(batch), verdict);
    if (options.runs > 0 && verdict.failure.empty())
      verdict.failure = brokenPromises(
          {set, data, *artifact, target, services(options.pool), options.runs});
    if (options.hostileRuns > 0 && verdict.failure.empty())
      verdict.failure =
          harmOfHostileInputs(runner, set, data, options.hostileRuns);
  }

  const char *name() const {
    return target == Target::Cpu ? "cpu" : "emulator";
  }

private:
  static moelora_services services(moelora_pool *pool) {
    moelora_services result = {};
    moelora_services_init(pool, &result);
    return result;
  }

  const Case &c;
  const Target target;
  host::ArtifactHandle file;
  const moelora_artifact *artifact = nullptr;
};

void checkSet(const Case &c, const std::deque<Checked> &all,
              const CheckOptions &options, Verdict &verdict) {
  Data data(c);
  std::string wrong = reference::problemError(data.problem());
  if (!wrong.empty()) {
    verdict.failure = "the reference refuses: " + wrong;
    return;
  }
  reference::Output wanted = data.wanted();
  if (c.exact)
    verdict.rounded += countRounded(data, wanted);
  verdict.failure = whyNotMeant(c, data, wanted);
  for (const Checked &checked : all) {
    if (!verdict.failure.empty())
      return;
    std::string error =
        errorOf([&] { checked.run(c, data, wanted, options, verdict); });
    if (!error.empty())
      verdict.failure = "the run fails: " + error;
    if (!verdict.failure.empty())
      verdict.failure = std::string(checked.name()) + ": " + verdict.failure;
  }
}

} // namespace

Verdict check(const Case &c, const CheckOptions &options) {
  Verdict verdict;
  std::deque<Checked> all;
  all.emplace_back(c, Target::Cpu);
  if (options.emulated)
    all.emplace_back(c, Target::Emulator);
  for (Checked &checked : all) {
    std::string why = checked.whyNotCompiled();
    if (!why.empty())
      return {std::string(checked.name()) + ": " + why};
  }
  const Sets &sets = options.sets;
  for (uint64_t set = sets.first; set < sets.first + sets.count; ++set) {
    verdict.set = set;
    checkSet(withSet(c, set), all, options, verdict);
    if (!verdict.failure.empty())
      break;
  }
  return verdict;
}

} // namespace moelora::differential
