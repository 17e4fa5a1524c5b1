// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of moelora-bench.
#ifndef MOELORA_TOOLS_BENCH_OPTIONS_H
#define MOELORA_TOOLS_BENCH_OPTIONS_H

#include "Shape.h"

namespace moelora::bench {

struct CpuOptions {
  std::vector<Shape> shapes;
  std::vector<int64_t> tokens = {1, 16, 256};
  std::vector<int32_t> adapters = {0, 1, 8};
  int32_t rank = 16;
  int64_t repeat = 15;
  int32_t threads = 0;
  std::string cpu = "native";
  std::string python; // empty: no peer
  std::string json;   // file; empty: none
};

struct RuntimeOptions {
  int64_t layers = 48;   // of the large adapters
  int64_t experts = 128; // of every layer that takes much memory
  int64_t repeat = 9;
  int32_t threads = 0;
  std::string folder; // for the large adapters; empty: the system's
  std::string json;   // file; empty: none
};

struct AdapterCount {
  int32_t adapters, rank = 0; // 0: the option --rank
};

struct GpuOptions {
  bool isStatic = false, launchesAlone = false;
  std::vector<std::string> configs; // of models; else the shapes
  std::vector<std::string> cubins;  // also of other compilers
  std::vector<int32_t> architectures = {80, 90};
  std::vector<Shape> shapes;
  std::vector<int64_t> tokens = {16, 256};
  std::vector<AdapterCount> adapters = {{0}, {1}, {8}};
  int32_t rank = 16;
  bool mixed = false;
  bool peer = false;   // compare with the strategy of other engines
  int64_t seconds = 0; // after which no cell is begun; 0: no limit
  std::string device = "cuda";
  std::string prepare; // a folder to compile into; empty: measure
  std::string target;  // to compile for; empty: as device and architectures say
  std::string prepared; // a folder with compiled layers; empty: compile
  int64_t repeat = 50;
  int64_t replays = 0; // with other adapters each time; 0: measure
  std::string json;    // file; empty: none
};

struct CompileOptions {
  std::vector<std::string> configs;
  std::vector<int32_t> architectures = {80, 90, 120};
  int64_t runs = 1; // the fastest counts
  std::string json; // file; empty: none
};

struct Options {
  enum { None, Cpu, Runtime, Gpu, Compile } tier = None; // None: help
  CpuOptions cpu;
  RuntimeOptions runtime;
  GpuOptions gpu;
  CompileOptions compile;
};

/// Throws a UsageError.
Options parseOptions(int count, char **arguments);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_OPTIONS_H
