#include "doors/sh/sh.h"

#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "model/action.h"
#include "sys/environment_names.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"
#include "sys/real_clock.h"
#include "text/utf8.h"

namespace countersign::doors::sh {
namespace {

constexpr int kNotPermitted = 126;
constexpr int kUsage = 2;
constexpr int kStandardError = 2;
constexpr const char* kBash = "/bin/bash";
/// One request to the gateway waits this long; an open action is asked for again until it ends.
constexpr Duration kWait = std::chrono::seconds(25);

/// The session on whose behalf the text runs.
struct Asker {
    client::AgentClient client;
    std::string opened;  ///< id of a session that this call opened and must end; else empty
};

void complain(std::string_view message) {
    // Nothing is left to do when stderr is gone.
    (void)sys::write_all(kStandardError, "countersign: " + text::visible(message) + "\n");
}

/// Inside `countersign run` the session stands in the environment; outside, this call opens one.
Result<Asker> find_session(const model::Context& context) {
    const client::Locations places = TRY(client::locations());
    const auto token = sys::environment("COUNTERSIGN_SESSION");
    if (token && !token->empty()) {
        return Asker{client::AgentClient(places.agent_socket, *token), {}};
    }
    TRY(client::ensure_gateway(places));
    client::OperatorClient people = TRY(client::OperatorClient::open(places));
    model::SessionRequest request;
    request.agent = context.agent;
    request.principal = sys::user_name();
    request.door = "sh";
    request.host = context.host;
    request.workspace = context.workspace;
    request.home = context.home;
    const model::SessionGrant grant = TRY(people.open_session(request));
    return Asker{client::AgentClient(places.agent_socket, grant.token), grant.session.id};
}

void end_session(const std::string& id) {
    const auto places = client::locations();
    if (id.empty() || !places.ok()) {
        return;
    }
    auto people = client::OperatorClient::open(*places);
    if (people.ok()) {
        // A session that could not be ended expires by itself.
        (void)people->post("/v1/sessions/" + id + "/end",
                           boost::json::object{{"reason", "sh: the command has ended"}});
    }
}

model::Action action_of(std::span<const std::string_view> arguments) {
    model::Action action;
    if (arguments.size() == 2) {
        action.kind = model::ActionKind::Command;
        action.text = arguments[1];
        return action;
    }
    // With $0 and $1 the words belong to what is decided, so the whole argv is.
    action.kind = model::ActionKind::Exec;
    action.argv.emplace_back("bash");
    action.argv.insert(action.argv.end(), arguments.begin(), arguments.end());
    action.program = kBash;
    return action;
}

Result<model::ActionRequest> request_of(std::span<const std::string_view> arguments) {
    model::ActionRequest request;
    request.action = action_of(arguments);
    model::Context& context = request.context;
    context.directory = TRY(sys::current_directory());
    context.workspace = context.directory;
    context.home = sys::home_directory().ok() ? sys::home_directory().take() : std::string();
    context.host = sys::host_name();
    context.door = "sh";
    context.agent.id = "sh";
    for (const std::string& entry : sys::whole_environment()) {
        const std::size_t equals = entry.find('=');
        const std::string name = entry.substr(0, equals);
        if (equals != std::string::npos && sys::matters(name) && !sys::kept_from_bash(name)) {
            context.environment[name] = entry.substr(equals + 1);
        }
    }
    return request;
}

Result<client::ActionAnswer> decide(client::AgentClient& gateway,
                                    const model::ActionRequest& request) {
    client::ActionAnswer answer = TRY(gateway.submit(request, kWait));
    while (answer.open()) {
        answer = TRY(gateway.await(answer.id, kWait));
    }
    return answer;
}

std::vector<std::string> bash_argv(const model::Action& action) {
    if (action.kind == model::ActionKind::Command) {
        return {kBash, "-c", action.text};
    }
    std::vector<std::string> argv = action.argv;
    argv[0] = kBash;
    return argv;
}

Result<sys::ExitStatus> run_bash(const model::Action& action) {
    sys::SpawnOptions options;
    options.argv = bash_argv(action);
    options.environment.emplace();
    for (std::string& entry : sys::whole_environment()) {
        if (!sys::kept_from_bash(entry.substr(0, entry.find('=')))) {
            options.environment->push_back(std::move(entry));
        }
    }
    sys::Process bash = TRY(sys::spawn(options));
    return bash.wait();
}

/// Runs what was granted and reports its end; gives the exit status.
int release(client::AgentClient& gateway, const client::ActionAnswer& answer,
            const model::Action& action) {
    sys::RealClock clock;
    const Duration start = clock.monotonic();
    const auto ended = run_bash(action);
    model::Outcome outcome;
    outcome.duration_us =
        std::chrono::duration_cast<std::chrono::microseconds>(clock.monotonic() - start).count();
    outcome.started = ended.ok();
    if (ended.ok()) {
        outcome.exit_code = ended->shell_code();
    } else {
        outcome.error = ended.error().message;
        complain("cannot start bash: " + ended.error().message);
    }
    const auto reported = gateway.report(answer.id, outcome);
    if (!reported.ok()) {
        complain("the outcome was not recorded: " + reported.error().message);
    }
    return ended.ok() ? ended->shell_code() : kNotPermitted;
}

/// An agent writes UTF-8. Other bytes reach bash through a script, where they can be looked at.
Result<void> check_text(std::span<const std::string_view> arguments) {
    for (const std::string_view word : arguments) {
        if (text::invalid_utf8_at(word)) {
            return Error(ErrorCode::Malformed, "the command is not valid UTF-8");
        }
    }
    return {};
}

Result<int> ask_and_run(std::span<const std::string_view> arguments) {
    if (auto fits = check_text(arguments); !fits.ok()) {
        client::note_refusal("sh", fits.error().message);
        return fits.take_error();
    }
    const model::ActionRequest request = TRY(request_of(arguments));
    Asker asker = TRY(find_session(request.context));
    const auto answer = decide(asker.client, request);
    int status = kNotPermitted;
    if (!answer.ok()) {
        complain("not executed: " + answer.error().message);
    } else if (!answer->granted()) {
        complain(answer->message);
    } else {
        const auto& modified = answer->verdict.modified;
        status = release(asker.client, *answer, modified ? *modified : request.action);
    }
    end_session(asker.opened);
    return status;
}

}  // namespace

int run(std::span<const std::string_view> arguments) {
    if (arguments.size() < 2 || arguments[0] != "-c") {
        complain(
            "sh: only -c TEXT [NAME [ARG...]] is known (hint: countersign sh -c 'git status')");
        return kUsage;
    }
    const auto status = ask_and_run(arguments);
    if (!status.ok()) {
        complain("not executed: " + status.error().message);
        return kNotPermitted;
    }
    return *status;
}

}  // namespace countersign::doors::sh
