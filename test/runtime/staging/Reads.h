/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is asked of the system: this program's pread takes notes, and refuses
 * when it is told to.
 */
#ifndef MOELORA_TEST_RUNTIME_STAGING_READS_H
#define MOELORA_TEST_RUNTIME_STAGING_READS_H

#include <cstdint>
#include <vector>

namespace moelora::test {

struct Read {
  uint64_t offset, bytes;
};

/// Takes notes as long as it lives; one at a time.
class Reads {
public:
  /// Reads fail from this one on; -1: none does.
  explicit Reads(int64_t failFrom = -1);
  ~Reads();

  std::vector<Read> all() const;
  uint64_t bytes() const;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_STAGING_READS_H
