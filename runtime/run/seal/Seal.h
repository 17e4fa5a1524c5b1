/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The seal at the end of an artifact's file: the number of bytes before it, and
 * their digest.
 */
#ifndef MOELORA_RUNTIME_SEAL_H
#define MOELORA_RUNTIME_SEAL_H

#include "files/File.h"

#include <memory>

namespace moelora {

/// XXH3-128 of a sequence of bytes, added in parts, in its canonical byte
/// order.
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

/// Reads the seal at the end of a file. Fails if there is none, or if the file
/// is longer or shorter than the seal states.
Seal readSeal(const File &file);
bool hasSeal(const File &file);

/// Replaces a finished shared object by one with its seal, atomically. A file
/// that has its seal already is not changed.
void appendSeal(const std::string &path);

/// Copies the first `bytes` of a file to a descriptor, and returns their
/// digest.
Digest::Bytes copyWithDigest(const File &from, uint64_t bytes, int to);

/// Fails if the digest of the copied bytes differs from that of the seal.
void checkDigest(const std::string &path, const Seal &seal,
                 const Digest::Bytes &found);

} // namespace moelora

#endif // MOELORA_RUNTIME_SEAL_H
