// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the experts' pairs of a layer in one of the forms, exactly or not at
// all.
//
// A packed parameter has one rank and one scale for all experts, and one A for
// gate and up. If gate and up have different A, the parameter contains both,
// and B is block-diagonal:
//
//     [delta gate]     [B gate    0 ] [A gate]
//     [delta up  ]  =  [  0     B up] [A up  ]
//
// Pairs with such a B are divided again when they are converted to another
// form.
#ifndef MOELORA_ADAPTERS_FORMS_H
#define MOELORA_ADAPTERS_FORMS_H

#include "moelora/adapters/NewAdapter.h"

namespace moelora::adapters {

/// The names of tensors and parameters.
struct Spelling {
  std::string prefix = "base_model.model.model."; ///< before "layers."
  bool modules = false; ///< packed parameters are named as modules of the block
};

/// Throws host::Error if the form cannot represent the pairs.
void writeLayer(const moelora_adapter_site &site, const PairSource &source,
                Form form, int32_t dtype, const Spelling &spelling,
                NewAdapter &to);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_FORMS_H
