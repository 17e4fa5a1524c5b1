// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-adapter: examines adapter files, converts them, and creates new ones.

#include "Options.h"
#include "moelora/adapters/Texts.h"
#include "moelora/commandline/Progress.h"
#include "moelora/host/CompiledLayer.h"
#include "moelora/models/AdapterTarget.h"

#include <cstdio>

using namespace moelora;
using namespace moelora::adapters;
using host::AdapterFolder;
using host::Error;

namespace {

void print(const std::string &text) { std::fputs(text.c_str(), stdout); }

void print(const Json &document) { print(host::textOf(document) + "\n"); }

/// Whether `inspect` shows more than the message does.
bool canBeInspected(const std::string &folder) {
  try {
    return inspect(folder).is_object();
  } catch (const Error &) {
    return false;
  }
}

/// The result for one adapter, or the error.
void printAnswer(const Json &report, bool check) {
  std::string name = report["adapter"], folder = report["folder"];
  if (!report.contains("error")) {
    std::printf("adapter %s (%s)\n", name.c_str(), folder.c_str());
    return print(check ? bindingText(report) : inspectionText(report));
  }
  std::fprintf(stderr, "error: %s: %s\n", name.c_str(),
               report["error"].get<std::string>().c_str());
  if (check && canBeInspected(folder))
    std::fprintf(stderr,
                 "hint: moelora-adapter inspect %s shows what is in it\n",
                 folder.c_str());
}

/// Computes the result for one adapter. A refusal is a result too.
Json answer(const AdapterFolder &adapter, const Options &options,
            const std::optional<models::Model> &model) {
  Json report = {{"adapter", adapter.name}, {"folder", adapter.folder}};
  try {
    report.update(options.command == Command::Check
                      ? checkBinding(adapter, *model, options.maxRank)
                      : inspect(adapter.folder));
  } catch (const Error &refusal) {
    report["error"] = refusal.what();
  }
  return report;
}

/// Whether no adapter was refused.
bool answerAll(const Options &options,
               const std::optional<models::Model> &model) {
  Json document = {{"adapters", Json::array()}};
  host::Progress progress = commandline::printProgress();
  host::ProgressCount count(progress, options.adapters.size(), "adapters");
  bool good = true;
  for (const AdapterFolder &adapter : options.adapters) {
    Json report = answer(adapter, options, model);
    good = good && !report.contains("error");
    if (options.json)
      document["adapters"].push_back(std::move(report));
    else
      printAnswer(report, options.command == Command::Check);
    count.advance();
  }
  if (options.json)
    print(document);
  return good;
}

/// Whether nothing differs.
bool compareTwo(const Options &options, const models::Model &model) {
  Json report = diff(options.adapters[0], options.adapters[1], model,
                     commandline::printProgress());
  options.json ? print(report) : print(differencesText(report));
  return report["equal"];
}

void convertOne(const Options &options, const models::Model &model) {
  ConvertOptions wish = options.convert;
  wish.dtype = options.dtype;
  wish.force = options.force;
  const std::string &to = options.adapters[1].folder;
  Converted made = convert(options.adapters[0], to, model, wish,
                           commandline::printProgress());
  std::printf("wrote %s: %s, %zu tensors, %s; %llu pairs compared: equal\n",
              to.c_str(), nameOf(wish.form), made.tensors,
              host::sizeText(double(made.bytes)).c_str(),
              static_cast<unsigned long long>(made.written.pairs));
  for (const std::string &type : made.rounded)
    std::printf("note: %s was rounded once to %s\n", type.c_str(),
                moelora_dtype_name(made.dtype));
  if (made.written.ambiguous)
    std::printf("note: its shapes are the same both ways: serve it with "
                "--adapter-layout=NAME=%s\n",
                wish.form == Form::Natural ? "natural" : "transposed");
}

void makeDummy(const Options &options, const models::Model &model) {
  const AdapterFolder &to = options.adapters[0];
  checkVacant(to.folder, options.force);
  models::AdapterTarget names(model);
  DummyOptions wish = options.dummy;
  wish.dtype = options.dtype.value_or(model.dtype());
  Dummy dummy(names.get(), wish);
  std::printf("%s: %zu MoE layers, %s of values\n", to.name.c_str(),
              dummy.layers(), host::sizeText(dummy.bytes()).c_str());
  host::Progress progress = commandline::printProgress();
  NewAdapter made = dummy.make(progress);
  Written written = writeCompared(
      made, to.folder, names.get(), wish.form,
      [&](const Place &place) { return dummy.pair(place); }, progress);
  std::printf("wrote %s: %zu tensors, %llu pairs that bind\n",
              to.folder.c_str(), made.tensors(),
              static_cast<unsigned long long>(written.pairs));
}

/// Whether the exit status is to be 0.
bool execute(const Options &options) {
  std::optional<models::Model> model;
  if (!options.model.empty())
    model = host::openModel(options.model);
  switch (options.command) {
  case Command::Diff:
    return compareTwo(options, model.value());
  case Command::Convert:
    return convertOne(options, model.value()), true;
  case Command::MakeDummy:
    return makeDummy(options, model.value()), true;
  case Command::Inspect:
  case Command::Check:
    break;
  }
  return answerAll(options, model);
}

} // namespace

int main(int count, char **arguments) {
  return commandline::runMain("moelora-adapter", [&] {
    Options options;
    bool good = !parseOptions(count, arguments, options) || execute(options);
    return good ? 0 : 1;
  });
}
