// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Report.h"

#include <cmath>
#include <cstdio>

using namespace moelora::run;

namespace {

std::string format(const char *pattern, double number) {
  char text[64];
  snprintf(text, sizeof text, pattern, number);
  return text;
}

std::string quote(const std::string &text) {
  std::string quoted = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      quoted += {'\\', char(c)};
    else if (c < ' ')
      quoted +=
          "\\u00" + std::string(1, "01"[c >> 4]) + "0123456789abcdef"[c & 15];
    else
      quoted += char(c);
  }
  return quoted + '"';
}

} // namespace

void Report::add(Detail detail, const char *key, const std::string &text) {
  entries.push_back({detail, key, text, quote(text)});
}

void Report::add(Detail detail, const char *key, int64_t number) {
  std::string text = std::to_string(number);
  entries.push_back({detail, key, text, text});
}

void Report::add(Detail detail, const char *key, double number) {
  entries.push_back({detail, key, format("%.4g", number),
                     std::isfinite(number) ? format("%.17g", number) : "null"});
}

void Report::add(Detail detail, const char *key, bool flag) {
  entries.push_back(
      {detail, key, flag ? "yes" : "no", flag ? "true" : "false"});
}

std::string Report::lines(bool statistics) const {
  std::string text;
  for (const Entry &entry : entries)
    if (statistics || entry.detail == Always)
      text += entry.key + ": " + entry.text + "\n";
  return text;
}

std::string Report::json() const {
  std::string text = "{";
  for (const Entry &entry : entries)
    text +=
        (text.size() > 1 ? ", " : "") + quote(entry.key) + ": " + entry.json;
  return text + "}\n";
}
