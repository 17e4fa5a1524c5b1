/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The strict side of JSON: what the standard leaves open is refused here.
 */
#include "files/Json.h"

#include "base/Failure.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <vector>

using namespace moelora;

namespace {

/// The keys of one object. Writers mostly sort long ones; only keys out of
/// order need a table.
class Keys {
public:
  bool add(const std::string &key) {
    if (sorted.empty() || sorted.back() < key) {
      sorted.push_back(key);
      return others.find(key) == others.end();
    }
    return !std::binary_search(sorted.begin(), sorted.end(), key) &&
           others.insert(key).second;
  }

private:
  std::vector<std::string> sorted;
  std::unordered_set<std::string> others;
};

/// Stands between the parser and the receiver; its method names are the
/// parser's. Keeps the keys of the objects that are open.
class Strict final : public nlohmann::json_sax<nlohmann::json> {
public:
  Strict(const std::string &what, JsonEvents &events)
      : what(what), events(events) {}

  bool null() override { return events.null(), true; }
  bool boolean(bool value) override { return events.boolean(value), true; }
  bool number_integer(int64_t value) override {
    return events.integer(value), true;
  }
  bool number_unsigned(uint64_t value) override {
    if (value > static_cast<uint64_t>(INT64_MAX))
      return events.real(static_cast<double>(value)), true;
    return events.integer(static_cast<int64_t>(value)), true;
  }
  bool number_float(double value, const std::string &) override {
    return events.real(value), true;
  }
  bool string(std::string &text) override { return events.string(text), true; }
  bool binary(nlohmann::json::binary_t &) override { return false; }

  bool start_object(size_t) override {
    open();
    return events.beginObject(), true;
  }
  bool end_object() override {
    keys.pop_back();
    return events.endObject(), true;
  }
  bool start_array(size_t) override {
    open();
    return events.beginArray(), true;
  }
  bool end_array() override {
    keys.pop_back();
    return events.endArray(), true;
  }
  bool key(std::string &text) override {
    if (!keys.back().add(text))
      fail(what + ": duplicate key '" + text + "'");
    return events.key(text), true;
  }
  bool parse_error(size_t position, const std::string &,
                   const nlohmann::detail::exception &error) override {
    // The library's texts begin with a label in brackets.
    std::string text = error.what();
    size_t label = text.find("] ");
    fail(what + ": expects JSON, but at byte " + std::to_string(position) +
         ": " + (label == std::string::npos ? text : text.substr(label + 2)));
  }

private:
  void open() {
    if (keys.size() == maxJsonDepth)
      fail(what + ": expects at most " + std::to_string(maxJsonDepth) +
           " levels of nesting");
    keys.emplace_back();
  }

  const std::string &what;
  JsonEvents &events;
  std::vector<Keys> keys;
};

} // namespace

void moelora::parseJson(std::string_view text, const std::string &what,
                        JsonEvents &events) {
  Strict strict(what, events);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &strict))
    fail(what + ": expects JSON");
}
