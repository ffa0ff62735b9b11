// What the gate wants from the machine that it runs on: ending the processes of a session that is
// revoked. The gate itself makes no system call; api/machine.cc is the real one, tests bring their
// own.
//
// Thread safety: as the gate's, one thread.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace countersign::gate {

class Machine {
public:
    virtual ~Machine() = default;
    /// When the process started, in clock ticks since boot: with its number it names the process
    /// for ever. NotFound when there is none.
    virtual Result<std::uint64_t> start_time(int process_id) = 0;
    /// Kills the process if it still is the one that started then; success when it has ended.
    virtual Result<void> kill(int process_id, std::uint64_t started) = 0;
};

}  // namespace countersign::gate
