/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Dotted paths of modules, taken apart from the front.
 */
#ifndef MOELORA_RUNTIME_ADAPTERPATH_H
#define MOELORA_RUNTIME_ADAPTERPATH_H

#include <deque>
#include <string>
#include <string_view>

namespace moelora {

/// Removes segments of names that are not modules but wrap one. FSDP,
/// torch.compile and others leave them in the names that they save, and in
/// patterns that match these names.
class BareNames {
public:
  /// The result is valid as long as this object and `name`.
  std::string_view of(std::string_view name);

private:
  std::deque<std::string> changed;
};

/// NULL-terminated; NULL itself has no names.
using NameList = const char *const *;

inline bool endsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         text.substr(text.size() - end.size()) == end;
}

inline bool take(std::string_view &text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix)
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Removes a path of whole components from the front, up to a dot or the end.
inline bool takePath(std::string_view &text, std::string_view path) {
  std::string_view rest = text;
  if (!take(rest, path) || (!rest.empty() && !take(rest, ".")))
    return false;
  text = rest;
  return true;
}

inline bool takeAny(std::string_view &text, NameList paths) {
  for (; paths && *paths; ++paths)
    if (takePath(text, *paths))
      return true;
  return false;
}

inline bool isAny(std::string_view text, NameList names) {
  for (; names && *names; ++names)
    if (text == *names)
      return true;
  return false;
}

/// "router" of "router.gate".
inline std::string_view firstWord(std::string_view path) {
  return path.substr(0, path.find('.'));
}

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERPATH_H
