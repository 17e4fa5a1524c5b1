/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * All-gather. Several operands travel as one message: a peer rank sends its
 * rows of the first operand, then those of the second, ...
 */
#include "collectives/Chunk.h"

#include "base/Failure.h"

#include <algorithm>
#include <cstring>

using namespace moelora;

namespace {

uint64_t pitchOf(const moelora_exchange_operand &operand) {
  return operand.pitch ? operand.pitch : operand.row_bytes;
}

/// The bytes of a row of all operands together.
uint64_t rowBytesOf(const moelora_exchange &exchange) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < exchange.operands; ++i)
    if (__builtin_add_overflow(bytes, exchange.operand[i].row_bytes, &bytes))
      fail("expects rows whose bytes can be counted, but their number "
           "overflows");
  return bytes;
}

void checkOperands(const moelora_exchange &exchange,
                   const moelora_exchange_rows &rows) {
  for (uint32_t i = 0; i < exchange.operands; ++i) {
    const moelora_exchange_operand &operand = exchange.operand[i];
    if (pitchOf(operand) < operand.row_bytes)
      fail("expects a pitch of at least the " +
           std::to_string(operand.row_bytes) + " bytes of a row, but it is " +
           std::to_string(operand.pitch));
    if (operand.row_bytes) {
      expectRows(operand.in, rows.own, 1, "the input of an exchange");
      expectRows(operand.out, rows.all, 1, "the output of an exchange");
    }
  }
}

/// Appends rows at `to`, and returns its new end.
char *pack(const moelora_exchange_operand &operand, int64_t rows, char *to) {
  uint64_t bytes = operand.row_bytes;
  if (!bytes)
    return to; // there may be no address
  const char *from = static_cast<const char *>(operand.in);
  for (int64_t row = 0; row < rows; ++row, from += pitchOf(operand))
    to = std::copy_n(from, bytes, to);
  return to;
}

void unpack(const Chunk &chunk, const Subgroup &over, const char *from) {
  int64_t before = 0;
  for (int32_t member : over.members) {
    int64_t rows = chunk.rows(member);
    for (uint32_t i = 0; i < chunk.exchange.operands; ++i) {
      const moelora_exchange_operand &operand = chunk.exchange.operand[i];
      uint64_t bytes = uint64_t(rows) * operand.row_bytes;
      if (bytes)
        std::memcpy(static_cast<char *>(operand.out) +
                        uint64_t(before) * operand.row_bytes,
                    from, bytes);
      from += bytes;
    }
    before += rows;
  }
}

/// Sets the bytes of the message of each member.
void count(const Chunk &chunk, Subgroup &over, uint64_t rowBytes) {
  uint64_t all = 0;
  for (size_t i = 0; i < over.members.size(); ++i)
    if (__builtin_mul_overflow(uint64_t(chunk.rows(over.members[i])), rowBytes,
                               &over.bytes[i]) ||
        __builtin_add_overflow(all, over.bytes[i], &all))
      fail("expects messages whose bytes can be counted, but their number "
           "overflows");
}

} // namespace

void moelora::allGather(const Chunk &chunk, Subgroup &over, Scratch &scratch,
                        Messages &messages) {
  const moelora_exchange &exchange = chunk.exchange;
  moelora_exchange_rows rows = chunk.countRows(over);
  checkOperands(exchange, rows);
  uint64_t rowBytes = rowBytesOf(exchange);
  count(chunk, over, rowBytes);
  if (!exchange.operands)
    return;
  const moelora_exchange_operand &first = *exchange.operand;
  if (exchange.operands == 1 && pitchOf(first) == first.row_bytes)
    return messages.allGather(over, first.in, first.out);
  scratch.expect(chunk.mostRows(over), rowBytes);
  char *end = scratch.send.get();
  for (uint32_t i = 0; i < exchange.operands; ++i)
    end = pack(exchange.operand[i], rows.own, end);
  messages.allGather(over, scratch.send.get(), scratch.receive.get());
  unpack(chunk, over, scratch.receive.get());
}
