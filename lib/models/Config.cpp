// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values of a config.json, checked for their types and ranges.

#include "Config.h"

#include <algorithm>

namespace moelora::models {

namespace {

using nlohmann::json;

constexpr size_t maxShown = 60;

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

void Config::fail(std::string text) {
  if (message.empty())
    message = std::move(text);
}

/// The value at "outer.inner", and in a list the entry of the layer.
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
  const char *null = nullptr;
  for (const char *key : keys) {
    const json *value = at(key);
    if (value && !value->is_null())
      return key;
    if (value && !null)
      null = key;
  }
  return null ? null : keys.front();
}

void Config::failRange(const Keys &keys, const char *what,
                       const std::string &range, const json *value) {
  std::string found = value ? show(*value) : isNull(keys) ? "null" : "absent";
  fail(std::string("expects ") + spelling(keys) + " to be " + what + " " +
       range + ", but it is " + found);
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
  failValue(demand.key, allowed);
}

void Config::failValue(const char *key, const json &allowed,
                       const std::string &because) {
  std::string text;
  for (const json &item : allowed)
    text += (text.empty() ? "" : " or ") + item.dump();
  if (!because.empty())
    text += ", because " + because;
  fail(std::string("expects ") + key + " to be " + text + ", but it is " +
       show(*find({key})) + byHand);
}

} // namespace moelora::models
