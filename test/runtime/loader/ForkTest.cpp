/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Children of fork have none of their parent's threads: what needs them says
 * so or does without, and nothing waits for ever.
 */
#include "Loads.h"
#include "moelora/runtime/Execute.h"
#include "moelora/runtime/Pool.h"

#include <atomic>
#include <csignal>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

using namespace moelora::test;

// ThreadSanitizer starts no threads in a child of a process that has some.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SKIP_WITHOUT_THREADS_IN_CHILDREN() GTEST_SKIP()
#endif
#endif
#ifndef SKIP_WITHOUT_THREADS_IN_CHILDREN
#define SKIP_WITHOUT_THREADS_IN_CHILDREN()
#endif

namespace {

/// The result of `body` in a child, or -1 if it does not end.
int inChild(const std::function<int()> &body) {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(body());
  for (int look = 0; look < 2000; ++look) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child)
      return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
    ::usleep(10000);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return -1;
}

moelora_pool *makePool(int32_t threads) {
  moelora_pool *pool = nullptr;
  EXPECT_EQ(moelora_pool_create(threads, &pool, nullptr), MOELORA_OK);
  return pool;
}

/// Whether each of many tasks runs once.
bool runsAll(moelora_pool *pool) {
  moelora_services services = {};
  moelora_services_init(pool, &services);
  std::vector<std::atomic<int>> done(1000);
  services.parallel_for(
      services.context, 1000,
      [](void *frame, int64_t i, int64_t) {
        ++(*static_cast<std::vector<std::atomic<int>> *>(
            frame))[static_cast<size_t>(i)];
      },
      &done);
  for (const std::atomic<int> &count : done)
    if (count != 1)
      return false;
  return true;
}

} // namespace

TEST(Fork, a_pool_of_the_parent_runs_alone) {
  moelora_pool *pool = makePool(4);
  EXPECT_TRUE(runsAll(pool));
  EXPECT_EQ(inChild([&] {
              bool right = runsAll(pool) && moelora_pool_workers(pool) == 4;
              moelora_pool_destroy(pool);
              return right ? 7 : 8;
            }),
            7);
  EXPECT_TRUE(runsAll(pool));
  moelora_pool_destroy(pool);
}

TEST(Fork, a_child_makes_a_pool_of_its_own) {
  SKIP_WITHOUT_THREADS_IN_CHILDREN();
  EXPECT_EQ(inChild([] {
              moelora_pool *pool = makePool(3);
              bool right = runsAll(pool);
              moelora_pool_destroy(pool);
              return right ? 7 : 8;
            }),
            7);
}

TEST(Fork, a_loader_of_the_parent_says_so) {
  Folder folder;
  writeSmall(folder);
  Scene scene;
  Gate gate;
  moelora_load_request held = scene.request("held", folder);
  gate.guard(held);
  Loading running(scene.loader, held);
  gate.awaitLoad();
  Loading waiting(scene.loader, scene.request("waiting", folder));
  EXPECT_EQ(inChild([&] {
              Loading started(scene.loader, scene.request("new", folder));
              bool right =
                  started.started == MOELORA_INVALID &&
                  started.text.find("process") != std::string::npos &&
                  scene.loader.open(folder.path).status == MOELORA_INVALID &&
                  moelora_loader_prefetch(scene.loader.loader,
                                          folder.path.c_str(), &scene.target,
                                          nullptr, nullptr) == MOELORA_INVALID;
              for (Loading *loading : {&running, &waiting}) {
                right = right && loading->wait() == MOELORA_INVALID &&
                        loading->poll() == MOELORA_INVALID;
                loading->cancel();
                loading->close();
              }
              moelora_loader_destroy(scene.loader.loader);
              return right ? 7 : 8;
            }),
            7);
  gate.open();
  EXPECT_EQ(running.wait(), MOELORA_OK) << running.text;
  EXPECT_EQ(waiting.wait(), MOELORA_OK) << waiting.text;
}

TEST(Fork, a_child_makes_a_loader_of_its_own) {
  SKIP_WITHOUT_THREADS_IN_CHILDREN();
  Folder folder;
  writeSmall(folder);
  Loader parents;
  EXPECT_EQ(inChild([&] {
              Scene scene;
              Loading loading(scene.loader, scene.request("x", folder));
              return loading.wait() == MOELORA_OK ? 7 : 8;
            }),
            7);
}
