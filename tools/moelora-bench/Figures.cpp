// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Figures.h"

#include "moelora/host/Machine.h"

#include <cstdio>
#include <ctime>

namespace moelora::bench {

void Figures::begin(const std::string &title, const std::string &note) {
  section = title;
  std::printf("\n%s: %s\n", title.c_str(), note.c_str());
}

static void print(const Figure &figure) {
  std::printf("  %-53s %8.4g %-4s", figure.name.c_str(), figure.value,
              figure.unit.c_str());
  if (figure.atMost)
    std::printf(" at most %-6.4g %s", *figure.atMost,
                figure.holds() ? "yes" : "no");
  std::printf("\n");
  std::fflush(stdout);
}

void Figures::add(const std::string &name, double value,
                  const std::string &unit, std::optional<double> atMost) {
  figures.push_back({section, name, value, unit, atMost});
  print(figures.back());
}

void Figures::summarize() const {
  size_t aims = 0, hold = 0;
  for (const Figure &figure : figures) {
    aims += figure.atMost.has_value();
    hold += figure.atMost && figure.holds();
  }
  std::printf("\n%zu of %zu aims hold\n", hold, aims);
}

static std::string today() {
  char text[sizeof "2000-01-01"];
  std::time_t now = std::time(nullptr);
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return text;
}

host::Json Figures::document(int threads) const {
  host::Json rows = host::Json::array();
  for (const Figure &figure : figures) {
    host::Json row = {{"section", figure.section},
                      {"name", figure.name},
                      {"value", figure.value},
                      {"unit", figure.unit}};
    if (figure.atMost) {
      row["at_most"] = *figure.atMost;
      row["holds"] = figure.holds();
    }
    rows.push_back(std::move(row));
  }
  return {{"date", today()},
          {"cpu", host::cpuName()},
          {"threads", threads},
          {"figures", std::move(rows)}};
}

} // namespace moelora::bench
