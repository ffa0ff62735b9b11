// Everything that describes the commands to people and shells, printed from the command table:
// overview, help of one verb, manual page, completion. Pure; thread safe.
#pragma once

#include <string>

#include "cli/command.h"

namespace countersign::cli {

/// `countersign help`: all verbs by group, one line each.
std::string overview(const Look& stream);
/// `countersign help VERB`, `countersign VERB --help`.
std::string command_help(const Look& stream, const Command& command);
/// countersign(1) in man(7) macros. man/countersign.1 is this text; a test compares them.
std::string manual_page();
/// A bash completion script: verbs, second words, flags and the choices of flags.
std::string bash_completion();

/// The version that `countersign version` prints and the manual names.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace countersign::cli
