/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Ways to corrupt an adapter, each with its documented result.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_KINDS_H
#define MOELORA_TEST_RUNTIME_HOSTILE_KINDS_H

#include "Draft.h"

#include <variant>

namespace moelora::test {

/// When a change is made.
enum class When {
  AtRest,
  Unprivileged,  ///< and it is opened without the rights of an administrator
  BeforeStaging, ///< when the adapter is open already
  WhileStaging   ///< between two reads
};

/// The content of an accepted adapter.
enum class Content {
  Same,      ///< as the good one
  NotFinite, ///< the same, but for NaN and infinity in some places
  Any
};

/// A change of the draft, of the bytes of the tensor file, or of the folder.
/// False: it does not apply to an adapter of this form.
using DraftChange = bool (*)(Draft &, Random &);
using BytesChange = bool (*)(std::string &, Random &);
using FolderChange = bool (*)(const Folder &, Random &);

constexpr int32_t anyAnswer = -1;

struct Kind {
  const char *name;
  int32_t status; ///< moelora_status, or anyAnswer
  /// The message of the refusal: one of these texts, separated by `|`.
  const char *text;
  std::variant<DraftChange, BytesChange, FolderChange> change;
  When when = When::AtRest;
  Content content = Content::Same;
};

/// Names of tensors, and tensors that are missing or too many.
const std::vector<Kind> &nameKinds();
/// Shapes, types and values.
const std::vector<Kind> &tensorKinds();
/// Places of tensors in the file.
const std::vector<Kind> &offsetKinds();
/// The header, by its length and by its text.
const std::vector<Kind> &lengthKinds();
const std::vector<Kind> &headerKinds();
/// The configuration, by its values and as a whole.
const std::vector<Kind> &settingKinds();
const std::vector<Kind> &configKinds();
/// The parameters that packed pairs adapt, and their storage.
const std::vector<Kind> &layoutKinds();
/// The objects in place of the files.
const std::vector<Kind> &folderKinds();
/// Files that change under their reader.
const std::vector<Kind> &changingKinds();

std::vector<Kind> allKinds();

template <typename T> T oneOf(Random &random, std::initializer_list<T> values) {
  return values.begin()[below(random, values.size())];
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_KINDS_H
