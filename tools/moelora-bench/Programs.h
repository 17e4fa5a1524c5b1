// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Other programs that benchmarks run.
#ifndef MOELORA_TOOLS_BENCH_PROGRAMS_H
#define MOELORA_TOOLS_BENCH_PROGRAMS_H

#include <string>
#include <vector>

namespace moelora::bench {

/// Runs a program to its end, and returns what it has printed to standard
/// output. Throws an Error if it fails.
std::string outputOf(std::vector<std::string> words);

/// The processor time of all programs that have been run to their end, with
/// those that they have run. Unlike the time that passes, it does not depend
/// much on what else the machine does.
double childSeconds();

/// The path of nvdisasm. It is searched for in CUDA_HOME, in PATH, in
/// /usr/local/cuda, and in the Python package nvidia-cuda-nvdisasm of the
/// python3 in PATH. Throws an Error that states what to do if there is none.
std::string findDisassembler();

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_PROGRAMS_H
