// status, gateway start and stop, freeze, thaw.
#include <boost/json.hpp>

#include "cli/field.h"
#include "cli/help.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "sys/process.h"
#include "sys/unix_socket.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

constexpr int kSigterm = 15;
/// A gateway that stops finishes its open writes and signs a checkpoint first.
constexpr Duration kStopTime = std::chrono::seconds(10);

std::string uptime(std::int64_t seconds) {
    return std::to_string(seconds / 3600) + " h " + std::to_string(seconds / 60 % 60) + " min " +
           std::to_string(seconds % 60) + " s";
}

Result<int> print_status(World& world, const Arguments& arguments, const json::value& status) {
    if (arguments.json()) {
        return print_json(world, status);
    }
    const Look& look = world.console().out_look();
    std::vector<std::pair<std::string, std::string>> pairs = {
        {"gateway", "runs, version " + text_at(status, "version")},
        {"process", text_at(status, "pid")},
        {"up for", uptime(number_at(status, "uptime_s"))},
        {"sessions", text_at(status, "sessions")},
        {"held actions", text_at(status, "pending")},
        {"log records", text_at(status, "log_size")},
        {"policy", text_at(status, "policy")}};
    if (flag_at(status, "frozen")) {
        pairs.insert(pairs.begin() + 1,
                     {"FROZEN", "everything is held: " + text_at(status, "frozen_reason")});
    }
    std::erase_if(pairs, [](const auto& pair) { return pair.second.empty(); });
    world.console().out(print_pairs(look, pairs));
    return 0;
}

Result<int> freeze_or_thaw(World& world, const Arguments& arguments, std::string_view path,
                           std::string_view done) {
    Gateway* gateway = TRY(world.gateway());
    json::object body;
    body["reason"] = arguments.value_or("reason", "");
    body["by"] = arguments.value_or("by", world.person().name);
    const json::value status = TRY(gateway->post(path, body));
    if (arguments.json()) {
        return print_json(world, status);
    }
    world.console().out(std::string(done) + "\n");
    return 0;
}

/// Only a process that is our gateway's program gets the signal: the pid may have passed on.
Result<sys::Fd> gateway_process(const json::value& status) {
    const auto pid = static_cast<pid_t>(number_at(status, "pid"));
    if (pid <= 1) {
        return Error(ErrorCode::Unsupported, "the gateway does not tell its process id");
    }
    return sys::open_process(pid);
}

}  // namespace

Result<int> verb_status(World& world, const Arguments& arguments) {
    auto gateway = world.running_gateway();
    if (!gateway.ok()) {
        if (!arguments.json()) {
            if (gateway.error().code == ErrorCode::PermissionDenied) {
                return gateway.take_error();
            }
            return Error(ErrorCode::Unavailable, "no gateway runs",
                         "it starts by itself on first need, or with countersign gateway start");
        }
        json::object none;
        none["running"] = false;
        [[maybe_unused]] const auto done = TRY(print_json(world, none));
        return 1;
    }
    const json::value status = TRY(gateway.value()->get("/v1/status"));
    return print_status(world, arguments, status);
}

Result<int> verb_gateway_start(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const json::value status = TRY(gateway->get("/v1/status"));
    return print_status(world, arguments, status);
}

Result<int> verb_gateway_stop(World& world, const Arguments& arguments) {
    auto gateway = world.running_gateway();
    if (!gateway.ok()) {
        world.console().err("no gateway runs\n");
        return 0;
    }
    const json::value before = TRY(gateway.value()->get("/v1/status"));
    const sys::Fd process = TRY(gateway_process(before));
    // Asked again through the handle: the same gateway still answers, so the handle is its own.
    const json::value again = TRY(gateway.value()->get("/v1/status"));
    if (number_at(again, "pid") != number_at(before, "pid")) {
        return Error(ErrorCode::Conflict, "the gateway was replaced meanwhile", "try again");
    }
    TRY(sys::signal_process(process, kSigterm));
    // A process handle turns readable when the process has ended, so what it wrote is complete
    // then.
    const bool ended = TRY(sys::wait_readable(process, kStopTime));
    if (!ended) {
        return Error(ErrorCode::TimedOut,
                     "the gateway still runs after " + format_duration(kStopTime));
    }
    if (arguments.json()) {
        json::object stopped;
        stopped["running"] = false;
        return print_json(world, stopped);
    }
    world.console().out("stopped\n");
    return 0;
}

Result<int> verb_freeze(World& world, const Arguments& arguments) {
    return freeze_or_thaw(world, arguments, "/v1/freeze",
                          "frozen: every action is held until countersign thaw");
}

Result<int> verb_thaw(World& world, const Arguments& arguments) {
    return freeze_or_thaw(world, arguments, "/v1/thaw", "thawed: actions are decided again");
}

}  // namespace countersign::cli
