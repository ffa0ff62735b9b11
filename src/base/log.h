// The program's own log (not the audit log): lines on stderr for whoever operates the gateway.
// spdlog stands behind it in log.cc only. No secret, token or action text goes here: those belong
// into the audit log, redacted.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <string_view>

namespace countersign::log {

enum class Level { Debug, Info, Warning, Error };

/// Messages below `level` are dropped. Default: Info.
void set_level(Level level);
void debug(std::string_view message);
void info(std::string_view message);
void warning(std::string_view message);
void error(std::string_view message);

}  // namespace countersign::log
