// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads a stored tensor once, from beginning to end.
//
// Elements with the same order in the operand and in the file are read
// directly. Others are copied through a part of the file that fits a core's
// cache, called a block here:
//
//   outer ...  |  block axis  ...  line  ...      innermost
//   one block  |  some of it       neighbours in the operand
//
// The block is written as runs along the line. Of an axis of which only some
// entries are used, no others are read, unless they are inside a row of the
// file: rows are read whole.

#include "Pieces.h"

#include "moelora/reference/Number.h"

#include <algorithm>
#include <cstring>

namespace moelora::models {

namespace {

// The size of a block in bytes. It fits a core's cache, and is large enough
// that the overhead of a system call is negligible.
constexpr int64_t blockBytes = 1 << 20;

std::string readBytes(const moelora_checkpoint *file, uint64_t index,
                      uint64_t first, uint64_t bytes, void *to) {
  moelora_error *error = nullptr;
  moelora_checkpoint_read(file, static_cast<int64_t>(index), first, bytes, to,
                          &error);
  std::string text = error ? moelora_error_text(error) : "";
  moelora_error_free(error);
  return text;
}

bool isWhole(const Axis &axis) { return axis.size == axis.entries(); }

/// Merges axes that are contiguous both in the operand and in the file.
std::vector<Axis> joined(const std::vector<Axis> &axes) {
  std::vector<Axis> all;
  for (const Axis &axis : axes) {
    if (axis.entries() == 1)
      continue;
    int64_t size = axis.size;
    if (!all.empty() && isWhole(axis) &&
        all.back().stride == size * axis.stride)
      all.back() = {all.back().size * size, axis.stride,
                    all.back().first * size, all.back().entries() * size};
    else
      all.push_back(axis);
  }
  if (all.empty())
    all.push_back({1, 1});
  return all;
}

class PieceReader {
public:
  PieceReader(const moelora_checkpoint *file, uint64_t index,
              const Piece &piece, moelora_dtype type, int64_t ids, char *buffer)
      : file(file), index(index), piece(piece), type(type), ids(ids),
        buffer(buffer + uint64_t(piece.offset) * reference::bytesOf(type)),
        width(int64_t(reference::bytesOf(type))), axes(joined(piece.axes)) {
    tensor.size = sizeof tensor;
    moelora_checkpoint_tensor(file, static_cast<int64_t>(index), &tensor);
    storedWidth = int64_t(moelora_dtype_bytes(tensor.dtype));
  }

  std::string read();

private:
  const moelora_checkpoint *file;
  uint64_t index;
  const Piece &piece;
  moelora_dtype type;
  int64_t ids;
  char *buffer; // of the tensor
  int64_t width, storedWidth = 0;
  std::vector<Axis> axes;
  moelora_tensor tensor = {};
  std::vector<char> stored, block;

