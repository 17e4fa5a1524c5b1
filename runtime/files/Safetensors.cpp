/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads and checks the header of a safetensors file.
 */
#include "files/Safetensors.h"

#include "base/Text.h"
#include "files/Json.h"

#include <algorithm>
#include <cctype>
#include <tuple>

using namespace moelora;

namespace {

/// The document has three levels: names, fields of a tensor, its numbers. Any
/// other structure is an error with the name of the tensor.
class HeaderEvents final : public JsonEvents {
public:
  HeaderEvents(const std::string &path, std::vector<Tensor> &tensors)
      : path(path), tensors(tensors) {}

  void beginObject() override {
    ++level;
    if (level > 2 || (level == 2 && inArray))
      refuse("unexpected object");
    if (level == 2 && !inMetadata)
      seen = 0;
  }
  void endObject() override {
    if (level == 2 && !inMetadata)
      finish();
    --level;
  }
  void beginArray() override {
    if (level != 2 || inArray || inMetadata || field > Offsets ||
        field == Dtype)
      refuse("unexpected array");
    inArray = true;
    numbers = 0;
  }
  void endArray() override {
    inArray = false;
    if (field == Shape)
      current.dims = numbers;
    else if (numbers != 2)
      refuse("expects data_offsets to have 2 numbers, but it has " +
             std::to_string(numbers));
  }

  void key(std::string &text) override {
    if (level == 1)
      return beginTensor(text);
    if (inMetadata)
      return;
    field = text == "dtype"          ? Dtype
            : text == "shape"        ? Shape
            : text == "data_offsets" ? Offsets
                                     : Unknown;
    if (field == Unknown)
      refuse("unknown field '" + text + "'");
    seen |= 1u << field;
  }
  void string(std::string &text) override {
    if (level == 2 && inMetadata)
      return;
    if (level != 2 || inArray || field != Dtype)
      refuse("unexpected string");
    current.dtype = findFileDtype(text);
    if (current.dtype == 0)
      refuse("unknown dtype " + quoted(text, 32));
  }
  void integer(int64_t value) override {
    if (!inArray || value < 0)
      refuse("expects sizes and offsets to be non-negative integers");
    if (field == Shape && numbers == MOELORA_MAX_DIMS)
      refuse("expects a shape of at most " + std::to_string(MOELORA_MAX_DIMS) +
             " dimensions");
    if (field == Shape)
      current.shape[numbers] = value;
    else if (numbers < 2)
      offsets[numbers] = static_cast<uint64_t>(value);
    ++numbers;
  }
  void real(double) override { integer(-1); }
  void boolean(bool) override { refuse("unexpected boolean"); }
  void null() override { refuse("unexpected null"); }

private:
  enum Field { Dtype, Shape, Offsets, Unknown };

  [[noreturn]] void refuse(const std::string &why) {
    fail(path + ": " +
         (current.name.empty() ? "" : "tensor '" + current.name + "': ") + why);
  }

  void beginTensor(std::string &name) {
    inMetadata = name == "__metadata__";
    current = Tensor();
    if (name.empty() || name.size() > maxNameBytes)
      refuse("expects names of 1 to " + std::to_string(maxNameBytes) +
             " bytes, but one has " + std::to_string(name.size()));
    for (unsigned char byte : name)
      if (byte < ' ' || byte == 0x7f)
        refuse("expects names without control characters");
    current.name = std::move(name);
    field = Unknown;
  }

  void finish() {
    if (seen != 7)
      refuse("expects dtype, shape and data_offsets, but one is missing");
    auto elements = countElements(current.shape.data(), current.dims);
    uint64_t size = moelora_dtype_bytes(current.dtype);
    if (!elements || *elements > UINT64_MAX / size)
      refuse("the shape " + shapeText(current.shape.data(), current.dims) +
             " has more elements than can be counted");
    current.elements = *elements;
    current.bytes = *elements * size;
    if (offsets[1] < offsets[0] || offsets[1] - offsets[0] != current.bytes)
      refuse("expects data_offsets to span the " +
             std::to_string(current.bytes) + " bytes of its shape and dtype, " +
             "but they are [" + std::to_string(offsets[0]) + ", " +
             std::to_string(offsets[1]) + "]");
    current.offset = offsets[0];
    tensors.push_back(std::move(current));
    current = Tensor();
  }

