// The door `hook`: an agent's own pre-tool hook. Reads one hook event (JSON) on stdin, answers with
// the decision in the agent's own form on stdout. Known agents: claude-code (PreToolUse,
// PostToolUse; Anthropic's hooks reference, versions 2.x).
//
// Promises: never "allow" on an error. It sees what the agent reports and nothing else
// (SECURITY.md). One call per process; not thread safe.
#pragma once

#include <string_view>

namespace countersign::doors::hook {

/// Exit status: 0 with the decision on stdout; 2 with the reason on stderr, which blocks the call,
/// when the event cannot be read or the agent is unknown; 1 when a PostToolUse could not be noted,
/// which blocks nothing.
int run(std::string_view agent);

}  // namespace countersign::doors::hook
