// The gate's Machine on real processes. Thread safe (no state).
#pragma once

#include "gate/machine.h"

namespace countersign::api {

class RealMachine final : public gate::Machine {
public:
    Result<std::uint64_t> start_time(int process_id) override;
    Result<void> kill(int process_id, std::uint64_t started) override;
};

}  // namespace countersign::api
