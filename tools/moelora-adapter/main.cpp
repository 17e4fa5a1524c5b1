/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * moelora-adapter: looks into adapter files before they are served, and makes
 * others of them.
 */
#include "Commands.h"
#include "Progress.h"

#include <cstdio>
#include <cstring>
#include <optional>

using namespace moelora::tool;

namespace {

/// Prints one answer, or why there is none.
void print(const Json &report, bool check) {
  std::string name = report["adapter"], folder = report["folder"];
  if (report.contains("error")) {
    std::fprintf(stderr, "error: %s: %s\n", name.c_str(),
                 report["error"].get<std::string>().c_str());
    if (check)
      std::fprintf(stderr,
                   "hint: moelora-adapter inspect %s shows what is in it\n",
                   folder.c_str());
    return;
  }
  std::printf("adapter %s (%s)\n", name.c_str(), folder.c_str());
  check ? printBinding(report) : printInspection(report);
}

/// The answer for one adapter; a refusal is an answer.
Json answer(const Named &adapter,
            const std::optional<moelora::models::Model> &model) {
  Json report = {{"adapter", adapter.name}, {"folder", adapter.folder}};
  try {
    report.update(model ? checkBinding(adapter.folder, *model, adapter.stated)
                        : inspect(adapter.folder));
  } catch (const Refusal &refusal) {
    report["error"] = refusal.text;
  }
  return report;
}

/// Whether no adapter was refused.
bool answerAll(const Options &options,
               const std::optional<moelora::models::Model> &model) {
  Json document = {{"adapters", Json::array()}};
  Progress progress(options.adapters.size(), "adapters");
  bool good = true;
  for (const Named &adapter : options.adapters) {
    Json report = answer(adapter, model);
    good = good && !report.contains("error");
    if (options.json)
      document["adapters"].push_back(std::move(report));
    else
      print(report, model.has_value());
    progress.advance();
  }
  if (options.json)
    std::puts(
        document.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return good;
}

/// Whether the exit status is to be 0.
bool execute(const Options &options) {
  std::optional<moelora::models::Model> model;
  if (!options.model.empty()) {
    auto loaded = moelora::models::loadModel(options.model);
    if (!loaded)
      throw Refusal{loaded.message()};
    model = std::move(*loaded);
  }
  switch (options.command) {
  case Diff:
    return diff(options, *model);
  case Convert:
    return convert(options, *model);
  case MakeDummy:
    return makeDummy(options, *model);
  case Inspect:
  case Check:
    break;
  }
  return answerAll(options, model);
}

} // namespace

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--help") == 0)
      return std::fputs(usage, stdout), 0;
    if (std::strcmp(argv[i], "--version") == 0)
      return std::printf("moelora-adapter %s\n", moelora_version()), 0;
  }
  try {
    return execute(parseOptions(argc, argv)) ? 0 : 1;
  } catch (const WrongUsage &wrong) {
    std::fprintf(stderr, "error: %s\n%s", wrong.text.c_str(), usage);
    return 2;
  } catch (const Refusal &refusal) {
    std::fprintf(stderr, "error: %s\n", refusal.text.c_str());
  } catch (const std::exception &unexpected) {
    std::fprintf(stderr, "error: %s\n", unexpected.what());
  }
  return 1;
}
