// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Report.h"

#include "moelora/host/Handles.h"

#include <cerrno>
#include <cstring>
#include <fstream>

using namespace moelora::host;

std::string moelora::host::textOf(const Json &document, int indent) {
  return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void moelora::host::writeJson(const std::string &path, const Json &document) {
  errno = 0;
  std::ofstream file(path);
  file << textOf(document) << "\n";
  file.close();
  if (!file)
    throw Error("cannot write " + path + ": " + std::strerror(errno));
}

std::string moelora::host::sizeText(double bytes) {
  constexpr const char *units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit)
    bytes /= 1024;
  char text[48];
  snprintf(text, sizeof text, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
  return text;
}

/// The text of a value for people.
static std::string plainText(const Json &value) {
  if (value.is_string())
    return value;
  if (value.is_boolean())
    return value ? "yes" : "no";
  if (!value.is_number_float())
    return value.dump();
  char text[32];
  snprintf(text, sizeof text, "%.4g", value.get<double>());
  return text;
}

void Report::add(Detail detail, const char *key, Json value) {
  std::string line = std::string(key) + ": " + plainText(value) + "\n";
  everything += line;
  if (detail == Always)
    always += line;
  all[key] = std::move(value);
}

std::string Report::lines(bool statistics) const {
  return statistics ? everything : always;
}