  size_t lineAxis() const;
  std::string fetch(int64_t first, int64_t count, char *to);
  std::string convert(int64_t first, int64_t count, char *to) const;
  std::string convertIds(int64_t first, int64_t count, char *to) const;
  std::string readInPlace();
  std::string readBlocks(size_t line);
  int64_t inside(size_t axis) const;
  bool isInsideRow(size_t axis) const;
  size_t blockAxis(size_t line) const;
  void scatter(size_t first, size_t line, int64_t at, int64_t count);
  void copyLine(const char *from, int64_t step, char *to, int64_t stride,
                int64_t count) const;
};

size_t PieceReader::lineAxis() const {
  for (size_t i = 0; i < axes.size(); ++i)
    if (axes[i].stride == 1)
      return i;
  return axes.size() - 1;
}

/// The number of the file's elements in one entry of an axis.
int64_t PieceReader::inside(size_t axis) const {
  int64_t count = 1;
  for (size_t i = axis + 1; i < axes.size(); ++i)
    count *= axes[i].entries();
  return count;
}

bool PieceReader::isInsideRow(size_t axis) const {
  return inside(axis) * axes[axis].entries() <= piece.shape.back();
}

std::string PieceReader::convertIds(int64_t first, int64_t count,
                                    char *to) const {
  for (int64_t i = 0; i < count; ++i) {
    const char *from = stored.data() + i * storedWidth;
    int64_t id = 0;
    int32_t narrow = 0;
    if (tensor.dtype == MOELORA_I64)
      std::memcpy(&id, from, sizeof(id));
    else
      std::memcpy(&narrow, from, sizeof(narrow));
    id = tensor.dtype == MOELORA_I64 ? id : narrow;
    if (id < 0 || id >= ids)
      return "expects expert ids below " + std::to_string(ids) + " in " +
             piece.tensor + ", but element " + std::to_string(first + i) +
             " is " + std::to_string(id);
    narrow = static_cast<int32_t>(id);
    std::memcpy(to + i * int64_t(sizeof(narrow)), &narrow, sizeof(narrow));
  }
  return "";
}

std::string PieceReader::convert(int64_t first, int64_t count, char *to) const {
  if (ids > 0)
    return convertIds(first, count, to);
  auto from = static_cast<moelora_dtype>(tensor.dtype);
  for (int64_t i = 0; i < count; ++i)
    reference::store(type, to, i, reference::load(from, stored.data(), i));
  return "";
}

/// Reads elements [first, first + count) of the file in the operand's type.
std::string PieceReader::fetch(int64_t first, int64_t count, char *to) {
  bool same = ids == 0 && tensor.dtype == type;
  if (!same)
    stored.resize(size_t(count * storedWidth));
  std::string error =
      readBytes(file, index, uint64_t(first * storedWidth),
                uint64_t(count * storedWidth), same ? to : stored.data());
  return same || !error.empty() ? error : convert(first, count, to);
}

/// Values are converted in blocks, so that the stored form of a whole tensor is
/// never in memory together with the converted one.
std::string PieceReader::readInPlace() {
  bool same = ids == 0 && tensor.dtype == type;
  int64_t all = piece.elements(), begin = axes[0].first;
  int64_t most = same ? all : std::max<int64_t>(1, blockBytes / width);
  std::string error;
  for (int64_t first = 0; first < all && error.empty(); first += most)
    error = fetch(begin + first, std::min(most, all - first),
                  buffer + first * width);
  return error;
}

/// Copies a sequence of elements, `step` bytes apart in the block and `stride`
/// bytes in the operand.
void PieceReader::copyLine(const char *from, int64_t step, char *to,
                           int64_t stride, int64_t count) const {
  auto copy = [&]<typename T>(T) {
    for (int64_t i = 0; i < count; ++i)
      std::memcpy(to + i * stride, from + i * step, sizeof(T));
  };
  if (step == width && stride == width)
    std::memcpy(to, from, size_t(count * width));
  else if (width == sizeof(uint16_t))
    copy(uint16_t());
  else if (width == sizeof(uint32_t))
    copy(uint32_t());
  else
    copy(uint64_t());
}

/// Writes a block of `count` entries of its axis to element `at` of the tensor.
void PieceReader::scatter(size_t first, size_t line, int64_t at,
                          int64_t count) {
  std::vector<int64_t> place(axes.size(), 0);
  auto sizeOf = [&](size_t i) { return i == first ? count : axes[i].size; };
  int64_t run = sizeOf(line), step = inside(line) * width, from = 0;
  for (size_t i = first + 1; i < axes.size(); ++i)
    from += axes[i].first * inside(i);
  for (bool more = true; more;) {
    copyLine(block.data() + from * width, step, buffer + at * width,
             axes[line].stride * width, run);
    more = false;
    for (size_t i = axes.size(); i-- > first && !more;) {
      if (i == line)
        continue;
      more = ++place[i] < sizeOf(i);
      int64_t moved = more ? 1 : 1 - sizeOf(i);
      place[i] = more ? place[i] : 0;
      from += moved * inside(i);
      at += moved * axes[i].stride;
    }
  }
}

/// The outermost axis whose entries fit a block, contain the line, and are used
/// as a whole.
size_t PieceReader::blockAxis(size_t line) const {
  size_t least = 0;
  for (size_t i = 0; i <= line; ++i)
    if (!isWhole(axes[i]) && !isInsideRow(i))
      least = i;
  for (size_t i = least; i < line; ++i)
    if (inside(i) * width <= blockBytes)
      return i;
  return line;
}

std::string PieceReader::readBlocks(size_t line) {
  size_t first = blockAxis(line);
  int64_t entry = inside(first), size = axes[first].size, outer = size;
  for (size_t i = 0; i < first; ++i)
    outer *= axes[i].size;
  int64_t most = std::clamp<int64_t>(blockBytes / (entry * width), 1, size);
  block.resize(size_t(most * entry * width));
  for (int64_t done = 0; done < outer;) {
    int64_t at = 0, rest = done / size, begin = done % size;
    int64_t from = (axes[first].first + begin) * entry;
    for (size_t i = first; i-- > 0; rest /= axes[i].size) {
      int64_t index = rest % axes[i].size;
      at += index * axes[i].stride;
      from += (axes[i].first + index) * inside(i);
    }
    int64_t count = std::min(most, size - begin);
    std::string error = fetch(from, count * entry, block.data());
    if (!error.empty())
      return error;
    scatter(first, line, at + begin * axes[first].stride, count);
    done += count;
  }
  return "";
}

std::string PieceReader::read() {
  if (piece.elements() == 0)
    return "";
  bool inPlace = axes.size() == 1 && axes[0].stride == 1;
  return inPlace ? readInPlace() : readBlocks(lineAxis());
}

} // namespace

std::string readPiece(const moelora_checkpoint *file, uint64_t index,
                      const Piece &piece, moelora_dtype type, int64_t ids,
                      void *buffer) {
  return PieceReader(file, index, piece, type, ids, static_cast<char *>(buffer))
      .read();
}

} // namespace moelora::models
