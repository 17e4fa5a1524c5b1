// RUN: moelora-opt %s --split-input-file --verify-diagnostics

func.func @rms_norm_c1(%x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.rms_norm' op expects input and result to agree on columns, but input has 64 and result has 32}}
  %n = moelora.rms_norm %x {epsilon = 1.0e-06 : f32}
    : tensor<?x64xbf16> -> tensor<?x32xbf16>
  return
}

// -----

func.func @rms_norm_c2(%x: tensor<?x64xbf16>, %v: tensor<63xf32>) {
  // expected-error @below {{'moelora.rms_norm' op expects input and weight to agree on columns, but input has 64 and weight has 63}}
  %n = moelora.rms_norm %x weight(%v : tensor<63xf32>)
    {epsilon = 1.0e-06 : f32} : tensor<?x64xbf16> -> tensor<?x64xbf16>
  return
}

// -----

func.func @rms_norm_c3_negative(%x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.rms_norm' op expects epsilon to be finite and not negative, but it is -1.000000e+00}}
  %n = moelora.rms_norm %x {epsilon = -1.0 : f32}
    : tensor<?x64xbf16> -> tensor<?x64xbf16>
  return
}

// -----

func.func @rms_norm_c3_infinite(%x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.rms_norm' op expects epsilon to be finite and not negative, but it is INF}}
  %n = moelora.rms_norm %x {epsilon = 0x7F800000 : f32}
    : tensor<?x64xbf16> -> tensor<?x64xbf16>
  return
}

// -----

func.func @without_epsilon(%x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.rms_norm' op requires attribute 'epsilon'}}
  %n = moelora.rms_norm %x : tensor<?x64xbf16> -> tensor<?x64xbf16>
  return
}
