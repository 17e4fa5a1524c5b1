/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Makes quotations from hostile files safe to display.
 */
#ifndef MOELORA_RUNTIME_BASE_TEXT_H
#define MOELORA_RUNTIME_BASE_TEXT_H

#include <string>
#include <string_view>

namespace moelora {

/// The beginning of a text in whole UTF-8 characters, with at most this number
/// of bytes, and "..." if the text is longer.
std::string cutText(std::string_view text, size_t most);

/// The same between quotation marks, as names appear in messages: 'gate_proj'.
std::string quoted(std::string_view text, size_t most = 64);

/// The text as valid UTF-8 that displays as it is: '?' replaces each control
/// character, line separator, change of the writing direction, and invalid
/// byte.
std::string printable(std::string_view text);

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_TEXT_H
