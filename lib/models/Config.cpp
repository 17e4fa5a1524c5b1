// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Strict reading of config.json.

#include "Config.h"

#include <cerrno>
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
  json root;
  std::string failure;

  bool null() override { return add(nullptr); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(v); }
  bool number_unsigned(number_unsigned_t v) override { return add(v); }
  bool number_float(number_float_t v, const string_t &) override {
    return add(v);
  }
  bool string(string_t &v) override { return add(v); }
  bool binary(binary_t &) override { return fail("expects no binary value"); }
  bool start_object(size_t) override { return open(json::object()); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t &name) override;
  bool parse_error(size_t position, const std::string &,
                   const nlohmann::detail::exception &) override;

private:
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
  std::string text = value.dump();
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
  StrictBuilder builder;
  if (!json::sax_parse(text, &builder))
    return Failure{builder.failure};
  if (!builder.root.is_object())
    return Failure{"expects an object, but it holds " + show(builder.root)};
  return std::move(builder.root);
}

void Config::fail(std::string text) {
  if (message.empty())
    message = std::move(text);
}

const json *Config::find(const Keys &keys) {
  const json *found = nullptr;
  const char *first = nullptr;
  for (const char *key : keys) {
    auto entry = object.find(key);
    if (entry == object.end() || entry->is_null())
      continue;
    if (found && *found != *entry)
      fail(std::string("expects ") + first + " and " + key +
           " to agree, but they are " + show(*found) + " and " + show(*entry));
    if (!found)
      first = key;
    found = &*entry;
  }
  return found;
}

int64_t Config::count(const Keys &keys, int64_t most,
                      std::optional<int64_t> absent) {
  const json *value = find(keys);
  if (value && isIntegerWithin(*value, 1, most))
    return value->get<int64_t>();
  if (!value && absent)
    return *absent;
  fail(std::string("expects ") + keys.front() + " to be an integer " +
       range(1, most) + ", but it is " + (value ? show(*value) : "absent"));
  return 1;
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

} // namespace moelora::models
