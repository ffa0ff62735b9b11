// Says something to a jailed process on its standard error, where a language model reads it.
//
// The descriptor belongs to the agent, so it may be anything: only pipes, terminals, sockets and
// regular files of ordinary file systems are written to, and only without waiting. Failing to tell
// is not an error: the exec fails all the same.
#pragma once

#include <string_view>

#include "sys/fd.h"

namespace countersign::jail {

/// `process` is a pidfd.
void tell(const sys::Fd& process, std::string_view text);

}  // namespace countersign::jail
