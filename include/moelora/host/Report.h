// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a program answers: named values, in the order in which they were added,
// as lines or as one JSON object.
#ifndef MOELORA_HOST_REPORT_H
#define MOELORA_HOST_REPORT_H

#include <nlohmann/json.hpp>
#include <string>

namespace moelora::host {

using Json = nlohmann::ordered_json;

/// The text of a document; bytes that are no UTF-8 are replaced. `indent` -1:
/// one line.
std::string textOf(const Json &document, int indent = 2);

/// Writes a document, as a whole or not at all. Throws.
void writeJson(const std::string &path, const Json &document);

/// What printf would print.
[[gnu::format(printf, 1, 2)]] std::string formatted(const char *format, ...);

/// "12.5 MiB"
std::string sizeText(double bytes);

class Report {
public:
  enum Detail { Always, Statistics };

  /// A text, a number or a flag.
  void add(Detail detail, const char *key, Json value);

  /// "key: value" lines; those of Statistics only when asked for.
  std::string lines(bool statistics) const;
  /// Everything; numbers that JSON cannot express are null.
  std::string json() const { return textOf(all) + "\n"; }

private:
  Json all = Json::object();
  std::string always, everything; ///< lines
};

} // namespace moelora::host

#endif // MOELORA_HOST_REPORT_H
