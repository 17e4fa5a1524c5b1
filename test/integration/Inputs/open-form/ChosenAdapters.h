// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two adapters of the layer @chosen, and slot tables with parts of them.
#ifndef MOELORA_TEST_OPENFORM_CHOSENADAPTERS_H
#define MOELORA_TEST_OPENFORM_CHOSENADAPTERS_H

#include "../calling/Data.h"

enum { Experts = 8, Intermediate = 32, Shared = 32 };

/// Part `number` of `of` equal ones.
struct Share {
  int64_t number = 0, of = 1;
};

/// What a rank has of a layer.
struct Parts {
  Share experts, columns;
  Share shared() const {
    return {experts.number * columns.of + columns.number,
            experts.of * columns.of};
  }
};

class ChosenAdapters {
public:
  ChosenAdapters();
  /// A table with the parts of both adapters, whose ids are the same in each.
  moelora_slot_table *makeTable(const Parts &parts);
  int32_t ids[2];

private:
  void addPair(int tenant, const std::string &module, int64_t in, int64_t out);
  void addTensor(int tenant, const std::string &name, int64_t rows,
                 int64_t columns, double range);
  moelora_adapter_target target() const {
    return {sizeof(moelora_adapter_target), 1, &site, 1, 0};
  }

  std::deque<std::string> names;
  std::deque<Elements> elements;
  std::vector<moelora_tensor_data> tensors[2];
  moelora_adapter_names modules = {};
  moelora_adapter_site site = {};
  moelora_adapter *adapters[2];
};

#endif // MOELORA_TEST_OPENFORM_CHOSENADAPTERS_H
