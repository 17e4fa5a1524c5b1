// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/commandline/AdapterOptions.h"

using namespace moelora::commandline;

void AdapterStatements::addOne(CLI::App &app, const std::string &option,
                               const std::string &value,
                               const std::string &what, Field field,
                               const Choices &choices) {
  addEach(app, option, value, what, [=](const std::string &text) {
    size_t equals = text.rfind('=') + 1;
    std::string adapter = text.substr(0, equals ? equals - 1 : 0);
    statements.push_back(
        {option, adapter, field,
         parseChoice<int32_t>(option, text.substr(equals), choices)});
  });
}

void AdapterStatements::add(CLI::App &app) {
  addOne(app, "--adapter-layout", "[NAME=]LAYOUT",
         "natural or transposed: how packed pairs are\nstored, where the files "
         "do not tell",
         &moelora_adapter_options::layout,
         {{"natural", MOELORA_LAYOUT_NATURAL},
          {"transposed", MOELORA_LAYOUT_TRANSPOSED}});
  addOne(app, "--adapter-columns", "[NAME=]ORDER",
         "rank_major or grouped_by_expert: the same of the\norder of columns "
         "in packed lora_B",
         &moelora_adapter_options::columns,
         {{"rank_major", MOELORA_COLUMNS_RANK_MAJOR},
          {"grouped_by_expert", MOELORA_COLUMNS_GROUPED_BY_EXPERT}});
}

void AdapterStatements::apply(
    std::vector<host::AdapterFolder> &adapters) const {
  for (const Statement &statement : statements) {
    bool applied = false;
    for (host::AdapterFolder &adapter : adapters) {
      if (!statement.adapter.empty() && adapter.name != statement.adapter)
        continue;
      adapter.stated.*statement.field = statement.value;
      applied = true;
    }
    if (!applied)
      throw UsageError(statement.option + " names '" + statement.adapter +
                       "', but no adapter has that name");
  }
}
