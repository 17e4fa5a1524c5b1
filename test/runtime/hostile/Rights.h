/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Makes files old, and removes the rights of an administrator, for tests.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_RIGHTS_H
#define MOELORA_TEST_RUNTIME_HOSTILE_RIGHTS_H

#include "../Files.h"

#include <chrono>
#include <filesystem>
#include <sys/fsuid.h>
#include <unistd.h>

namespace moelora::test {

/// Files of an hour ago: systems stamp changes by clocks that tick only every
/// few milliseconds, and no writer is as quick as this test.
inline void makeOld(const Folder &folder) {
  namespace fs = std::filesystem;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder.path))
    fs::last_write_time(entry.path(), fs::file_time_type::clock::now() -
                                          std::chrono::hours(1));
}

/// This thread's rights on files, without those of an administrator.
class Unprivileged {
public:
  explicit Unprivileged(bool wanted) : wanted(wanted && ::geteuid() == 0) {
    if (this->wanted)
      ::setfsuid(nobody);
  }
  ~Unprivileged() {
    if (wanted)
      ::setfsuid(0);
  }

private:
  static constexpr uid_t nobody = 65534;
  bool wanted;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_RIGHTS_H
