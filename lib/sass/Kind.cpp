// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kinds of instructions.

#include "moelora/sass/Sass.h"

#include <algorithm>
#include <cstdlib>

namespace moelora::sass {
namespace {

bool startsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Prefixes of opcodes. The first one that fits states the kind, so a longer
/// one stands before its beginning.
struct Prefix {
  std::string_view text;
  Kind kind;
};
constexpr Prefix prefixes[] = {
    {"HMMA", Kind::Tensor},       {"HGMMA", Kind::Tensor},
    {"IMMA", Kind::Tensor},       {"IGMMA", Kind::Tensor},
    {"QGMMA", Kind::Tensor},      {"QMMA", Kind::Tensor},
    {"LDSM", Kind::LoadMatrix},   {"LDGSTS", Kind::Copy},
    {"UTMALDG", Kind::Copy},      {"UBLKCP", Kind::Copy},
    {"LDGDEPBAR", Kind::Barrier}, {"LDGMC", Kind::GlobalLoad},
    {"LDG", Kind::GlobalLoad},    {"LDC", Kind::Move},
    {"LDL", Kind::Local},         {"STL", Kind::Local},
    {"LDS", Kind::Shared},        {"STSM", Kind::Shared},
    {"STS", Kind::Shared},        {"ATOMS", Kind::Shared},
    {"LD", Kind::GlobalLoad},     {"STG", Kind::GlobalStore},
    {"ST", Kind::GlobalStore},    {"REDUX", Kind::Integer},
    {"RED", Kind::GlobalStore},   {"ATOM", Kind::GlobalStore},
    {"BAR", Kind::Barrier},       {"DEPBAR", Kind::Barrier},
    {"SYNCS", Kind::Barrier},     {"WARPSYNC", Kind::Barrier},
    {"BSSY", Kind::Barrier},      {"BSYNC", Kind::Barrier},
    {"BREAK", Kind::Barrier},     {"BMOV", Kind::Barrier},
    {"WARPGROUP", Kind::Barrier}, {"FENCE", Kind::Barrier},
    {"MEMBAR", Kind::Barrier},    {"ERRBAR", Kind::Barrier},
    {"ARRIVES", Kind::Barrier},   {"CCTL", Kind::Barrier},
    {"ACQBULK", Kind::Barrier},   {"BRA", Kind::Branch},
    {"BRX", Kind::Branch},        {"JMP", Kind::Branch},
    {"EXIT", Kind::Branch},       {"CALL", Kind::Branch},
    {"RET", Kind::Branch},        {"NOP", Kind::Nop},
    {"MOVM", Kind::Other},        {"MOV", Kind::Move},
    {"UMOV", Kind::Move},         {"IMAD.MOV", Kind::Move},
    {"R2UR", Kind::Move},         {"CS2R", Kind::Move},
    {"S2R", Kind::Move},          {"S2UR", Kind::Move},
    {"ULDC", Kind::Move},         {"P2R", Kind::Move},
    {"R2P", Kind::Move},          {"MUFU", Kind::Float},
    {"HFMA", Kind::Float},        {"HADD", Kind::Float},
    {"HMUL", Kind::Float},        {"HSET", Kind::Float},
    {"HMNMX", Kind::Float},       {"I2F", Kind::Float},
    {"F2F", Kind::Float},         {"FLO", Kind::Integer},
    {"IADD", Kind::Integer},      {"IMAD", Kind::Integer},
    {"ISETP", Kind::Integer},     {"ISCADD", Kind::Integer},
    {"IABS", Kind::Integer},      {"IMNMX", Kind::Integer},
    {"IDP", Kind::Integer},       {"LEA", Kind::Integer},
    {"LOP", Kind::Integer},       {"PLOP", Kind::Integer},
    {"SHF", Kind::Integer},       {"SEL", Kind::Integer},
    {"PRMT", Kind::Integer},      {"BMSK", Kind::Integer},
    {"BREV", Kind::Integer},      {"SGXT", Kind::Integer},
    {"POPC", Kind::Integer},      {"VIADD", Kind::Integer},
    {"VIMNMX", Kind::Integer},    {"VOTE", Kind::Integer},
    {"R2B", Kind::Barrier},       {"B2R", Kind::Barrier},
    {"U", Kind::Integer},         {"F", Kind::Float},
};

/// A move that is written as arithmetic: `IMAD.U32 R, RZ, RZ, R`.
bool isMove(std::string_view opcode, std::string_view operands) {
  return opcode == "IMAD.U32" && contains(operands, "RZ, RZ,");
}

Kind kindOf(std::string_view opcode, std::string_view operands) {
  if (isMove(opcode, operands))
    return Kind::Move;
  for (const Prefix &prefix : prefixes)
    if (startsWith(opcode, prefix.text))
      return prefix.kind;
  return Kind::Other;
}

/// The products of a warp, in units of m16n8k16. An HGMMA.64xNx16 belongs to
/// four warps.
double mmasOf(std::string_view opcode) {
  size_t group = opcode.find(".64x");
  if (group != std::string_view::npos) {
    std::string columns(opcode.substr(group + 4, 3));
    return double(std::strtol(columns.c_str(), nullptr, 10)) / 8;
  }
  return contains(opcode, ".1688") ? 0.5 : 1;
}

/// Cycles of shared memory for a warp that reads or writes `width` bytes of
/// each of its 32 lanes.
int64_t cyclesOf(Kind kind, std::string_view opcode) {
  constexpr int64_t cycle = 4; // bytes of each lane in a cycle
  if (kind == Kind::LoadMatrix)
    return contains(opcode, ".4") ? 4 : contains(opcode, ".2") ? 2 : 1;
  bool isAccess = kind == Kind::Shared || startsWith(opcode, "LDGSTS");
  if (!isAccess)
    return 0;
  return contains(opcode, ".128")  ? 16 / cycle
         : contains(opcode, ".64") ? 8 / cycle
                                   : 1;
}

} // namespace

const char *nameOf(Kind kind) {
  constexpr const char *names[kinds] = {
      "tensor",  "ldsm",    "copy", "ldg",   "stg",    "shared", "local",
      "barrier", "integer", "move", "float", "branch", "nop",    "other"};
  return names[size_t(kind)];
}

int64_t Mix::all() const {
  int64_t sum = 0;
  for (int64_t count : counts)
    sum += count;
  return sum;
}

double Mix::tensorShare() const {
  int64_t issued = all();
  return issued ? double((*this)[Kind::Tensor]) / double(issued) : 0;
}

double Mix::perMma(Kind kind) const {
  return mmas > 0 ? double((*this)[kind]) / mmas : 0;
}

void Mix::operator+=(const Mix &other) {
  for (size_t kind = 0; kind < kinds; ++kind)
    counts[kind] += other.counts[kind];
  mmas += other.mmas;
  sharedCycles += other.sharedCycles;
}

Mix mixOf(std::string_view opcode, std::string_view operands) {
  Kind kind = kindOf(opcode, operands);
  Mix mix;
  mix.counts[size_t(kind)] = 1;
  mix.mmas = kind == Kind::Tensor ? mmasOf(opcode) : 0;
  mix.sharedCycles = cyclesOf(kind, opcode);
  return mix;
}

} // namespace moelora::sass
