// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Report.h"

#include "moelora/host/Handles.h"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
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

std::string moelora::host::formatted(const char *format, ...) {
  std::va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = std::vsnprintf(nullptr, 0, format, arguments);
  va_end(arguments);
  std::string text(size_t(std::max(length, 0)), '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  return text;
}

std::string moelora::host::sizeText(double bytes) {
  constexpr const char *units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit)
    bytes /= 1024;
  return formatted(unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

/// The text of a value for people.
static std::string plainText(const Json &value) {
  if (value.is_string())
    return value;
  if (value.is_boolean())
    return value ? "yes" : "no";
  if (!value.is_number_float())
    return value.dump();
  return formatted("%.4g", value.get<double>());
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
