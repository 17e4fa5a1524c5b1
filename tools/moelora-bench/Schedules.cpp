// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the schedules of fused ops, which are on one line each:
//
//   moelora.grouped_matmul ... activate(...) schedule(<..., tiles = [<tokens =
//     8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>,
//     ...]>)

#include "Schedules.h"

#include "Programs.h"
#include "moelora/host/Buffer.h"

#include <cstring>
#include <regex>

namespace moelora::bench {
namespace {

Tiles tilesOf(const std::string &op) {
  static const std::regex pattern("tokens = (\\d+), features = (\\d+), k = "
                                  "(\\d+), warps = (\\d+) x (\\d+), "
                                  "split_k = (\\d+), stages = (\\d+)");
  Tiles tiles;
  for (std::sregex_iterator at(op.begin(), op.end(), pattern), end; at != end;
       ++at) {
    auto number = [&](size_t group) { return std::stoll((*at)[group]); };
    tiles[number(1)] = {number(2), number(1), number(3), number(4),
                        number(5), number(7), number(6)};
  }
  return tiles;
}

bool contains(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

/// Where the tokens begin in the name of a kernel.
size_t endOfStage(const std::string &kernel) {
  size_t end = kernel.find_last_not_of("0123456789");
  return end == std::string::npos || kernel[end] != '_' ? kernel.size() : end;
}

} // namespace

std::string stageOf(std::string kernel) {
  size_t planning = kernel.find("_planning");
  if (planning != std::string::npos)
    kernel.erase(planning, std::strlen("_planning"));
  return kernel.substr(0, endOfStage(kernel));
}

int64_t tokensOf(const std::string &kernel) {
  size_t end = endOfStage(kernel);
  return end == kernel.size() ? 0 : std::atoll(kernel.c_str() + end + 1);
}

LayerTiles parseTiles(const std::string &text) {
  LayerTiles tiles;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find('\n', begin), text.size());
    std::string op = text.substr(begin, end - begin);
    begin = end + 1;
    if (!contains(op, "moelora.grouped_matmul"))
      continue;
    if (contains(op, " activate("))
      tiles.gateUp = tilesOf(op);
    else if (contains(op, " combine("))
      tiles.down = tilesOf(op);
  }
  return tiles;
}

LayerTiles readTiles(const std::string &folder, const std::string &config,
                     int32_t architecture) {
  host::TemporaryFolder made(
      host::TemporaryFolder::prefixIn("", "moelora-bench"));
  std::string layer = made.path() + "/layer.mlir";
  outputOf({folder + "/moelora-compile", config, "--emit=mlir", "-o", layer});
  return parseTiles(outputOf(
      {folder + "/moelora-opt", layer, "--moelora-fuse-lora",
       "--moelora-fuse-epilogue",
       "--moelora-schedule=target=sm_" + std::to_string(architecture)}));
}

} // namespace moelora::bench
