/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Segments of paths that name no module.
 */
#include "adapter/AdapterPath.h"

#include <algorithm>

using namespace moelora;

namespace {

/// The segments of FSDP and its predecessor, torch.compile, activation
/// checkpointing, Lightning, and data parallelism.
constexpr std::string_view wrappers[] = {
    "_fsdp_wrapped_module",       "_fpw_module",     "_orig_mod",
    "_checkpoint_wrapped_module", "_forward_module", "module"};

/// Also in a regular expression, where the next dot may be escaped.
bool isWrapper(std::string_view segment) {
  if (endsWith(segment, "\\"))
    segment.remove_suffix(1);
  return !segment.empty() && (segment[0] == '_' || segment[0] == 'm') &&
         std::find(std::begin(wrappers), std::end(wrappers), segment) !=
             std::end(wrappers);
}

template <typename Visit>
void forEachSegment(std::string_view path, Visit visit) {
  for (size_t begin = 0; begin <= path.size();) {
    size_t end = std::min(path.find('.', begin), path.size());
    visit(path.substr(begin, end - begin));
    begin = end + 1;
  }
}

} // namespace

std::string_view BareNames::of(std::string_view name) {
  bool wrapped = false;
  forEachSegment(name, [&](std::string_view segment) {
    wrapped = wrapped || isWrapper(segment);
  });
  if (!wrapped)
    return name;
  std::string &bare = changed.emplace_back();
  forEachSegment(name, [&](std::string_view segment) {
    if (!isWrapper(segment))
      bare.append(bare.empty() ? "" : ".").append(segment);
  });
  return bare.empty() ? name : bare;
}
