// Finding and starting the gateway: the half of client.h that has nothing to do with asking.
#include <utility>

#include "base/limits.h"
#include "client/client.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"
#include "sys/real_clock.h"
#include "sys/unix_socket.h"

namespace countersign::client {
namespace {

/// How long a gateway may take from its start to its first answer (log recovery included).
constexpr Duration kStartTime = std::chrono::seconds(15);
/// Between two looks at a gateway that is starting.
constexpr Duration kLookEvery = std::chrono::milliseconds(5);
/// The end of the gateway's own log that a failed start shows.
constexpr std::size_t kLogTailBytes = 400;

bool answers(const Locations& locations) {
    return sys::connect_unix(locations.operator_socket).ok();
}

std::string log_tail(const std::string& path) {
    const auto text = sys::read_file(path, limits::kConfigBytesMax);
    if (!text.ok() || text->empty()) {
        return "it said nothing";
    }
    std::string tail =
        text->size() > kLogTailBytes ? text->substr(text->size() - kLogTailBytes) : *text;
    while (!tail.empty() && tail.back() == '\n') {
        tail.pop_back();
    }
    return tail.substr(tail.rfind('\n') + 1);
}

Result<sys::Process> spawn_gateway(const std::string& log_path) {
    const std::string own = TRY(sys::own_executable());
    const std::string program = own.substr(0, own.rfind('/') + 1) + "countersignd";
    const sys::Fd log = TRY(sys::open_append(log_path));
    sys::SpawnOptions options;
    options.argv = {program};
    options.directory = "/";
    options.output = log.get();
    options.error = log.get();
    options.attachment = sys::Attachment::Detached;
    return sys::spawn(options);
}

Result<void> wait_for_answer(const Locations& locations, sys::Process& gateway,
                             const std::string& log_path) {
    sys::RealClock clock;
    const Duration until = clock.monotonic() + kStartTime;
    while (clock.monotonic() < until) {
        if (answers(locations)) {
            return {};
        }
        const auto ended = gateway.wait_for(kLookEvery);
        if (ended.ok() && *ended && !answers(locations)) {
            return Error(ErrorCode::Unavailable, "the gateway ended at once: " + log_tail(log_path),
                         "its log is " + log_path);
        }
    }
    return Error(ErrorCode::Unavailable, "the gateway does not answer after its start",
                 "its log is " + log_path);
}

}  // namespace

Result<Locations> locations() {
    Locations out;
    out.config_directory = TRY(sys::config_directory());
    out.state_directory = TRY(sys::state_directory());
    const std::string runtime = sys::runtime_directory();
    out.agent_socket = sys::environment("COUNTERSIGN_SOCKET").value_or(runtime + "/agent.sock");
    out.operator_socket = runtime + "/operator.sock";
    out.operator_token_file = out.state_directory + "/operator.token";
    return out;
}

Result<void> ensure_gateway(const Locations& locations) {
    if (answers(locations)) {
        return {};
    }
    TRY(sys::make_private_directory(locations.state_directory));
    // Whoever comes second waits here until the first one's gateway answers.
    const auto lock = TRY(sys::FileLock::acquire(locations.state_directory + "/start.lock",
                                                 sys::FileLock::Wait::Block));
    if (answers(locations)) {
        return {};
    }
    const std::string log_path = locations.state_directory + "/countersignd.log";
    auto gateway = spawn_gateway(log_path);
    if (!gateway.ok()) {
        return Error(ErrorCode::Unavailable,
                     "the gateway cannot be started: " + gateway.error().message);
    }
    return wait_for_answer(locations, *gateway, log_path);
}

}  // namespace countersign::client
