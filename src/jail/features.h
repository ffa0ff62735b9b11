// What follows from the kernel's features for a run, one line each: what is enforced with it, or
// what is not without it. Apart from jail.h so that features can be made up. Thread safe (no
// state).
#pragma once

#include <vector>

#include "jail/jail.h"
#include "sys/features.h"

namespace countersign::jail {

/// The lines of features() for a kernel with these.
std::vector<Feature> features_of(const sys::KernelFeatures& kernel);

}  // namespace countersign::jail
