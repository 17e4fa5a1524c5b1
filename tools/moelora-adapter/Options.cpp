/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads the command line.
 */
#include "Options.h"

#include <algorithm>
#include <cstring>

namespace moelora::tool {

const char *const usage =
    "usage: moelora-adapter inspect [NAME=]DIR... [--json]\n"
    "       moelora-adapter check [NAME=]DIR... --model=MODEL_DIR [--json]\n"
    "       moelora-adapter diff [NAME=]DIR [NAME=]DIR --model=MODEL_DIR "
    "[--json]\n"
    "       moelora-adapter convert DIR OUT --model=MODEL_DIR\n"
    "                       --to=per-expert|packed-natural|packed-transposed\n"
    "                       [--dtype=f32|f16|bf16] [--force]\n"
    "       moelora-adapter make-dummy OUT --model=MODEL_DIR [--rank=N,...]\n"
    "                       [--form=per-expert|packed] [--layers=N,N-N,...]\n"
    "                       [--dtype=f32|f16|bf16] [--random] [--seed=N] "
    "[--force]\n"
    "\n"
    "inspect     what the files are: forms, ranks, tensors\n"
    "check       what they bind to in a model: layers x experts x projections\n"
    "diff        in which pairs two adapters differ, and by how much\n"
    "convert     the same pairs in another form, without loss or not at all\n"
    "make-dummy  an adapter for every MoE layer that adds nothing\n"
    "\n"
    "  NAME              what an adapter is called; its folder's, if absent\n"
    "  --adapter-layout=[NAME=]natural|transposed\n"
    "                    states the layout of packed pairs where it cannot be "
    "told\n"
    "  --adapter-columns=[NAME=]rank_major|grouped_by_expert\n"
    "                    the same of the order of columns in packed lora_B\n"
    "  --dtype           rounds every value once to this type\n"
    "  --rank            8, or several ranks that the layers take in turn\n"
    "  --random          B is random, too, and not zero\n"
    "  --force           replaces an adapter that is there\n"
    "  --json            prints a document for programs\n"
    "  --version         prints the version\n"
    "  --help            prints this text\n"
    "\n"
    "Exit status: 0; 1 when an adapter was refused (error: ...) or when two "
    "differ;\n2 for wrong usage.\n";

namespace {

struct CommandRow {
  const char *name;
  Command command;
  size_t least, most; ///< folders
  const char *folders;
};

constexpr size_t any = SIZE_MAX;
constexpr CommandRow commands[] = {
    {"inspect", Inspect, 1, any, "the folder of an adapter"},
    {"check", Check, 1, any, "the folder of an adapter"},
    {"diff", Diff, 2, 2, "the folders of two adapters"},
    {"convert", Convert, 2, 2, "the folder of an adapter and a new one"},
    {"make-dummy", MakeDummy, 1, 1, "one new folder"},
};

/// One of the two members is meant.
struct OptionRow {
  const char *name;
  unsigned commands;
  std::string Options::*text;
  bool Options::*flag;
};

constexpr unsigned Readers = Check | Diff | Convert;
constexpr unsigned Writers = Convert | MakeDummy;
constexpr OptionRow optionRows[] = {
    {"--model", Readers | MakeDummy, &Options::model, nullptr},
    {"--to", Convert, &Options::to, nullptr},
    {"--form", MakeDummy, &Options::form, nullptr},
    {"--dtype", Writers, &Options::dtype, nullptr},
    {"--rank", MakeDummy, &Options::ranks, nullptr},
    {"--layers", MakeDummy, &Options::layers, nullptr},
    {"--seed", MakeDummy, &Options::seed, nullptr},
    {"--json", Inspect | Check | Diff, nullptr, &Options::json},
    {"--force", Writers, nullptr, &Options::force},
    {"--random", MakeDummy, nullptr, &Options::random},
};

/// What an adapter's files may leave open.
struct StatementRow {
  const char *name;
  int32_t moelora_adapter_options::*field;
  const char *values[2]; ///< 1 and 2
};

constexpr StatementRow statements[] = {
    {"--adapter-layout",
     &moelora_adapter_options::layout,
     {"natural", "transposed"}},
    {"--adapter-columns",
     &moelora_adapter_options::columns,
     {"rank_major", "grouped_by_expert"}},
};

struct Statement {
  const StatementRow *row;
  std::string text;
};

/// What an option may say; "" (absent) is always right.
struct Choice {
  const char *name;
  std::string Options::*text;
  std::vector<const char *> values;
};

const Choice choices[] = {
    {"--to",
     &Options::to,
     {"per-expert", "packed-natural", "packed-transposed"}},
    {"--form", &Options::form, {"per-expert", "packed"}},
    {"--dtype", &Options::dtype, {"f32", "f16", "bf16"}},
};

/// "natural, transposed or both"
template <typename List, typename Name>
std::string alternatives(const List &list, Name nameOf) {
  std::string text;
  size_t left = std::size(list);
  for (const auto &item : list) {
    text += nameOf(item);
    --left;
    text += left > 1 ? ", " : left == 1 ? " or " : "";
  }
  return text;
}

/// A folder may have an equals sign in it, but a name has no slash.
Named parseAdapter(const std::string &text) {
  size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && equals < text.find('/'))
    return {text.substr(0, equals), text.substr(equals + 1)};
  size_t end = text.find_last_not_of('/');
  std::string trimmed = text.substr(0, end + 1);
  return {trimmed.substr(trimmed.rfind('/') + 1), text};
}

void apply(const Statement &statement, Options &options) {
  const auto &[row, text] = statement;
  size_t equals = text.rfind('=');
  bool named = equals != std::string::npos;
  std::string name = named ? text.substr(0, equals) : "";
  std::string value = named ? text.substr(equals + 1) : text;
  const char *const *found =
      std::find(std::begin(row->values), std::end(row->values), value);
  if (found == std::end(row->values))
    throw WrongUsage{
        std::string("expects ") + row->name + " to be " +
        alternatives(row->values, [](auto *word) { return word; }) +
        ", but it is '" + value + "'"};
  bool applied = false;
  for (Named &adapter : options.adapters)
    if (!named || adapter.name == name) {
      adapter.stated.*row->field =
          static_cast<int32_t>(found - row->values) + 1;
      applied = true;
    }
  if (!applied)
    throw WrongUsage{std::string(row->name) + " names '" + name +
                     "', but no adapter has that name"};
}

const CommandRow &findCommand(const std::string &name) {
  for (const CommandRow &row : commands)
    if (name == row.name)
      return row;
  throw WrongUsage{"expects " +
                   alternatives(commands, [](auto &row) { return row.name; })};
}

/// Takes one "--name=value" or "--name".
void parseOption(Options &options, const CommandRow &command,
                 const std::string &argument, std::vector<Statement> &stated) {
  size_t equals = argument.find('=');
  bool valued = equals != std::string::npos;
  std::string name = argument.substr(0, equals);
  std::string value = valued ? argument.substr(equals + 1) : "";
  auto refuseElsewhere = [&](unsigned takers) {
    if (!(takers & command.command))
      throw WrongUsage{std::string(command.name) + " takes no " + name};
  };
  for (const StatementRow &row : statements)
    if (valued && name == row.name) {
      refuseElsewhere(Readers);
      stated.push_back({&row, value});
      return;
    }
  for (const OptionRow &row : optionRows) {
    if (name != row.name || valued != (row.text != nullptr))
      continue;
    refuseElsewhere(row.commands);
    if (row.text && value.empty())
      throw WrongUsage{"expects a value of " + name};
    row.text ? void(options.*row.text = value) : void(options.*row.flag = true);
    return;
  }
  throw WrongUsage{"unknown option " + argument};
}

void checkOptions(const Options &options, const CommandRow &command) {
  if (options.adapters.size() < command.least ||
      options.adapters.size() > command.most)
    throw WrongUsage{std::string("expects ") + command.folders};
  if (options.command != Inspect && options.model.empty())
    throw WrongUsage{std::string("expects --model=MODEL_DIR with ") +
                     command.name};
  if (options.command == Convert && options.to.empty())
    throw WrongUsage{"expects --to=FORM with convert"};
  for (const Choice &choice : choices) {
    const std::string &text = options.*choice.text;
    auto &values = choice.values;
    if (!text.empty() &&
        std::find(values.begin(), values.end(), text) == values.end())
      throw WrongUsage{std::string("expects ") + choice.name + " to be " +
                       alternatives(values, [](auto *value) { return value; }) +
                       ", but it is '" + text + "'"};
  }
}

} // namespace

