/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The threads of the canary.
 */
#ifndef MOELORA_TEST_SLOTS_CANARYTHREADS_H
#define MOELORA_TEST_SLOTS_CANARYTHREADS_H

#include "CanaryRun.h"
#include "moelora/runtime/Loader.h"

namespace moelora::test {

/// Launches runs until all tokens have been enqueued or a row is wrong, and
/// waits for its own runs.
void launchRuns(CanaryStage &stage, const CanaryStreams &streams,
                uint32_t seed);

/// Loads, replaces, disables, enables and evicts until `stop`.
void changeTenants(CanaryStage &stage, const CanaryStreams &streams,
                   moelora_loader *loader, uint32_t seed,
                   const std::atomic<bool> &stop);

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANARYTHREADS_H
