// The real World: this process's streams, the person's gateway, the system's clock.
#pragma once

#include <memory>

#include "cli/world.h"

namespace countersign::cli {

/// Opens nothing yet: each part is made when a verb first asks for it, since `hook` runs at every
/// tool call and needs none.
std::unique_ptr<World> real_world();

}  // namespace countersign::cli
