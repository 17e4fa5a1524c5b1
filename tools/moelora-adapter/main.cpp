/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * moelora-adapter: looks into adapter files before they are served.
 */
#include "Report.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <unistd.h>
#include <vector>

using namespace moelora::tool;

constexpr const char *usage =
    "usage: moelora-adapter inspect [NAME=]DIR... [--json]\n"
    "       moelora-adapter check [NAME=]DIR... --model=MODEL_DIR [--json]\n"
    "                             "
    "[--adapter-layout=[NAME=]natural|transposed]\n"
    "\n"
    "inspect  what the files are: forms, ranks, tensors\n"
    "check    what they bind to in a model: layers x experts x projections\n"
    "\n"
    "  NAME              what an adapter is called; its folder's, if absent\n"
    "  --adapter-layout  states the layout of packed pairs where it cannot be "
    "told\n"
    "  --json            prints a document for programs\n"
    "  --version         prints the version\n"
    "  --help            prints this text\n"
    "\n"
    "Exit status: 0, 1 when an adapter was refused, 2 for wrong usage.\n";

namespace {

struct WrongUsage {
  std::string text;
};

struct Adapter {
  std::string name, folder;
  moelora_adapter_layout layout = MOELORA_LAYOUT_DECIDE;
};

struct Options {
  std::string command, model;
  std::vector<Adapter> adapters;
  std::vector<std::string> layouts; ///< "natural" or "NAME=natural"
  bool json = false;
};

/// The value of "--name=value", or NULL.
const char *valueOf(const char *argument, const char *name) {
  size_t length = std::strlen(name);
  bool same = std::strncmp(argument, name, length) == 0;
  return same && argument[length] == '=' ? argument + length + 1 : nullptr;
}

/// A folder may have an equals sign in it, but a name has no slash.
Adapter parseAdapter(const std::string &text) {
  size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && equals < text.find('/'))
    return {text.substr(0, equals), text.substr(equals + 1)};
  size_t end = text.find_last_not_of('/');
  std::string trimmed = text.substr(0, end + 1);
  return {trimmed.substr(trimmed.rfind('/') + 1), text};
}

void applyLayout(Options &options, const std::string &text) {
  size_t equals = text.rfind('=');
  bool named = equals != std::string::npos;
  std::string name = named ? text.substr(0, equals) : "";
  std::string layout = named ? text.substr(equals + 1) : text;
  if (layout != "natural" && layout != "transposed")
    throw WrongUsage{
        "expects --adapter-layout to be natural or transposed, but it is '" +
        layout + "'"};
  bool applied = false;
  for (Adapter &adapter : options.adapters)
    if (!named || adapter.name == name) {
      adapter.layout = layout == "natural" ? MOELORA_LAYOUT_NATURAL
                                           : MOELORA_LAYOUT_TRANSPOSED;
      applied = true;
    }
  if (!applied)
    throw WrongUsage{"--adapter-layout names '" + name +
                     "', but no adapter has that name"};
}

void parseOption(Options &options, const char *argument) {
  if (const char *model = valueOf(argument, "--model"))
    options.model = model;
  else if (const char *layout = valueOf(argument, "--adapter-layout"))
    options.layouts.push_back(layout);
  else if (std::strcmp(argument, "--json") == 0)
    options.json = true;
  else
    throw WrongUsage{"unknown option " + std::string(argument)};
}

Options parseOptions(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-')
      parseOption(options, argv[i]);
    else if (options.command.empty())
      options.command = argv[i];
    else
      options.adapters.push_back(parseAdapter(argv[i]));
  }
  bool check = options.command == "check";
  if (!check && options.command != "inspect")
    throw WrongUsage{"expects inspect or check"};
  if (options.adapters.empty())
    throw WrongUsage{"expects the folder of an adapter"};
  if (check == options.model.empty())
    throw WrongUsage{"expects --model=MODEL_DIR with check, and only there"};
  if (!check && !options.layouts.empty())
    throw WrongUsage{"expects --adapter-layout only with check"};
  for (const std::string &layout : options.layouts)
    applyLayout(options, layout);
  return options;
}

/// Says how far it is, to somebody who waits.
class Progress {
public:
  explicit Progress(size_t all)
      : all(all), begin(Clock::now()), shown(::isatty(STDERR_FILENO)) {}

  void advance() {
    ++done;
    constexpr std::chrono::seconds patience(2);
    if (shown && done < all && Clock::now() - begin > patience)
      std::fprintf(stderr, "%zu of %zu adapters\n", done, all);
  }

private:
  using Clock = std::chrono::steady_clock;
  size_t all, done = 0;
  Clock::time_point begin;
  bool shown;
};

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
Json answer(const Adapter &adapter,
            const std::optional<moelora::models::Model> &model) {
  Json report = {{"adapter", adapter.name}, {"folder", adapter.folder}};
  try {
    report.update(model ? checkBinding(adapter.folder, *model, adapter.layout)
                        : inspect(adapter.folder));
  } catch (const Refusal &refusal) {
    report["error"] = refusal.text;
  }
  return report;
}

/// Whether no adapter was refused.
bool answerAll(const Options &options) {
  std::optional<moelora::models::Model> model;
  if (options.command == "check") {
    auto loaded = moelora::models::loadModel(options.model);
    if (!loaded)
      throw Refusal{loaded.message()};
    model = std::move(*loaded);
  }
  Json document = {{"adapters", Json::array()}};
  Progress progress(options.adapters.size());
  bool good = true;
  for (const Adapter &adapter : options.adapters) {
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

} // namespace

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--help") == 0)
      return std::fputs(usage, stdout), 0;
    if (std::strcmp(argv[i], "--version") == 0)
      return std::printf("moelora-adapter %s\n", moelora_version()), 0;
  }
  try {
    return answerAll(parseOptions(argc, argv)) ? 0 : 1;
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
