/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is at the end of an artifact's file: how many bytes are before it, and
 * their digest.
 */
#ifndef MOELORA_RUNTIME_SEAL_H
#define MOELORA_RUNTIME_SEAL_H

#include "files/File.h"

#include <memory>

namespace moelora {

/// XXH3-128 of bytes that come in pieces, in its canonical byte order.
class Digest {
public:
  using Bytes = std::array<uint8_t, 16>;

  Digest();
  ~Digest();
  void add(const void *data, size_t bytes);
  Bytes get() const;

private:
  struct State;
  std::unique_ptr<State> state;
};

struct Seal {
  uint64_t length; ///< of everything before it
  Digest::Bytes digest;

  static constexpr uint64_t bytes = 32;
  std::array<char, bytes> encode() const;
};

/// The seal at the end of a file, or a failure: the file has none, or is
/// longer or shorter than it says.
Seal readSeal(const File &file);
bool hasSeal(const File &file);

/// Copies the first `bytes` of a file to a descriptor, and answers their
/// digest.
Digest::Bytes copyWithDigest(const File &from, uint64_t bytes, int to);

/// Fails where bytes that were copied are not those that were sealed.
void checkDigest(const std::string &path, const Seal &seal,
                 const Digest::Bytes &found);

} // namespace moelora

#endif // MOELORA_RUNTIME_SEAL_H
