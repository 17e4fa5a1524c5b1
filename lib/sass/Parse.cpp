// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads what nvdisasm prints, such as
//
//   .section .nv.info,"",@"SHT_CUDA_INFO"
//   //----- nvinfo : EIATTR_REGCOUNT
//           /*0004*/   .word  index@(down_8)
//           /*0008*/   .word  0x0000004e
//   .section .text.down_8,"ax",@progbits
//   .L_x_720:
//           /*0cc0*/   @!P1 BRA `(.L_x_720) ;

#include "Code.h"

#include <cctype>
#include <cstdlib>

namespace moelora::sass {
namespace {

std::string_view trimmed(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r");
  size_t last = text.find_last_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, last - first + 1);
}

bool consume(std::string_view &text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix)
    return false;
  text = trimmed(text.substr(prefix.size()));
  return true;
}

/// Cuts the text at a character, which is in neither part.
std::string_view cut(std::string_view &text, std::string_view at) {
  size_t place = text.find_first_of(at);
  std::string_view before = text.substr(0, place);
  text = place == std::string_view::npos ? std::string_view()
                                         : trimmed(text.substr(place + 1));
  return before;
}

int64_t numberOf(std::string_view text) {
  return std::strtol(std::string(text).c_str(), nullptr, 0);
}

/// Reads lines one after another. A section is of one kernel, except .nv.info,
/// whose attributes name their kernels.
class Reader {
public:
  void line(std::string_view text);
  std::vector<Kernel> finish();

private:
  enum Section { Other, Text, Info, Shared };

  void beginSection(std::string_view name);
  void endSection();
  void infoLine(std::string_view text);
  void setAttribute(int64_t value);
  void textLine(std::string_view text);
  void instruction(std::string_view text);
  void branch(std::string_view opcode, std::string_view operands,
              bool isPredicated);

  Section section = Other;
  std::string owner;     // the kernel of the section
  std::string attribute; // whose value is expected, or ""
  std::string subject;   // the kernel of the attribute
  Code code;
  std::map<std::string, Kernel> known; // also functions that are no kernels
  std::vector<std::string> order;
};

void Reader::endSection() {
  if (section != Text)
    return;
  Kernel &kernel = known[owner];
  for (const Mix &instruction : code.instructions)
    kernel.whole += instruction;
  findMainLoop(code, kernel);
  code = {};
}

void Reader::beginSection(std::string_view name) {
  endSection();
  attribute.clear();
  section = consume(name, ".text.")        ? Text
            : consume(name, ".nv.info.")   ? Info
            : consume(name, ".nv.shared.") ? Shared
            : name == ".nv.info"           ? Info
                                           : Other;
  owner = name;
  if (section == Text)
    order.push_back(owner);
}

void Reader::setAttribute(int64_t value) {
  Kernel &kernel = known[subject];
  if (attribute == "REGCOUNT")
    kernel.registers = value;
  if (attribute == "FRAME_SIZE")
    kernel.stackBytes = value;
  if (attribute == "REQNTID" || attribute == "MAX_THREADS")
    kernel.threads = value;
  attribute.clear();
}

void Reader::infoLine(std::string_view text) {
  if (size_t at = text.find("EIATTR_"); at != std::string_view::npos) {
    attribute = text.substr(at + 7);
    subject = owner;
  }
  size_t word = text.find(".word");
  if (word == std::string_view::npos || attribute.empty())
    return;
  text = trimmed(text.substr(word + 5));
  if (consume(text, "index@("))
    subject = cut(text, ")");
  else
    setAttribute(numberOf(text));
}

/// Notes branches, which may close loops, and where the code before what
/// handles rare cases ends.
void Reader::branch(std::string_view opcode, std::string_view operands,
                    bool isPredicated) {
  size_t place = code.instructions.size();
  size_t begin = operands.find("`(");
  if (begin != std::string_view::npos && opcode.substr(0, 3) == "BRA") {
    std::string_view target = operands.substr(begin + 2);
    code.branches.push_back({place, std::string(cut(target, ")"))});
  }
  if ((opcode.substr(0, 4) == "EXIT" || opcode.substr(0, 3) == "RET") &&
      !isPredicated)
    code.ends.push_back(place);
}

void Reader::instruction(std::string_view text) {
  bool isPredicated = consume(text, "@");
  if (isPredicated)
    cut(text, " \t");
  std::string_view opcode = cut(text, " \t;");
  if (opcode.empty() || !std::isupper(static_cast<unsigned char>(opcode[0])))
    return;
  branch(opcode, text, isPredicated);
  code.instructions.push_back(mixOf(opcode, text));
}

void Reader::textLine(std::string_view text) {
  if (consume(text, ".sectioninfo")) {
    size_t value = text.find("SHI_REGISTERS=");
    if (value != std::string_view::npos)
      known[owner].registers = numberOf(text.substr(value + 14));
  } else if (text.back() == ':') {
    code.labels.emplace(text.substr(0, text.size() - 1),
                        code.instructions.size());
  } else if (text.find(';') != std::string_view::npos) {
    if (consume(text, "/*"))
      cut(text, "/");
    instruction(text);
  }
}

void Reader::line(std::string_view text) {
  text = trimmed(text);
  if (text.empty())
    return;
  if (consume(text, ".section ") || consume(text, ".section\t"))
    beginSection(cut(text, ","));
  else if (section == Info)
    infoLine(text);
  else if (section == Text)
    textLine(text);
  else if (section == Shared && consume(text, ".zero"))
    known[owner].sharedBytes += numberOf(text);
}

std::vector<Kernel> Reader::finish() {
  endSection();
  std::vector<Kernel> kernels;
  for (const std::string &name : order) {
    kernels.push_back(known[name]);
    kernels.back().name = name;
  }
  return kernels;
}

} // namespace

std::vector<Kernel> parse(std::string_view text) {
  Reader reader;
  while (!text.empty()) {
    size_t end = text.find('\n');
    reader.line(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view()
                                         : text.substr(end + 1);
  }
  return reader.finish();
}

} // namespace moelora::sass
