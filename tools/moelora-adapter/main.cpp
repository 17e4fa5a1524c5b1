/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * moelora-adapter: looks into adapter files before they are served.
 */
#include "Report.h"

#include <cstdio>
#include <cstring>

using namespace moelora::tool;

constexpr const char *usage =
    "usage: moelora-adapter inspect DIR [--json]\n"
    "       moelora-adapter check DIR --model=MODEL_DIR [--json]\n"
    "                             [--adapter-layout=natural|transposed]\n"
    "\n"
    "inspect  what the files are: form, ranks, tensors\n"
    "check    what they bind to in a model: layers x experts x projections\n"
    "\n"
    "  --adapter-layout  states the layout of packed pairs where it cannot be "
    "told\n"
    "  --json            prints a document for programs\n"
    "  --version         prints the version\n"
    "  --help            prints this text\n";

namespace {

struct WrongUsage {
  std::string text;
};

struct Options {
  std::string command, folder, model;
  moelora_adapter_layout layout = MOELORA_LAYOUT_DECIDE;
  bool json = false;
};

/// The value of "--name=value", or NULL.
const char *valueOf(const char *argument, const char *name) {
  size_t length = std::strlen(name);
  bool same = std::strncmp(argument, name, length) == 0;
  return same && argument[length] == '=' ? argument + length + 1 : nullptr;
}

moelora_adapter_layout parseLayout(const std::string &text) {
  if (text == "natural")
    return MOELORA_LAYOUT_NATURAL;
  if (text == "transposed")
    return MOELORA_LAYOUT_TRANSPOSED;
  throw WrongUsage{
      "expects --adapter-layout to be natural or transposed, but it is '" +
      text + "'"};
}

void parseOption(Options &options, const char *argument) {
  if (const char *model = valueOf(argument, "--model"))
    options.model = model;
  else if (const char *layout = valueOf(argument, "--adapter-layout"))
    options.layout = parseLayout(layout);
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
    else if (options.folder.empty())
      options.folder = argv[i];
    else
      throw WrongUsage{"expects one adapter, but there is also " +
                       std::string(argv[i])};
  }
  bool check = options.command == "check";
  if (!check && options.command != "inspect")
    throw WrongUsage{"expects inspect or check"};
  if (options.folder.empty())
    throw WrongUsage{"expects the folder of an adapter"};
  if (check == options.model.empty())
    throw WrongUsage{"expects --model=MODEL_DIR with check, and only there"};
  return options;
}

void answer(const Options &options) {
  bool check = options.command == "check";
  Json report =
      check ? checkBinding(options.folder, options.model, options.layout)
            : inspect(options.folder);
  if (options.json)
    std::puts(
        report.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  else if (check)
    printBinding(report);
  else
    printInspection(report);
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
    answer(parseOptions(argc, argv));
    return 0;
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
