// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled layer of one shape with random weights and adapters, ready to run.
#ifndef MOELORA_TOOLS_BENCH_PROBLEM_H
#define MOELORA_TOOLS_BENCH_PROBLEM_H

#include "Shape.h"
#include "moelora/reference/Compare.h"
#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Execute.h"

#include <memory>

namespace moelora::bench {

/// Signed random bf16 numbers on huge pages; freed with the object.
class Buffer {
public:
  Buffer() = default;
  Buffer(int64_t elements, uint64_t seed);
  Buffer(Buffer &&other) noexcept;
  Buffer &operator=(Buffer &&other) noexcept;
  ~Buffer();

  uint16_t *data() const { return elements; }
  uint64_t bytes() const { return size; }

private:
  uint16_t *elements = nullptr;
  uint64_t size = 0;
};

/// `count` adapters of one rank on every expert, as generated code reads them:
/// an image each, on huge pages.
class Adapters {
public:
  Adapters(const Shape &shape, int32_t count, int32_t rank);

  int32_t count() const { return static_cast<int32_t>(images.size()); }
  /// Directory words, by slot.
  const uint64_t *words() const { return list.data(); }
  /// The pair of an expert, and pages of it.
  const moelora_pair &pair(int32_t slot, int32_t projection,
                           int64_t expert) const;
  const uint16_t *pages(int32_t slot, uint32_t units) const;

private:
  const char *image(int32_t slot) const;

  std::vector<Buffer> images;
  std::vector<uint64_t> list;
};

/// Compiles a layer of this shape with moelora-compile and loads it.
class Compiled {
public:
  Compiled(const Shape &shape, const std::string &compiler,
           const std::string &cpu);
  ~Compiled();
  const moelora_artifact &artifact() const {
    return *moelora_artifact_of(file, 0);
  }
  const moelora_variant &variant() const { return *artifact().variant; }
  /// The function that takes expert ids.
  moelora_run_function run() const;

private:
  moelora_artifact_file *file = nullptr;
};

/// Weights of a shape.
struct Weights {
  explicit Weights(const Shape &shape);
  Buffer router, gateUp, down;
};

/// One cell: inputs, output, workspace. Borrows weights and adapters.
class Problem {
public:
  Problem(const Shape &shape, const Cell &cell, const Compiled &compiled,
          const Weights &weights, const Adapters &adapters,
          const moelora_services &services);
  void run();
  /// A few sampled rows of the last run against the reference.
  reference::Verdict compare() const;

  const std::vector<Routing> routings;

private:
  /// What a row of the variant is given.
  void *dataOf(int32_t role, const Routing &routing) const;

  const Shape &shape;
  const Cell cell;
  const Compiled &compiled;
  const Weights &weights;
  const Adapters &adapters;
  moelora_services services;
  moelora_run_stats stats = {};
  size_t runs = 0;
  Buffer hidden, output;
  std::vector<float> routerWeights;
  std::vector<char> workspace;
  std::vector<void *> operands; // by row of the variant
  std::vector<std::vector<int64_t>> strides;
  std::vector<const int64_t *> strideOf;
};

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_PROBLEM_H
