/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The useful number of threads: a process may be limited to some processors of
 * the machine, and a container may have a quota of processor time.
 */
#ifndef MOELORA_RUNTIME_BASE_PROCESSORS_H
#define MOELORA_RUNTIME_BASE_PROCESSORS_H

#include <cstdint>
#include <optional>
#include <string>

namespace moelora {

/// The smallest CPU quota of this process's control group and those that
/// contain it, in whole processors, rounded up; nothing if there is no quota.
/// Reads proc/self/cgroup and sys/fs/cgroup below `root`, of version 1 and 2.
std::optional<int32_t> quotaOfProcessors(const std::string &root);

/// The number of processors that affinity and quota allow, at least 1.
int32_t usableProcessors();

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_PROCESSORS_H
