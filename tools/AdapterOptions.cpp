// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "AdapterOptions.h"

using namespace moelora::tools;

void LayoutOption::add(CLI::App &app) {
  const char *name = "--adapter-layout";
  addEach(
      app, name, "[NAME=]LAYOUT",
      "natural or transposed: how packed pairs are\nstored, where the files "
      "do not tell",
      [this, name](const std::string &text) {
        // "": no name, for all adapters.
        size_t equals = text.rfind('=') + 1;
        std::string adapter = text.substr(0, equals ? equals - 1 : 0);
        layouts.emplace_back(adapter,
                             parseChoice<moelora_adapter_layout>(
                                 name, text.substr(equals),
                                 {{"natural", MOELORA_LAYOUT_NATURAL},
                                  {"transposed", MOELORA_LAYOUT_TRANSPOSED}}));
      });
}

void LayoutOption::apply(std::vector<host::AdapterFolder> &adapters) const {
  for (const auto &[name, layout] : layouts) {
    bool applied = false;
    for (host::AdapterFolder &adapter : adapters) {
      if (!name.empty() && adapter.name != name)
        continue;
      adapter.layout = layout;
      applied = true;
    }
    if (!applied)
      throw UsageError("--adapter-layout names '" + name +
                       "', but no adapter has that name");
  }
}
