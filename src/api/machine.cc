#include "api/machine.h"

#include "sys/process.h"

namespace countersign::api {

Result<std::uint64_t> RealMachine::start_time(int process_id) {
    return sys::start_time(process_id);
}

Result<void> RealMachine::kill(int process_id, std::uint64_t started) {
    return sys::kill_exactly(process_id, started);
}

}  // namespace countersign::api
