/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Texts that quote hostile files, for people to read.
 */
#ifndef MOELORA_RUNTIME_BASE_TEXT_H
#define MOELORA_RUNTIME_BASE_TEXT_H

#include <string>
#include <string_view>

namespace moelora {

/// At most so many bytes of a text, whole characters of UTF-8, and "..." if
/// that is not all of it.
std::string cutText(std::string_view text, size_t most);

/// The same between quotation marks, as messages name things: 'gate_proj'.
std::string quoted(std::string_view text, size_t most = 64);

/// Valid UTF-8 that shows what it says: '?' stands for each control character,
/// line separator, change of the direction of writing, and for each byte that
/// is part of no character.
std::string printable(std::string_view text);

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_TEXT_H
