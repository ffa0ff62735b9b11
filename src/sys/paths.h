// Where a person's files are, after the XDG base directory specification 0.8. Nothing is created.
// Reads the environment and the password database; thread safe as long as nobody calls setenv.
#pragma once

#include <string>

#include "base/result.h"

namespace countersign::sys {

/// $HOME when it is absolute, else the password database. NotFound when neither knows.
Result<std::string> home_directory();
/// $XDG_CONFIG_HOME/countersign, default ~/.config/countersign.
Result<std::string> config_directory();
/// $XDG_STATE_HOME/countersign, default ~/.local/state/countersign.
Result<std::string> state_directory();
/// $XDG_RUNTIME_DIR/countersign; without it /run/user/<uid>/countersign if that directory exists
/// and is ours, for root /run/countersign, else /tmp/countersign-<uid>. The caller makes it with
/// make_private_directory, which refuses one that somebody else planted.
std::string runtime_directory();
/// $TMPDIR when it is absolute, else /tmp.
std::string temporary_directory();

}  // namespace countersign::sys
