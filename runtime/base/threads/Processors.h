/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How many threads are worth having: a process may run on fewer processors than
 * the machine has, and a container may have a quota of their time.
 */
#ifndef MOELORA_RUNTIME_BASE_PROCESSORS_H
#define MOELORA_RUNTIME_BASE_PROCESSORS_H

#include <cstdint>
#include <optional>
#include <string>

namespace moelora {

/// The least CPU quota of this process's control group and those around it, in
/// whole processors, rounded up; nothing without one. Reads proc/self/cgroup
/// and sys/fs/cgroup below `root`, of version 1 and 2.
std::optional<int32_t> quotaOfProcessors(const std::string &root);

/// What affinity and quota leave; at least 1.
int32_t usableProcessors();

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_PROCESSORS_H
