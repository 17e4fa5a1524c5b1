/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Code that compiled layers written by hand share: rows of operands, the
 * look-up of a token's pairs, and the orders of pages. */
#ifndef MOELORA_TEST_EXECUTE_HANDLAYER_H
#define MOELORA_TEST_EXECUTE_HANDLAYER_H

#include "moelora/runtime/Abi.h"

/* Entry points that read an operand. */
#define FROM_ALL (1u << MOELORA_ENTRY_ALL)
#define FROM_LOGITS (1u << MOELORA_ENTRY_LOGITS)
#define FROM_IDS (1u << MOELORA_ENTRY_IDS)
#define FROM_ANY (FROM_ALL | FROM_LOGITS | FROM_IDS)

/* A row [rows, width] whose rows are `pitch` elements apart; 0: as given. */
#define MATRIX(ROLE, DTYPE, ENTRIES, ROWS, WIDTH, PITCH)                       \
  {.size = sizeof(moelora_operand),                                            \
   .role = (ROLE),                                                             \
   .dtype = (DTYPE),                                                           \
   .dims = 2,                                                                  \
   .align = 4,                                                                 \
   .entries = (ENTRIES),                                                       \
   .shape = {(ROWS), (WIDTH)},                                                 \
   .stride = {(PITCH), 1}}

/* Where an adapter is, or NULL: the token has none. */
static inline const char *image_of(const moelora_step_view *step, int64_t t) {
  const uint64_t mask = ((uint64_t)1 << MOELORA_WORD_ADDRESS_BITS) - 1;
  if (!step || step->number[t] < 0)
    return 0;
  return (const char *)((step->word[step->number[t]] & mask) *
                        MOELORA_WORD_ADDRESS_UNIT);
}

/* The pair of a projection and an expert, or NULL: there is none. */
static inline const moelora_pair *pair_of(const char *image, int32_t layer,
                                          int projection, int expert) {
  const uint32_t *finder = (const uint32_t *)image;
  uint32_t pairs = image ? finder[layer * MOELORA_PROJECTIONS + projection] : 0;
  if (!pairs)
    return 0;
  return (const moelora_pair *)(image + (uint64_t)pairs * MOELORA_IMAGE_UNIT) +
         expert;
}

static inline const void *pages_at(const char *image, uint32_t units) {
  return image + (uint64_t)units * MOELORA_IMAGE_UNIT;
}

/* The place of an element in a block of MOELORA_PAGE_FRAGMENT_MAJOR. */
static inline int in_block(int row, int column) {
  int lane = row % 8 * 4 + column % 8 / 2;
  return lane * 8 + column / 8 * 4 + row / 8 * 2 + column % 2;
}

/* The place of A[rank][i], where `in` is the number of columns. */
static inline int place_of_a(int32_t order, int rank, int i, int in) {
  if (order == MOELORA_PAGE_ROW_MAJOR)
    return rank * in + i;
  return (rank / 16 * ((in + 15) / 16) + i / 16) * 256 +
         in_block(rank % 16, i % 16);
}

/* The place of B[o][rank], where `outs` is the number of rows. */
static inline int place_of_b(int32_t order, int o, int rank, int outs) {
  if (order == MOELORA_PAGE_ROW_MAJOR)
    return (rank / 16 * outs + o) * 16 + rank % 16;
  return (rank / 16 * ((outs + 15) / 16) + o / 16) * 256 +
         in_block(o % 16, rank % 16);
}

#endif /* MOELORA_TEST_EXECUTE_HANDLAYER_H */
