// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The results of a program: named values in the order in which they were added,
// formatted as lines or as one JSON object.
#ifndef MOELORA_HOST_REPORT_H
#define MOELORA_HOST_REPORT_H

#include <nlohmann/json.hpp>
#include <string>

namespace moelora::host {

using Json = nlohmann::ordered_json;

/// The text of a document. Invalid UTF-8 is replaced. `indent` -1 means one
/// line.
std::string textOf(const Json &document, int indent = 2);

/// Writes a complete document to a file, or throws.
void writeJson(const std::string &path, const Json &document);

/// The text that printf would print.
[[gnu::format(printf, 1, 2)]] std::string formatted(const char *format, ...);

/// A size for people, such as "12.5 MiB".
std::string sizeText(double bytes);

class Report {
public:
  enum Detail { Always, Statistics };

  /// Adds a text, a number or a flag.
  void add(Detail detail, const char *key, Json value);

  /// "key: value" lines; those of Statistics only on request.
  std::string lines(bool statistics) const;
  /// All values as JSON. Numbers that JSON cannot express are null.
  std::string json() const { return textOf(all) + "\n"; }

private:
  Json all = Json::object();
  std::string always, everything; ///< lines
};

} // namespace moelora::host

#endif // MOELORA_HOST_REPORT_H
