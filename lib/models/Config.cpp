// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Strict reading of config.json.

#include "Config.h"

#include "moelora/support/PythonNumbers.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace moelora::models {

namespace {

using nlohmann::json;

// Published files have a few kB; this leaves room and bounds the work.
constexpr uintmax_t maxBytes = 16u << 20;
constexpr size_t maxDepth = 64;
constexpr size_t maxShown = 60;

/// Builds the value while it refuses what a plain parser would let pass.
class StrictBuilder : public nlohmann::json_sax<json> {
public:
  explicit StrictBuilder(PythonNumbers &numbers) : numbers(numbers) {}

  json root;
  std::string failure;

  bool null() override { return add(nullptr); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(v); }
  bool number_unsigned(number_unsigned_t v) override { return add(v); }
  bool number_float(number_float_t v, const string_t &) override {
    return add(v);
  }
  bool string(string_t &v) override {
    auto number = numbers.next();
    return number ? add(*number) : add(v);
  }
  bool binary(binary_t &) override { return fail("expects no binary value"); }
  bool start_object(size_t) override { return open(json::object()); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t &name) override;
  bool parse_error(size_t position, const std::string &,
                   const nlohmann::detail::exception &) override;

private:
  PythonNumbers &numbers;
  std::vector<json *> stack;
  std::string nextKey;

  bool fail(std::string text);
  bool add(json value) { return place(std::move(value)) != nullptr; }
  json *place(json value);
  bool open(json value);
  bool close();
};

bool StrictBuilder::fail(std::string text) {
  failure = std::move(text);
  return false;
}

bool StrictBuilder::key(string_t &name) {
  if (numbers.next())
    return fail("expects valid JSON, but a key is a number");
  if (stack.back()->contains(name))
    return fail("expects every key once, but \"" + name.substr(0, maxShown) +
                "\" is there twice");
  nextKey = name;
  return true;
}

bool StrictBuilder::parse_error(size_t position, const std::string &,
                                const nlohmann::detail::exception &) {
  return fail("expects valid JSON, but it breaks at byte " +
              std::to_string(position));
}

json *StrictBuilder::place(json value) {
  if (stack.empty())
    return &(root = std::move(value));
  json &parent = *stack.back();
  if (parent.is_array())
    return &parent.emplace_back(std::move(value));
  return &(parent[nextKey] = std::move(value));
}

bool StrictBuilder::open(json value) {
  if (stack.size() == maxDepth)
    return fail("expects values nested at most " + std::to_string(maxDepth) +
                " deep, but they are nested deeper");
  stack.push_back(place(std::move(value)));
  return true;
}

bool StrictBuilder::close() {
  stack.pop_back();
  return true;
}

bool isIntegerWithin(const json &value, int64_t least, int64_t most) {
  if (value.is_number_unsigned())
    return value.get<uint64_t>() >= static_cast<uint64_t>(least) &&
           value.get<uint64_t>() <= static_cast<uint64_t>(most);
  return value.is_number_integer() && value.get<int64_t>() >= least &&
         value.get<int64_t>() <= most;
}

std::string range(int64_t least, int64_t most) {
  return "between " + std::to_string(least) + " and " + std::to_string(most);
}

} // namespace

std::string show(const json &value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>()))
    return std::to_string(value.get<double>()); // the library dumps null
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() <= maxShown ? text : text.substr(0, maxShown) + "...";
}

Result<std::string> readConfigText(const std::string &path) {
  std::error_code error;
  uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error)
    return Failure{"cannot read it: " + error.message()};
  if (bytes > maxBytes)
    return Failure{"expects at most " + std::to_string(maxBytes) +
                   " bytes, but it has " + std::to_string(bytes)};
  std::string text(bytes, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(text.data(), static_cast<std::streamsize>(bytes)))
    return Failure{std::string("cannot read it: ") + std::strerror(errno)};
  return text;
}

Result<json> parseConfig(const std::string &text) {
  PythonNumbers numbers(text);
  StrictBuilder builder(numbers);
  if (!json::sax_parse(numbers.json(), &builder))
    return Failure{builder.failure};
  if (!builder.root.is_object())
    return Failure{"expects an object, but it holds " + show(builder.root)};
  return std::move(builder.root);
}

void Config::fail(std::string text) {
  if (message.empty())
    message = std::move(text);
}

