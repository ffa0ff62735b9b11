// The run itself, with the asking injected. jail::run() is this with AgentClient behind the Asker.
#pragma once

#include <optional>

#include "jail/asker.h"
#include "jail/jail.h"
#include "jail/unverified_starts.h"

namespace countersign::jail {

Result<RunReport> supervise(const RunOptions& options, const AskerFactory& askers,
                            std::optional<UnverifiedStarts> unverified = std::nullopt);

}  // namespace countersign::jail
