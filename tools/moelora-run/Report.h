// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tool prints: named values, in the order in which they were added,
// as lines or as one JSON object.
#ifndef MOELORA_RUN_REPORT_H
#define MOELORA_RUN_REPORT_H

#include <cstdint>
#include <string>
#include <vector>

namespace moelora::run {

class Report {
public:
  enum Detail { Always, Statistics };

  void add(Detail detail, const char *key, const std::string &text);
  void add(Detail detail, const char *key, const char *text) {
    add(detail, key, std::string(text));
  }
  void add(Detail detail, const char *key, int64_t number);
  void add(Detail detail, const char *key, double number);
  void add(Detail detail, const char *key, bool flag);

  /// "key: value" lines; those of Statistics only when asked for.
  std::string lines(bool statistics) const;
  /// Everything; numbers that JSON cannot express are null.
  std::string json() const;

private:
  struct Entry {
    Detail detail;
    std::string key, text, json;
  };
  std::vector<Entry> entries;
};

} // namespace moelora::run

#endif // MOELORA_RUN_REPORT_H
