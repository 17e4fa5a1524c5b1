// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --convert-moelora-to-cpu=cpu=x86-64-v3
// Code is generated as the schedule states, or not at all.

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

moelora.layer @unscheduled(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<1x20x20xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x20xbf16> {
  // expected-error @below {{expects a plan to have the schedule of a CPU, as moelora-schedule attaches it, but it has none}}
  %one = moelora.plan -> !one
  %o = moelora.grouped_matmul gather %x by %one, %w sum
    : tensor<?x20xbf16>, !one, tensor<1x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

moelora.layer @scheduled_for_a_gpu(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<1x20x20xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x20xbf16> {
  // expected-error @below {{expects a plan to have the schedule of a CPU, as moelora-schedule attaches it, but it has that of a GPU}}
  %one = moelora.plan schedule(#moelora.schedule<
    strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>) -> !one
  %o = moelora.grouped_matmul gather %x by %one, %w sum
    : tensor<?x20xbf16>, !one, tensor<1x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

moelora.layer @more_rows_than_registers(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<1x20x20xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x20xbf16> {
  // expected-error @below {{expects row groups of at most 2 rows, which the registers of the target hold, but the schedule has 4}}
  %one = moelora.plan schedule(#moelora.cpu_schedule<rows = 48, group = 4>)
    -> !one
  %o = moelora.grouped_matmul gather %x by %one, %w sum
    : tensor<?x20xbf16>, !one, tensor<1x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!table = !moelora.slot_table<2 slots, 1 experts, 1 x 20 x 20, max_rank = 16, bf16, fragment_major>

// expected-error @below {{expects the pages of shared_down_adapters in the order row_major for a CPU, but the order is fragment_major}}
moelora.layer @pages_of_a_gpu(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %t: !table {moelora.role = #moelora.role<shared_down_adapters>},
    %w: tensor<1x20x20xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x20xbf16> {
  %slot = moelora.resolve_slots %ids in %t : tensor<?xi32>, !table
  %one = moelora.plan slots(%slot : tensor<?xi32>) -> !one
  %u = moelora.shrink gather %x by %one, %t
    : tensor<?x20xbf16>, !one, !table -> tensor<?x1x16xbf16>
  %o = moelora.grouped_matmul gather %x by %one, %w
    lora(%u, %t : tensor<?x1x16xbf16>, !table) sum
    : tensor<?x20xbf16>, !one, tensor<1x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}
