/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The bytes are in the order of the machine: the peer ranks of a group run the
 * same library.
 */
#include "ranks/Statement.h"

#include "base/Failure.h"

#include <cstring>

using namespace moelora;

namespace {

/// Changes with the form of the bytes.
constexpr uint32_t form = 1;

class Writer {
public:
  template <typename T> void operator()(const T &value) {
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
  }
  void operator()(const std::string &text) {
    (*this)(uint32_t(text.size()));
    bytes += text;
  }

  std::string bytes;
};

class Reader {
public:
  explicit Reader(const std::string &bytes) : bytes(bytes) {}

  template <typename T> void operator()(T &value) {
    std::memcpy(&value, take(sizeof value), sizeof value);
  }
  void operator()(bool &value) {
    uint8_t byte = 0;
    (*this)(byte);
    value = byte != 0;
  }
  void operator()(std::string &text) {
    uint32_t size = 0;
    (*this)(size);
    text.assign(take(size), size);
  }
  uint64_t left() const { return bytes.size() - at; }

private:
  const char *take(uint64_t count) {
    if (count > left())
      fail("expects a statement of a peer rank of " +
           std::to_string(at + count) + " bytes or more, but it has " +
           std::to_string(bytes.size()));
    at += count;
    return bytes.data() + at - count;
  }

  const std::string &bytes;
  uint64_t at = 0;
};

/// Visits what a statement and its reader have in common.
template <typename Visitor, typename Entry>
void visitEntry(Visitor &visit, Entry &entry) {
  visit(entry.state);
  visit(entry.generation);
  visit(entry.version);
  visit(entry.enabled);
  visit(entry.idle);
  visit(entry.broken);
  visit(entry.used);
  visit(entry.name);
}

template <typename Visitor, typename Of>
void visitHead(Visitor &visit, Of &statement) {
  visit(statement.call);
  visit(statement.status);
  visit(statement.text);
  visit(statement.name);
  visit(statement.replaces);
  visit(statement.evicts);
}

/// Most slots of a large table are as they were made, and are left out.
bool isNew(const SlotEntry &entry) {
  return entry.state == SlotEntry::Free && entry.generation == 0 &&
         !entry.broken;
}

} // namespace

std::string moelora::toBytes(const Statement &statement) {
  Writer write;
  write(form);
  visitHead(write, statement);
  write(uint32_t(statement.slots.size()));
  for (uint32_t slot = 0; slot < statement.slots.size(); ++slot) {
    if (isNew(statement.slots[slot]))
      continue;
    write(slot);
    visitEntry(write, statement.slots[slot]);
  }
  return std::move(write.bytes);
}

Statement moelora::statementOf(const std::string &bytes) {
  constexpr uint32_t mostSlots = 65536;
  Reader read(bytes);
  Statement statement;
  uint32_t found = 0, slots = 0, slot = 0;
  read(found);
  if (found != form)
    fail("expects a statement of a peer rank in the form " +
         std::to_string(form) + ", but it is in the form " +
         std::to_string(found));
  visitHead(read, statement);
  read(slots);
  if (slots > mostSlots)
    fail("expects a table of at most " + std::to_string(mostSlots) +
         " slots, but a peer rank has " + std::to_string(slots));
  statement.slots.resize(slots);
  while (read.left()) {
    read(slot);
    if (slot >= slots)
      fail("expects a slot below " + std::to_string(slots) +
           ", but a peer rank states slot " + std::to_string(slot));
    visitEntry(read, statement.slots[slot]);
  }
  return statement;
}
