// The run itself, with the asking injected. jail::run() is this with AgentClient behind the Asker.
#pragma once

#include "jail/asker.h"
#include "jail/jail.h"

namespace countersign::jail {

Result<RunReport> supervise(const RunOptions& options, const AskerFactory& askers);

}  // namespace countersign::jail
