// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Options.h"

#include "moelora/commandline/AdapterOptions.h"

using namespace moelora::host;
using namespace moelora::commandline;

namespace moelora::adapters {

namespace {

constexpr int32_t mostRank = 65536; // that is parsed
constexpr int32_t mostLayers = 999999;

const std::vector<std::pair<std::string, Form>> forms = {
    {"per-expert", Form::PerExpert},
    {"shared-outer", Form::SharedOuter},
    {"packed-natural", Form::Natural},
    {"packed-transposed", Form::Transposed}};

/// A folder may contain an equals sign, but a name contains no slash.
AdapterFolder parseAdapter(const std::string &text) {
  size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && equals < text.find('/'))
    return {text.substr(0, equals), text.substr(equals + 1)};
  size_t end = text.find_last_not_of('/');
  std::string trimmed = text.substr(0, end + 1);
  return {trimmed.substr(trimmed.rfind('/') + 1), text};
}

/// "0-3,7", in the order given.
std::vector<int32_t> parseRanges(const std::string &name,
                                 const std::string &text) {
  std::vector<int32_t> numbers;
  for (const std::string &part : split(text)) {
    size_t dash = std::min(part.find('-'), part.size());
    auto number = [&](const std::string &one) {
      return parseNumber<int32_t>(name, one, 0, mostLayers);
    };
    int32_t first = number(part.substr(0, dash)), last = first;
    if (dash < part.size())
      last = number(part.substr(dash + 1));
    if (first > last)
      throw UsageError(name + " expects ranges that ascend, but one is '" +
                       part + "'");
    for (int32_t value = first; value <= last; ++value)
      numbers.push_back(value);
  }
  return numbers;
}

class Parser {
public:
  Parser()
      : line(
            "moelora-adapter",
            "Looks into adapter files before they are served, and makes "
            "others of them.\nExit status: 0; 1 when an adapter was refused or "
            "when two differ; 2 for wrong\nusage. COMMAND --help tells more.") {
    addInspect();
    addCheck();
    addDiff();
    addConvert();
    addMakeDummy();
  }

  bool parse(int count, char **arguments, Options &result) {
    if (!line.parse(count, arguments))
      return false;
    check();
    statements.apply(options.adapters);
    result = std::move(options);
    return true;
  }

private:
  /// `folders` describes the expected number of folders.
  CLI::App &add(const char *name, Command command, size_t least, size_t most,
                const char *folders, const char *what) {
    CLI::App &app = *line.app.add_subcommand(name, what);
    app.callback([=] {
      options.command = command;
      if (options.adapters.size() < least || options.adapters.size() > most)
        throw UsageError(std::string("expects ") + folders);
    });
    line.app.require_subcommand(1);
    addEach(app, "DIR", "...",
            std::string(folders) + "; NAME=DIR\ncalls it so in what is said",
            [this](const std::string &text) {
              options.adapters.push_back(parseAdapter(text));
            });
    return app;
  }

  void addModel(CLI::App &app) {
    addText(app, "--model", options.model, "DIR", "folder or config.json");
    models.push_back(&app);
  }
  void addJson(CLI::App &app) {
    app.add_flag("--json", options.json, "prints a document for programs");
  }
  void addDtype(CLI::App &app) {
    addChoice<std::optional<moelora_dtype>>(
        app, "--dtype", options.dtype,
        {{"f32", MOELORA_F32}, {"f16", MOELORA_F16}, {"bf16", MOELORA_BF16}},
        "rounds every value once to it");
  }
  void addForce(CLI::App &app) {
    app.add_flag("--force", options.force, "replaces an adapter that is there");
  }

  void addInspect();
  void addCheck();
  void addDiff();
  void addConvert();
  void addMakeDummy();
  void check() const;

  CommandLine line;
  Options options;
  AdapterStatements statements;
  std::vector<CLI::App *> models; ///< commands that need --model
  CLI::Option *to = nullptr;
};

constexpr size_t any = SIZE_MAX;

void Parser::addInspect() {
  CLI::App &app =
      add("inspect", Command::Inspect, 1, any, "the folder of an adapter",
          "what the files are: forms, ranks, tensors");
  addJson(app);
}

void Parser::addCheck() {
  CLI::App &app =
      add("check", Command::Check, 1, any, "the folder of an adapter",
          "what they bind to in a model: layers x experts x\n"
          "projections");
  addModel(app);
  addNumber<int32_t>(app, "--max-rank", options.maxRank, 1, mostRank,
                     "refuses larger ranks, as a table of this bound\nwould");
  statements.add(app);
  addJson(app);
}

void Parser::addDiff() {
  CLI::App &app =
      add("diff", Command::Diff, 2, 2, "the folders of two adapters",
          "in which pairs two adapters differ, and by how\nmuch");
  addModel(app);
  statements.add(app);
  addJson(app);
}

void Parser::addConvert() {
  CLI::App &app = add("convert", Command::Convert, 2, 2,
                      "the folder of an adapter and a new one",
                      "the same pairs in another form, without loss or\nnot at "
                      "all");
  addModel(app);
  to = addChoice<Form>(app, "--to", options.convert.form, forms,
                       "the form that is written")
           ->option_text("FORM");
  addDtype(app);
  statements.add(app);
  addForce(app);
}

void Parser::addMakeDummy() {
  CLI::App &app = add("make-dummy", Command::MakeDummy, 1, 1, "one new folder",
                      "an adapter for every MoE layer that adds nothing");
  addModel(app);
  DummyOptions &dummy = options.dummy;
  addOption(app, "--rank", "N,...",
            "16, or several that the layers take in turn",
            [&](const std::string &text) {
              dummy.ranks = parseNumbers<int32_t>("--rank", text, 1, mostRank);
            });
  addChoice<Form>(app, "--form", dummy.form,
                  {{"per-expert", Form::PerExpert},
                   {"shared-outer", Form::SharedOuter},
                   {"packed", Form::Natural}},
                  "how pairs are stored");
  addOption(app, "--layers", "N,N-N,...", "those that get pairs; default: all",
            [&](const std::string &text) {
              dummy.layers = parseRanges("--layers", text);
            });
  addDtype(app);
  app.add_flag("--random", dummy.random, "B is random, too, and not zero");
  addNumber<uint64_t>(app, "--seed", dummy.seed, 0, UINT64_MAX,
                      "of the values (0)");
  addForce(app);
}

void Parser::check() const {
  for (const CLI::App *app : models)
    if (app->parsed() && options.model.empty())
      throw UsageError("expects --model=DIR with " + app->get_name());
  if (options.command == Command::Convert && to->count() == 0)
    throw UsageError("expects --to=FORM with convert");
}

} // namespace

bool parseOptions(int count, char **arguments, Options &options) {
  return Parser().parse(count, arguments, options);
}

const char *nameOf(Form form) {
  for (const auto &[name, each] : forms)
    if (each == form)
      return name.c_str();
  return "";
}

} // namespace moelora::adapters
