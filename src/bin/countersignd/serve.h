// Runs the gateway: opens what it needs, gives up what it does not, serves until it is told to
// stop.
//
// Order: configuration, keys, store, log (with recovery), policy, sockets; then the process
// confines itself (no program can be started, files only in its own directories) and only then
// looks at what earlier callers left behind or new ones send.
#pragma once

#include <string>
#include <vector>

namespace countersign::bin {

/// Exit status: 0 stopped as told, 1 could not start (the reason is on stderr), 2 usage.
int serve(const std::vector<std::string>& arguments);

}  // namespace countersign::bin
