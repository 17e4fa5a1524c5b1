/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Steps of a group: layers that gather the tokens of peer ranks need their
 * adapters too. The ids are gathered once per step, for all layers.
 */
#ifndef MOELORA_RUNTIME_GROUPSTEP_H
#define MOELORA_RUNTIME_GROUPSTEP_H

#include "moelora/runtime/Group.h"
#include "moelora/runtime/Step.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lets a step resolve the ids of all peer ranks over `axes`, bits of
 * moelora_axis: those over which its layers gather tokens. The peer ranks that
 * differ in these axes only join too, and make the same resolutions, also
 * without tokens. From now on moelora_step_resolve makes one all-gather of ids,
 * after the own ids have been resolved:
 *
 *   - an id that did not resolve on its own peer rank travels as -1. It is
 *     counted there only.
 *   - all others are resolved with the directory of this peer rank, of which
 *     each word is read once. One that does not resolve is base, and counted in
 *     moelora_group_stats.unmatched_ids.
 *
 * `resolve` then expects as many tokens as the group knows of this peer rank,
 * and at most max_tokens of any (INVALID otherwise). If the exchange fails, it
 * returns the error of the group; on a stream, the next call does.
 *
 * A step joins one group, which must outlive it. It allocates the memory for
 * max_tokens of each peer rank. INVALID: the step has entered, or has joined a
 * group. UNSUPPORTED: the table is not in memory of the host. */
MOELORA_API moelora_status moelora_step_join(moelora_step *step,
                                             moelora_group *group,
                                             uint32_t axes,
                                             moelora_error **error);

/* The numbers of the last resolution, as generated code reads them: a slot or
 * -1 for each token of all peer ranks over the axes, in ascending order of the
 * peer ranks. The address is valid as long as the step. NULL: the step is NULL
 * or has not joined a group. */
MOELORA_API const int32_t *moelora_step_peer_numbers(const moelora_step *step);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_GROUPSTEP_H */
