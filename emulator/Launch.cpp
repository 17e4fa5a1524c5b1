/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The data of a launch that its workers share.
 */
#include "Launch.h"

#include "Random.h"

#include "base/Failure.h"

#include <numeric>

using namespace moelora;
using namespace moelora::emulator;

Launch::Launch(const moelora_emulated_kernel &kernel,
               const moelora_launch &shape, const Options &options,
               Memory &memory, uint64_t number)
    : kernel(kernel), shape(shape), options(options), memory(memory),
      number(number),
      blocks(uint64_t(shape.grid[0]) * shape.grid[1] * shape.grid[2]),
      threads(shape.block[0] * shape.block[1] * shape.block[2]) {
  // The order of thread blocks is first, first + step, first + 2 step, ...
  // modulo their number. It has each block once if step and number have no
  // common divisor. For very large grids, n * step would overflow 64 bits, so
  // they are run in ascending order.
  constexpr uint64_t mostShuffled = uint64_t(1) << 32;
  if (options.order == Order::RoundRobin || blocks > mostShuffled)
    return;
  Random random(Random::mixed(options.seed) + number);
  first = random.next() % blocks;
  step = random.next() % blocks | 1;
  while (std::gcd(step, blocks) != 1)
    step += 2;
  step %= blocks;
}

void Launch::fail(std::string why) {
  std::lock_guard<std::mutex> lock(mutex);
  if (text.empty())
    text = std::move(why);
  failed = true;
}

std::string Launch::fault() {
  std::lock_guard<std::mutex> lock(mutex);
  return text;
}

std::string emulator::shownPosition(uint64_t number,
                                    const uint32_t (&sizes)[3]) {
  uint64_t x = number % sizes[0], rest = number / sizes[0];
  return "(" + std::to_string(x) + ", " + std::to_string(rest % sizes[1]) +
         ", " + std::to_string(rest / sizes[1]) + ")";
}

namespace {

constexpr uint32_t mostBlock[3] = {1024, 1024, 64};
constexpr uint32_t mostGrid[3] = {INT32_MAX, 65535, 65535};

void checkWithin(const char *what, uint64_t found, uint64_t most) {
  if (found > most)
    fail(std::string("expects ") + what + " to be at most " +
         std::to_string(most) + ", but it is " + std::to_string(found));
}

} // namespace

void emulator::checkShape(const moelora_launch &shape, const Options &options) {
  static const char *const axes[] = {"x", "y", "z"};
  uint64_t threads = 1;
  for (int axis = 0; axis < 3; ++axis) {
    checkWithin((std::string("the grid's ") + axes[axis]).c_str(),
                shape.grid[axis], mostGrid[axis]);
    checkWithin((std::string("the block's ") + axes[axis]).c_str(),
                shape.block[axis], mostBlock[axis]);
    threads *= shape.block[axis];
  }
  checkWithin("the number of threads of a block", threads, mostThreads);
  checkWithin(("the shared memory of a block on sm_" +
               std::to_string(options.architecture))
                  .c_str(),
              shape.shared_bytes, sharedLimit(options.architecture));
}
