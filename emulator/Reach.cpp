/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Finds the memory that a pointer points to, and the faults of wrong pointers.
 */
#include "Accesses.h"
#include "Block.h"

using namespace moelora;
using namespace moelora::emulator;

namespace {

const char *verb(uint32_t kind) {
  if (kind & MOELORA_EMULATOR_ATOMIC)
    return "updates";
  return kind & MOELORA_EMULATOR_STORE ? "stores" : "loads";
}

bool isShared(const Block &block, uintptr_t address) {
  // The address after its end counts as shared memory, so that the message of a
  // fault there names shared memory.
  return address - reinterpret_cast<uintptr_t>(block.sharedBegin()) <=
         block.launch->shape.shared_bytes;
}

std::string hexadecimal(uintptr_t number) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  do
    text.insert(text.begin(), digits[number % 16]);
  while (number /= 16);
  return "0x" + text;
}

std::string beyond(const Region &region, uintptr_t address,
                   const Access &access, const char *what) {
  auto offset = static_cast<int64_t>(address - region.begin);
  return std::string("expects an access within the ") +
         std::to_string(region.bytes) + " bytes of " + what + ", but it " +
         verb(access.kind) + " " + std::to_string(access.bytes) +
         " bytes at offset " + std::to_string(offset);
}

std::string nowhere(uintptr_t address, const Access &access) {
  return std::string("expects an access to memory of the device, but it ") +
         verb(access.kind) + " " + std::to_string(access.bytes) + " bytes at " +
         hexadecimal(address) + ", where there is none";
}

std::string misaligned(uintptr_t address, const Access &access) {
  return "expects an address at a multiple of " +
         std::to_string(access.alignment) + ", but it is " +
         std::to_string(address % access.alignment) + " beyond one";
}

/// The memory that a pointer without a region may reach.
Region regionAround(Thread &thread, uintptr_t address, const Access &access) {
  Block &block = *thread.block;
  if (isShared(block, address))
    return {reinterpret_cast<uintptr_t>(block.sharedBegin()),
            block.launch->shape.shared_bytes, nullptr};
  const Allocation *allocation = block.launch->memory.find(address);
  if (!allocation)
    block.fault(thread, access.site, nowhere(address, access));
  return {allocation->begin, allocation->bytes, allocation};
}

Region regionOf(Thread &thread, const void *pointer, const Access &access) {
  uint32_t number = emulator::regionOf(pointer);
  if (!number)
    return regionAround(thread, addressOf(pointer), access);
  const Region *region = thread.block->regions.get(number);
  if (!region)
    thread.block->fault(thread, access.site,
                        "expects a pointer of this block, but it has region " +
                            std::to_string(number) + ", which it has not");
  return *region;
}

void checkSpace(Thread &thread, const Region &region, const Access &access) {
  bool isGlobal = region.allocation != nullptr;
  bool wantsGlobal = !(access.kind & MOELORA_EMULATOR_SHARED);
  if (isGlobal == wantsGlobal)
    return;
  const char *found = isGlobal ? "global" : "shared";
  const char *wanted = wantsGlobal ? "global" : "shared";
  thread.block->fault(thread, access.site,
                      std::string("expects a pointer to ") + wanted +
                          " memory, but it is one to " + found + " memory");
}

} // namespace

Reach emulator::reach(Thread &thread, const void *pointer,
                      const Access &access) {
  Block &block = *thread.block;
  uintptr_t address = addressOf(pointer);
  Region region = ::regionOf(thread, pointer, access);
  if (access.kind)
    checkSpace(thread, region, access);
  uint64_t offset = address - region.begin;
  if (region.allocation && region.allocation->released)
    block.fault(thread, access.site,
                std::string("expects memory that is allocated, but the ") +
                    std::to_string(region.allocation->bytes) +
                    " bytes that it reaches have been released");
  if (offset > region.bytes || access.bytes > region.bytes - offset)
    block.fault(thread, access.site,
                beyond(region, address, access,
                       emulator::regionOf(pointer) ? "its region"
                       : region.allocation         ? "the allocation"
                                                   : "shared memory"));
  if (access.alignment > 1 && address % access.alignment)
    block.fault(thread, access.site, misaligned(address, access));
  uintptr_t begin = region.allocation
                        ? region.allocation->begin
                        : reinterpret_cast<uintptr_t>(block.sharedBegin());
  return {static_cast<char *>(pointerTo(address, 0)), address - begin,
          region.allocation};
}
