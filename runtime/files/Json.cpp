/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Strict parsing of JSON: cases that the standard leaves open, such as
 * duplicate keys, are refused.
 */
#include "files/Json.h"

#include "files/NameHash.h"
#include "moelora/support/PythonNumbers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

using namespace moelora;

namespace {

/// The keys of one object. Writers usually sort long objects, so only keys that
/// are out of order need a table.
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
  NameSet<std::string> others;
};

/// Passes the parser's events to the receiver, and stores the keys of the open
/// objects. The parser defines the names of the methods.
class Strict final : public nlohmann::json_sax<nlohmann::json> {
public:
  Strict(const std::string &what, PythonNumbers &numbers, JsonEvents &events,
         Work &work)
      : what(what), numbers(numbers), events(events), work(work) {}

  bool null() override { return tell(&JsonEvents::null); }
  bool boolean(bool value) override {
    return tell(&JsonEvents::boolean, value);
  }
  bool number_integer(int64_t value) override {
    return tell(&JsonEvents::integer, value);
  }
  bool number_unsigned(uint64_t value) override {
    if (value > static_cast<uint64_t>(INT64_MAX))
      return tell(&JsonEvents::real, static_cast<double>(value));
    return tell(&JsonEvents::integer, static_cast<int64_t>(value));
  }
  bool number_float(double value, const std::string &) override {
    return tell(&JsonEvents::real, value);
  }
  bool string(std::string &text) override {
    if (auto number = numbers.next())
      return tell(&JsonEvents::real, *number);
    return tell<std::string &>(&JsonEvents::string, text);
  }
  bool binary(nlohmann::json::binary_t &) override { return false; }

  bool start_object(size_t) override {
    open();
    return tell(&JsonEvents::beginObject);
  }
  bool end_object() override {
    keys.pop_back();
    return tell(&JsonEvents::endObject);
  }
  bool start_array(size_t) override {
    open();
    return tell(&JsonEvents::beginArray);
  }
  bool end_array() override {
    keys.pop_back();
    return tell(&JsonEvents::endArray);
  }
  bool key(std::string &text) override {
    if (numbers.next())
      fail(what + ": expects JSON, but a key is a number");
    if (!keys.back().add(text))
      fail(what + ": duplicate key '" + text + "'");
    return tell<std::string &>(&JsonEvents::key, text);
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
  template <typename... Values>
  bool tell(void (JsonEvents::*event)(Values...), Values... values) {
    work.step();
    (events.*event)(values...);
    return true;
  }

  void open() {
    if (keys.size() == maxJsonDepth)
      fail(what + ": expects at most " + std::to_string(maxJsonDepth) +
           " levels of nesting");
    keys.emplace_back();
  }

  const std::string &what;
  PythonNumbers &numbers;
  JsonEvents &events;
  Work &work;
  std::vector<Keys> keys;
};

} // namespace

void moelora::parseJson(std::string_view text, const std::string &what,
                        JsonEvents &events, Work &work) {
  work.look();
  PythonNumbers numbers(text);
  Strict strict(what, numbers, events, work);
  if (!nlohmann::json::sax_parse(numbers.json(), &strict))
    fail(what + ": expects JSON");
}
