/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 */
#ifndef MOELORA_RUNTIME_SEALEDFILE_H
#define MOELORA_RUNTIME_SEALEDFILE_H

#include "run/seal/Seal.h"

namespace moelora {

/// An immutable copy of an artifact's file in memory. It is made while the
/// digest is computed, so the checked bytes are those that are loaded, even if
/// the file is changed: truncating a mapped file would crash a running program,
/// and a file that is written meanwhile could be a mixture of two files.
class SealedFile {
public:
  /// Fails if the file is truncated, changed or not a shared object.
  explicit SealedFile(const std::string &path);

  /// The path of the copy, which no other copy has at the same time.
  const std::string &name() const { return place; }
  const Digest::Bytes &digest() const { return seal.digest; }

private:
  struct Descriptor {
    explicit Descriptor(int number) : number(number) {}
    Descriptor(const Descriptor &) = delete;
    ~Descriptor();
    int number; ///< -1: none
  };
  void takeAnotherNumber(const std::string &path);

  Seal seal{};
  Descriptor memory;
  std::string place;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_SEALEDFILE_H