/// The value at "outer.inner", and there the layer's own entry.
const json *Config::at(const char *path) const {
  const json *place = &object;
  for (std::string_view rest = path; !rest.empty();) {
    size_t dot = std::min(rest.find('.'), rest.size());
    if (!place->is_object())
      return nullptr;
    auto entry = place->find(rest.substr(0, dot));
    if (entry == place->end())
      return nullptr;
    place = &*entry;
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  if (layer >= 0 && place->is_array() && size_t(layer) < place->size())
    return &(*place)[size_t(layer)];
  return place;
}

const json *Config::find(const Keys &keys) {
  const json *found = nullptr;
  const char *first = nullptr;
  for (const char *key : keys) {
    const json *value = at(key);
    if (!value || value->is_null())
      continue;
    if (found && *found != *value)
      fail(std::string("expects ") + first + " and " + key +
           " to agree, but they are " + show(*found) + " and " + show(*value));
    if (!found)
      first = key;
    found = value;
  }
  return found;
}

bool Config::isNull(const Keys &keys) const {
  return std::any_of(keys.begin(), keys.end(), [&](const char *key) {
    const json *value = at(key);
    return value && value->is_null();
  });
}

const char *Config::spelling(const Keys &keys) const {
  for (const char *key : keys)
    if (const json *value = at(key); value && !value->is_null())
      return key;
  return keys.front();
}

void Config::failRange(const Keys &keys, const char *what,
                       const std::string &range, const json *value) {
  fail(std::string("expects ") + spelling(keys) + " to be " + what + " " +
       range + ", but it is " + (value ? show(*value) : "absent"));
}

int64_t Config::size(const Keys &keys, int64_t most) {
  const json *value = find(keys);
  if (value && isIntegerWithin(*value, 1, most))
    return value->get<int64_t>();
  failRange(keys, "an integer", range(1, most), value);
  return 1;
}

int64_t Config::count(const Count &count, int64_t most) {
  const json *value = find(count.keys);
  if (value && isIntegerWithin(*value, 0, most))
    return value->get<int64_t>();
  if (!value)
    return isNull(count.keys) ? count.null : count.absent;
  failRange(count.keys, "an integer", range(0, most), value);
  return 0;
}

double Config::number(const Number &number, double least, double most) {
  const json *value = find(number.keys);
  if (!value)
    return isNull(number.keys) ? number.null : number.absent;
  if (value->is_number() && value->get<double>() >= least &&
      value->get<double>() <= most)
    return value->get<double>();
  failRange(number.keys, "a number",
            "between " + show(least) + " and " + show(most), value);
  return number.absent;
}

bool Config::flag(const Flag &flag) {
  const json *value = find(flag.keys);
  if (!value)
    return flag.absent;
  if (!value->is_boolean()) {
    fail(std::string("expects ") + flag.keys.front() +
         " to be true or false, but it is " + show(*value));
    return flag.absent;
  }
  return value->get<bool>();
}

std::string Config::word(const Keys &keys) {
  const json *value = find(keys);
  if (!value)
    return "";
  if (value->is_string())
    return value->get<std::string>();
  fail(std::string("expects ") + keys.front() + " to be a string, but it is " +
       show(*value));
  return "";
}

std::vector<int64_t> Config::list(const char *key, int64_t most) {
  std::vector<int64_t> items;
  const json *value = find({key});
  if (!value)
    return items;
  bool good = value->is_array();
  for (const json &item : good ? *value : json::array())
    if (good = good && isIntegerWithin(item, 0, most); good)
      items.push_back(item.get<int64_t>());
  if (!good)
    fail(std::string("expects ") + key + " to be a list of integers " +
         range(0, most) + ", but it is " + show(*value));
  return items;
}

std::vector<std::string> Config::words(const Keys &keys) {
  std::vector<std::string> items;
  const json *value = find(keys);
  if (!value)
    return items;
  bool good = value->is_array();
  for (const json &item : good ? *value : json::array())
    if (good = good && item.is_string(); good)
      items.push_back(item.get<std::string>());
  if (!good)
    fail(std::string("expects ") + keys.front() +
         " to be a list of strings, but it is " + show(*value));
  return items;
}

void Config::demand(const Demand &demand) {
  const json *value = find({demand.key});
  if (!value)
    return;
  json allowed = json::parse(demand.values);
  if (std::find(allowed.begin(), allowed.end(), *value) != allowed.end())
    return;
  std::string text;
  for (const json &item : allowed)
    text += (text.empty() ? "" : " or ") + item.dump();
  fail(std::string("expects ") + demand.key + " to be " + text +
       ", but it is " + show(*value) + byHand);
}

} // namespace moelora::models
