/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Checks the rows of a run.
 */
#include "CanaryRun.h"

using namespace moelora::test;

void CanaryRun::checkAll() {
  for (size_t t = 0; t < tokens.size(); ++t)
    check(tokens[t], readLayers(t));
  underWay = false;
}

Reading CanaryRun::readLayers(size_t token) const {
  Reading all = readRow(output[0][token], 0, tokens[token].expert);
  for (int32_t layer = 1; layer < canaryLayers; ++layer) {
    Reading other =
        readRow(output[size_t(layer)][token], layer, tokens[token].expert);
    bool same = other.kind == all.kind && other.by.tenant == all.by.tenant &&
                other.by.version == all.by.version;
    if (other.kind == Reading::NotANumber)
      all.kind = Reading::NotANumber;
    else if (!same && all.kind != Reading::NotANumber)
      all.kind = Reading::Garbled; // two versions in one step
  }
  return all;
}

void CanaryRun::check(const Token &token, const Reading &reading) {
  CanaryCounts &counts = stage.counts;
  if (reading.kind == Reading::NotANumber)
    ++counts.notNumbers;
  else if (reading.kind == Reading::Garbled)
    ++counts.garbled;
  else if (token.kind == Leased)
    checkLeased(leases[token.lease], reading);
  else if (reading.kind == Reading::Signed)
    ++counts.crossed;
  else
    ++(token.kind == Base ? counts.base : counts.masked);
  counts.stale += token.kind == Stale;
}

void CanaryRun::checkLeased(const CanaryLease &lease, const Reading &reading) {
  CanaryCounts &counts = stage.counts;
  const CanaryTenant &tenant = stage.tenants[size_t(lease.tenant)];
  if (reading.kind == Reading::Base) {
    bool maybeOff = tenant.outages.asked > lease.outages;
    ++(maybeOff ? counts.disabled : counts.lost);
    return;
  }
  // Versions are signed modulo canaryVersions.
  int32_t newer = (reading.by.version - lease.version) & (canaryVersions - 1);
  if (reading.by.tenant != lease.tenant)
    ++counts.crossed;
  else if (lease.version + newer > tenant.versions.asked)
    ++counts.untimely;
  else
    ++counts.own;
}
