/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * CPU quotas of control groups, in made-up trees.
 */
#include "base/threads/Processors.h"
#include "Files.h"
#include "moelora/runtime/Pool.h"

#include <filesystem>
#include <gtest/gtest.h>

using namespace moelora::test;
using moelora::quotaOfProcessors;

namespace {

/// A machine's proc and sys.
struct Machine {
  explicit Machine(const std::string &groups) {
    put("proc/self/cgroup", groups);
  }
  void put(const std::string &path, const std::string &content) {
    std::filesystem::path whole = root / path;
    std::filesystem::create_directories(whole.parent_path());
    root.write(path, content);
  }
  /// -1: there is none.
  int quota() const { return quotaOfProcessors(root.path).value_or(-1); }

  Folder root;
};

} // namespace

TEST(Processors, version_2) {
  Machine machine("0::/a/b\n");
  EXPECT_EQ(machine.quota(), -1);
  machine.put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(machine.quota(), -1);
  machine.put("sys/fs/cgroup/a/b/cpu.max", "250000 100000\n");
  EXPECT_EQ(machine.quota(), 3); // rounded up
  machine.put("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  EXPECT_EQ(machine.quota(), 2); // around it
  machine.put("sys/fs/cgroup/cpu.max", "1000 100000\n");
  EXPECT_EQ(machine.quota(), 1);
  machine.put("sys/fs/cgroup/a/other/cpu.max", "10 100000\n");
  EXPECT_EQ(machine.quota(), 1);
}

TEST(Processors, version_2_in_a_container) {
  Machine machine("0::/\n");
  machine.put("sys/fs/cgroup/cpu.max", "400000 100000");
  EXPECT_EQ(machine.quota(), 4);
}

TEST(Processors, version_1) {
  Machine machine("5:memory:/x\n4:cpu,cpuacct:/docker/12\n1:cpuset:/y\n");
  auto put = [&](const std::string &group, const char *time,
                 const char *period) {
    machine.put("sys/fs/cgroup/" + group + "/cpu.cfs_quota_us", time);
    machine.put("sys/fs/cgroup/" + group + "/cpu.cfs_period_us", period);
  };
  put("cpu,cpuacct", "-1\n", "100000\n");
  put("memory/x", "1000\n", "100000\n"); // of another controller
  EXPECT_EQ(machine.quota(), -1);
  put("cpu,cpuacct/docker/12", "300001\n", "100000\n");
  EXPECT_EQ(machine.quota(), 4);
  put("cpu,cpuacct/docker", "150000\n", "50000\n");
  EXPECT_EQ(machine.quota(), 3);
}

TEST(Processors, version_1_in_a_container) {
  // The path is that of the machine, the mount that of the container.
  Machine machine("4:cpu:/docker/12\n");
  machine.put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000");
  machine.put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  EXPECT_EQ(machine.quota(), 2);
}

TEST(Processors, both_versions) {
  Machine machine("4:cpu:/a\n0::/a\n");
  machine.put("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "500000");
  machine.put("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000");
  machine.put("sys/fs/cgroup/unified/a/cpu.max", "300000 100000");
  EXPECT_EQ(machine.quota(), 3);
}

TEST(Processors, malformed_is_no_limit) {
  for (const char *text :
       {"", "x", "100000", "0 100000", "-5 100000", "100000 0", "100000 -1",
        "99999999999999999999999 1", "max"}) {
    Machine machine("0::/a\n");
    machine.put("sys/fs/cgroup/a/cpu.max", text);
    EXPECT_EQ(machine.quota(), -1) << text;
  }
  for (const char *groups : {"", "\n", "0", "0:", "0::", "x:cpu", ":::"}) {
    Machine machine(groups);
    EXPECT_EQ(machine.quota(), -1) << groups;
  }
  Machine large("0::/\n");
  large.put("sys/fs/cgroup/cpu.max", "9223372036854775807 1");
  EXPECT_EQ(large.quota(), INT32_MAX);
  EXPECT_EQ(quotaOfProcessors("/there/is/no/such/folder"), std::nullopt);
}

TEST(Processors, a_pool_has_at_least_one) {
  EXPECT_GE(moelora::usableProcessors(), 1);
  moelora_pool *pool = nullptr;
  ASSERT_EQ(moelora_pool_create(0, &pool, nullptr), MOELORA_OK);
  EXPECT_EQ(moelora_pool_workers(pool), moelora::usableProcessors());
  moelora_pool_destroy(pool);
}
