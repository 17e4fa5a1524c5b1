// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a compiled layer promises about the bits of its output:
// - repeated runs, in any order of threads, have the same bits;
// - no bit depends on memory that nothing has written, whatever is loaded from
//   it, so runs in which this memory is filled with other bytes have the same;
// - a row has the bits of its token alone, and in a batch in another order, and
//   with its choices in another order, whatever tile computes it;
// - a row without adapter has the bits of code that was compiled without
//   adapters;
// - NaN and infinities stay in the rows of their token, and of their adapter;
// - an id or a number that names nothing is as -1, wherever it is, and no other
//   row sees it; tokens beyond the number of valid ones are not seen.

#ifndef MOELORA_TEST_DIFFERENTIAL_PROMISES_H
#define MOELORA_TEST_DIFFERENTIAL_PROMISES_H

#include "Compile.h"
#include "Run.h"

namespace moelora::differential {

/// A case as compiled code, with one set of data.
struct Subject {
  const Case &c;
  const Data &data;
  const moelora_artifact &artifact;
  Target target;
  moelora_services services;
  unsigned runs; // in different orders of threads
};

/// The promises that are broken; empty if none is.
std::string brokenPromises(const Subject &subject);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_PROMISES_H