Options parseOptions(int argc, char **argv) {
  std::vector<std::string> plain, dashed(argv + 1, argv + argc);
  std::vector<Statement> stated;
  auto isPlain = [](const std::string &text) {
    return text.empty() || text[0] != '-';
  };
  std::copy_if(dashed.begin(), dashed.end(), std::back_inserter(plain),
               isPlain);
  dashed.erase(std::remove_if(dashed.begin(), dashed.end(), isPlain),
               dashed.end());
  const CommandRow &command = findCommand(plain.empty() ? "" : plain[0]);
  Options options;
  options.command = command.command;
  for (size_t i = 1; i < plain.size(); ++i)
    options.adapters.push_back(parseAdapter(plain[i]));
  for (const std::string &argument : dashed)
    parseOption(options, command, argument, stated);
  checkOptions(options, command);
  for (const Statement &statement : stated)
    apply(statement, options);
  return options;
}

std::vector<int32_t> parseNumbers(const std::string &option,
                                  const std::string &text, bool ranges) {
  auto wrong = [&]() -> WrongUsage {
    return {"expects " + option + " to be numbers" +
            (ranges ? " and ranges" : "") + ", but it is '" + text + "'"};
  };
  std::vector<int32_t> numbers;
  const char *at = text.c_str();
  auto take = [&] {
    constexpr size_t mostDigits = 6; // more than any rank or layer has
    size_t digits = std::strspn(at, "0123456789");
    if (digits == 0 || digits > mostDigits)
      throw wrong();
    int32_t value = std::stoi(std::string(at, digits));
    at += digits;
    return value;
  };
  for (bool more = true; more; at += more) {
    int32_t first = take(), last = first;
    if (ranges && *at == '-')
      last = (++at, take());
    for (int32_t value = first; value <= last; ++value)
      numbers.push_back(value);
    more = *at == ',';
    if (first > last || (!more && *at))
      throw wrong();
  }
  return numbers;
}

} // namespace moelora::tool
