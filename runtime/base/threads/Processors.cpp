/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads the limits of control groups. An absent or malformed file is no limit.
 */
#include "base/threads/Processors.h"

#include <algorithm>
#include <climits>
#include <fstream>
#include <sched.h>
#include <sstream>

using namespace moelora;

namespace {

/// A quota: microseconds of processor time in each period.
struct Quota {
  int64_t time = 0, period = 0;
};

/// Version 2 has one file: "200000 100000", or "max 100000".
Quota readMax(const std::string &group) {
  Quota quota;
  std::ifstream file(group + "/cpu.max");
  if (!(file >> quota.time >> quota.period))
    return {};
  return quota;
}

/// Version 1 has two files; -1 means no limit.
Quota readCfs(const std::string &group) {
  Quota quota;
  std::ifstream time(group + "/cpu.cfs_quota_us");
  std::ifstream period(group + "/cpu.cfs_period_us");
  if (!(time >> quota.time) || !(period >> quota.period))
    return {};
  return quota;
}

class LeastQuota {
public:
  void add(Quota quota) {
    if (quota.time <= 0 || quota.period <= 0)
      return;
    int64_t whole = (quota.time - 1) / quota.period + 1;
    int32_t count = static_cast<int32_t>(std::min<int64_t>(whole, INT32_MAX));
    least = std::min(least.value_or(count), count);
  }

  /// Reads a group and all groups that contain it. Inside a container, the path
  /// may be that of the host, of which only the last part exists.
  void addAll(const std::string &mount, std::string path,
              Quota (*read)(const std::string &)) {
    for (;;) {
      add(read(mount + path));
      size_t slash = path.rfind('/');
      if (slash == std::string::npos)
        return;
      path.resize(slash);
    }
  }

  std::optional<int32_t> least;
};

bool hasWord(const std::string &list, const std::string &word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

} // namespace

std::optional<int32_t> moelora::quotaOfProcessors(const std::string &root) {
  const std::string mounts = root + "/sys/fs/cgroup";
  LeastQuota quota;
  std::ifstream groups(root + "/proc/self/cgroup");
  // Lines are "4:cpu,cpuacct:/path", and "0::/path" of version 2.
  for (std::string line; std::getline(groups, line);) {
    std::istringstream fields(line);
    std::string number, controllers, path;
    if (!std::getline(fields, number, ':') ||
        !std::getline(fields, controllers, ':') || !std::getline(fields, path))
      continue;
    if (number == "0" && controllers.empty()) {
      quota.addAll(mounts, path, readMax);
      quota.addAll(mounts + "/unified", path, readMax);
    } else if (hasWord(controllers, "cpu")) {
      quota.addAll(mounts + "/" + controllers, path, readCfs);
      quota.addAll(mounts + "/cpu", path, readCfs);
    }
  }
  return quota.least;
}

int32_t moelora::usableProcessors() {
  cpu_set_t set;
  int32_t allowed =
      ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  int32_t quota = quotaOfProcessors("").value_or(allowed);
  return std::max(1, std::min(allowed, quota));
}
