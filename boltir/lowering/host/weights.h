// The weights: one block of device memory that all instances of a network share.
#ifndef BOLTIR_WEIGHTS_H
#define BOLTIR_WEIGHTS_H

#include <memory>
#include <string>

#include "device.h"

namespace boltir {

/// Uploads `folder`/weights.bin to the current device. Throws BOLTIR_BAD_WEIGHTS if it is not the program's.
std::shared_ptr<const DeviceMemory> upload_weights(const std::string& folder);

}  // namespace boltir

#endif
