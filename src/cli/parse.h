// Command line words -> Arguments, against one row of the command table. CLI11 stands behind it,
// and only the chosen verb's flags are set up, so start-up does not grow with the table.
// Pure; thread safe.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "cli/command.h"

namespace countersign::cli {

/// `words` follow the verb's name. InvalidArgument (a usage error, exit status 2) for an unknown
/// flag, a missing value, a value outside a flag's choices, or too few or many operands. "--" ends
/// the flags. `--help` gives the single flag "help" and checks nothing else.
Result<Arguments> parse_arguments(const Command& command, std::span<const std::string> words);

/// "countersign rules test [--agent TYPE] ... ID TEXT"
std::string usage_line(const Command& command);

}  // namespace countersign::cli
