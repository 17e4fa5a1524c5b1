/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Observes reads of files: this program's pread records its calls, and fails on
 * request.
 */
#ifndef MOELORA_TEST_RUNTIME_STAGING_READS_H
#define MOELORA_TEST_RUNTIME_STAGING_READS_H

#include <cstdint>
#include <vector>

namespace moelora::test {

struct Read {
  uint64_t offset, bytes;
};

/// Records calls during its lifetime. There may be only one object at a time.
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
