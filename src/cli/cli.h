// The whole of `countersign` behind main: words in, exit status out. Everything it touches comes
// through the World, so tests run it as it is.
#pragma once

#include <span>
#include <string>

#include "cli/world.h"

namespace countersign::cli {

/// `words` are argv without the program's name. Prints what went wrong as
/// "countersign: what: why (hint: ...)". Exit status 0 success, 1 failure, 2 usage error, or what
/// the verb says.
int run_command(World& world, std::span<const std::string> words);

}  // namespace countersign::cli
