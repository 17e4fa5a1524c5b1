/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 */
#ifndef MOELORA_RUNTIME_SEALEDFILE_H
#define MOELORA_RUNTIME_SEALEDFILE_H

#include "run/Seal.h"

namespace moelora {

/// A copy of an artifact's file in memory that nobody can change any more. It
/// is made while the digest is, so what is loaded is what was checked, whatever
/// becomes of the file: a program that runs would die of a mapped file that is
/// truncated, and a file that is written meanwhile would be two files in one.
class SealedFile {
public:
  /// Fails where the file is cut, changed or no shared object.
  explicit SealedFile(const std::string &path);

  /// Where the system finds the copy. No other one has this name meanwhile.
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
