// Whether what a caller gives is what the network takes.
#ifndef BOLTIR_TENSORS_H
#define BOLTIR_TENSORS_H

#include "boltir_model.h"

namespace boltir {

/// The inputs and outputs of one run.
struct Tensors {
  const boltir_tensor* inputs;
  int input_count;
  const boltir_tensor* outputs;
  int output_count;
};

/// Throws BOLTIR_BAD_TENSOR with what was expected and what was given.
void check_tensors(const Tensors& given);

}  // namespace boltir

#endif
