// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/commandline/CommandLine.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

using namespace moelora::commandline;

static int fail(int status, const std::string &message) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  return status;
}

/// Writes the rest of standard output, which may still be in a buffer. Returns
/// `status`, or 1 if standard output cannot be written.
static int flushOutput(int status) {
  if (std::ferror(stdout) != 0)
    return fail(1, "cannot write standard output: an earlier write failed");
  if (std::fflush(stdout) == 0)
    return status;
  const char *why = std::strerror(errno);
  return fail(1, std::string("cannot write standard output: ") + why);
}

int moelora::commandline::runMain(const char *tool,
                                  const std::function<int()> &body) {
  try {
    return flushOutput(body());
  } catch (const UsageError &wrong) {
    int status = fail(2, wrong.what());
    std::fprintf(stderr, "%s --help tells how it is used\n", tool);
    return status;
  } catch (const std::bad_alloc &) {
    return fail(1, "out of memory");
  } catch (const std::exception &problem) {
    return fail(1, problem.what());
  }
}

std::string
moelora::commandline::alternatives(const std::vector<std::string> &names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return text;
}

std::vector<std::string> moelora::commandline::split(const std::string &text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

CommandLine::CommandLine(const char *tool, const char *what,
                         const char *builtWith)
    : app(what, tool) {
  std::string version = "moelora " MOELORA_VERSION;
  if (*builtWith)
    version += std::string("\n") + builtWith;
  app.set_help_flag("--help,-h", "prints this text");
  app.set_version_flag("--version", version, "prints the version");
  app.get_formatter()->label("Usage", "usage");
  app.get_formatter()->label("OPTIONS", "option...");
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->label("Positionals", "Arguments");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  // CLI11 leaves unknown arguments to checkExtras, which reports them in the
  // form of this project.
  app.allow_extras();
}

/// Finds an option of the program or its subcommands. Returns NULL if there is
/// none.
static const CLI::Option *findOption(const CLI::App &app,
                                     const std::string &name) {
  if (const CLI::Option *option = app.get_option_no_throw(name))
    return option;
  for (const CLI::App *command : app.get_subcommands({}))
    if (const CLI::Option *option = findOption(*command, name))
      return option;
  return nullptr;
}

/// Checks an argument `--name=value`. CLI11 would use the next argument if the
/// value is empty, and would accept a value for a flag.
static void checkJoined(const CLI::App &app, const std::string &argument) {
  size_t equals = argument.find('=');
  if (argument.rfind("--", 0) != 0 || equals == std::string::npos)
    return;
  std::string name = argument.substr(0, equals);
  std::string value = argument.substr(equals + 1);
  const CLI::Option *option = findOption(app, name);
  if (option && option->get_expected_max() == 0)
    throw UsageError(name + " takes no value, but it is given '" + value + "'");
  if (option && value.empty())
    throw UsageError(name + " expects a value, but it is empty");
}

static void checkExtras(const CLI::App &app) {
  std::vector<std::string> extras = app.remaining(/*recurse=*/true);
  for (const std::string &extra : extras)
    if (extra[0] == '-')
      throw UsageError("unknown option '" + extra + "'");
  if (!extras.empty())
    throw UsageError("unexpected argument '" + extras[0] + "'");
}

static UsageError missingCommand(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::App *command : app.get_subcommands({}))
    names.push_back(command->get_name());
  return UsageError("expects " + alternatives(names));
}

bool CommandLine::parse(int count, char **arguments) {
  for (CLI::App *command : app.get_subcommands({}))
    command->group("Commands");
  std::vector<std::string> reversed;
  for (int i = count - 1; i > 0; --i)
    reversed.push_back(arguments[i]);
  for (auto at = reversed.rbegin(); at != reversed.rend() && *at != "--"; ++at)
    checkJoined(app, *at);
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp &) {
    std::fputs(app.help().c_str(), stdout);
    return false;
  } catch (const CLI::CallForVersion &version) {
    std::puts(version.what());
    return false;
  } catch (const CLI::ArgumentMismatch &mismatch) {
    std::string text = mismatch.what();
    throw UsageError(text.substr(0, text.find(':')) +
                     " expects a value, but it is the last argument");
  } catch (const CLI::RequiredError &) {
    throw missingCommand(app);
  } catch (const CLI::ParseError &wrong) {
    throw UsageError(wrong.what());
  }
  checkExtras(app);
  return true;
}

CLI::Option *moelora::commandline::addOption(
    CLI::App &app, const std::string &name, const std::string &value,
    const std::string &what,
    const std::function<void(const std::string &)> &set) {
  return app.add_option_function<std::string>(name, set, what)
      ->option_text(value);
}

CLI::Option *
moelora::commandline::addEach(CLI::App &app, const std::string &name,
                              const std::string &value, const std::string &what,
                              std::function<void(const std::string &)> add) {
  return app
      .add_option_function<std::vector<std::string>>(
          name,
          [add = std::move(add)](const std::vector<std::string> &all) {
            for (const std::string &each : all)
              add(each);
          },
          what)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(name[0] != '-') // one value for each occurrence
      ->option_text(value);
}

CLI::Option *moelora::commandline::addText(CLI::App &app,
                                           const std::string &name,
                                           std::string &text,
                                           const std::string &value,
                                           const std::string &what) {
  return addOption(app, name, value, what, [=, &text](const std::string &got) {
    if (got.empty())
      throw UsageError(name + " expects a value, but it is empty");
    text = got;
  });
}