  const std::string &path;
  std::vector<Tensor> &tensors;
  Tensor current;
  uint64_t offsets[2] = {0, 0};
  Field field = Unknown;
  unsigned seen = 0; ///< bit per Field
  int32_t numbers = 0;
  int level = 0;
  bool inArray = false;
  bool inMetadata = false;
};

/// Sorts by position, and checks that tensors do not overlap or leave gaps.
void checkTiling(const File &file, std::vector<Tensor> &tensors, uint64_t begin,
                 Work &work) {
  auto before = [&](const Tensor &left, const Tensor &right) {
    work.step();
    return std::tie(left.offset, left.bytes, left.name) <
           std::tie(right.offset, right.bytes, right.name);
  };
  if (!std::is_sorted(tensors.begin(), tensors.end(), before))
    std::sort(tensors.begin(), tensors.end(), before);
  uint64_t data = file.size() - begin, end = 0;
  for (Tensor &tensor : tensors) {
    auto refuse = [&](const std::string &why) {
      fail(file.path() + ": tensor '" + tensor.name + "' " + why);
    };
    if (tensor.offset < end)
      refuse("overlaps its predecessor: it has the offset " +
             std::to_string(tensor.offset) + ", the other ends at " +
             std::to_string(end));
    if (tensor.offset > end)
      refuse("leaves a hole: it has the offset " +
             std::to_string(tensor.offset) + ", its predecessor ends at " +
             std::to_string(end));
    if (tensor.bytes > data - end)
      refuse("reaches past the end of the file (is it truncated?): it ends at "
             "offset " +
             std::to_string(tensor.offset + tensor.bytes) + " of " +
             std::to_string(data) + " bytes of data");
    end += tensor.bytes;
    tensor.offset += begin;
  }
  if (end != data)
    fail(file.path() +
         ": expects the tensors to fill the file, but they leave "
         "a hole of " +
         std::to_string(data - end) + " bytes at its end");
}

} // namespace

/// The first bytes of files of other kinds that are given by mistake. If a kind
/// is text, the first eight bytes must be text.
static constexpr struct {
  std::string_view mark;
  bool isText;
  const char *kind;
} otherKinds[] = {
    {"{", true, "a JSON file"},
    {"[", true, "a JSON file"},
    {"<", true, "a page of HTML"},
    {"GGUF", false, "a GGUF file"},
    {"PK\3\4", false, "a pickle, as torch.save writes it"},
    {"\x80\2", false, "a pickle"},
    {"\x80\4", false, "a pickle"},
};

/// A message for a file of another kind. Its first eight bytes, read as the
/// length of a header, would be a meaningless number.
static void refuseOtherKinds(const File &file) {
  std::string begin(std::min<uint64_t>(file.size(), sizeof(uint64_t)), '\0');
  file.read(0, begin.size(), begin.data());
  bool isText = std::all_of(begin.begin(), begin.end(), [](unsigned char c) {
    return std::isprint(c) || std::isspace(c);
  });
  for (const auto &other : otherKinds)
    if (begin.rfind(other.mark, 0) == 0 && (isText || !other.isText))
      fail(file.path() + ": expects a safetensors file, but it begins like " +
           other.kind);
}

std::vector<Tensor> moelora::readSafetensorsHeader(const File &file,
                                                   Work &work) {
  uint64_t header = 0;
  constexpr uint64_t prefix = sizeof header;
  file.checkNoPointer();
  if (file.size() >= prefix)
    file.read(0, prefix, &header); // little endian, as this machine is
  if (file.size() < prefix || header > maxHeaderBytes)
    refuseOtherKinds(file);
  if (file.size() < prefix)
    fail(file.path() + " is truncated: expects at least 8 bytes, but it has " +
         std::to_string(file.size()));
  if (header > maxHeaderBytes)
    fail(file.path() + ": expects a header of at most " +
         std::to_string(maxHeaderBytes) + " bytes, but it says " +
         std::to_string(header));
  if (header > file.size() - prefix)
    fail(file.path() + " is truncated: its header of " +
         std::to_string(header) + " bytes reaches past the end");
  std::string text(header, '\0');
  file.read(prefix, header, text.data());
  std::vector<Tensor> tensors;
  // An estimate, limited to the number that a header of this length can
  // contain.
  constexpr size_t shortestEntry = 48;
  auto objects = std::count(text.begin(), text.end(), '{');
  tensors.reserve(
      std::min(static_cast<size_t>(objects), text.size() / shortestEntry));
  HeaderEvents events(file.path(), tensors);
  parseJson(text, file.path(), events, work);
  checkTiling(file, tensors, prefix + header, work);
  return tensors;
}
