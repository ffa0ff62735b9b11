#include "doors/hook/hook.h"

#include <chrono>
#include <optional>
#include <string>

#include "base/limits.h"
#include "client/client.h"
#include "crypto/digest.h"
#include "doors/hook/claude_code.h"
#include "model/action.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"
#include "sys/real_clock.h"
#include "text/utf8.h"

namespace countersign::doors::hook {
namespace {

constexpr int kDecided = 0;
constexpr int kNotNoted = 1;
constexpr int kBlocked = 2;
constexpr int kStandardInput = 0;
constexpr int kStandardOutput = 1;
constexpr int kStandardError = 2;
/// A held action is waited for this long; then the call is refused. Stays below the time limit
/// of 120 s that docs/guide/agents.md sets for the hook.
constexpr Duration kHeldTime = std::chrono::seconds(100);
constexpr Duration kOneWait = std::chrono::seconds(25);

int block(std::string_view why) {
    (void)sys::write_all(kStandardError, "countersign: denied: " + text::visible(why) + "\n");
    return kBlocked;
}

int answer(Permission permission, std::string_view reason) {
    const auto written =
        sys::write_all(kStandardOutput, permission_json(permission, reason) + "\n");
    return written.ok() ? kDecided : kBlocked;
}

Result<std::string> read_input() {
    std::string input;
    for (;;) {
        const std::string more = TRY(sys::read_some(kStandardInput, 65'536));
        if (more.empty()) {
            return input;
        }
        input += more;
        if (input.size() > limits::kRequestBodyBytesMax) {
            return Error(ErrorCode::LimitExceeded, "the hook event is too large");
        }
    }
}

/// What outlives one hook process: the token of the session that this conversation has at the
/// gateway, and which action a tool call became. Files of mode 0600 in the private runtime
/// directory, named by digests, since ids come from outside.
class Notes {
public:
    static Result<Notes> open(std::string_view conversation) {
        const std::string runtime = sys::runtime_directory();
        TRY(sys::make_private_directory(runtime));
        const std::string directory = runtime + "/hooks";
        TRY(sys::make_private_directory(directory));
        return Notes(directory + "/" + crypto::sha256(conversation).hex());
    }

    [[nodiscard]] std::optional<std::string> token() const { return read(path_); }
    Result<void> keep_token(std::string_view token) const {
        return sys::write_file_atomic(path_, token);
    }
    void keep_action(std::string_view tool_use, std::string_view action) const {
        // A tool call that is asked about again has a new action.
        (void)sys::remove_file(action_path(tool_use));
        auto fd = sys::open_append(action_path(tool_use));
        if (fd.ok()) {
            // Without the note the outcome stays unreported; the decision is recorded all the same.
            (void)sys::write_all(*fd, action);
        }
    }
    [[nodiscard]] std::optional<std::string> take_action(std::string_view tool_use) const {
        auto action = read(action_path(tool_use));
        if (action) {
            (void)sys::remove_file(action_path(tool_use));
        }
        return action;
    }

private:
    explicit Notes(std::string path) : path_(std::move(path)) {}
    [[nodiscard]] std::string action_path(std::string_view tool_use) const {
        return path_ + "." + crypto::sha256(tool_use).hex().substr(0, 32);
    }
    static std::optional<std::string> read(const std::string& path) {
        auto text = sys::read_file(path, limits::kNameBytesMax, sys::Links::Refuse);
        if (!text.ok()) {
            return std::nullopt;
        }
        return text.take();
    }

    std::string path_;
};

/// Speaks for one conversation: with the session of `countersign run` when there is one, else with
/// a session of its own that the first call opens.
class Speaker {
public:
    static Result<Speaker> create(const Event& event) {
        Speaker speaker;
        speaker.places_ = TRY(client::locations());
        const auto token = sys::environment("COUNTERSIGN_SESSION");
        if (token && !token->empty()) {
            speaker.token_ = *token;
            return speaker;
        }
        speaker.notes_ = TRY(Notes::open(event.session));
        speaker.token_ = speaker.notes_->token().value_or("");
        speaker.own_ = true;
        return speaker;
    }

    [[nodiscard]] const std::optional<Notes>& notes() const { return notes_; }
    [[nodiscard]] client::AgentClient client() const {
        return client::AgentClient(places_.agent_socket, token_);
    }

    /// Submits with the token at hand; when that session is over or the gateway is down, opens a
    /// new session once. A session of `countersign run` is never replaced.
    Result<client::ActionAnswer> submit(const model::ActionRequest& request, const Event& event) {
        if (!token_.empty()) {
            auto gateway = client();
            auto first = gateway.submit(request, kOneWait);
            const bool stale = !first.ok() && own_ &&
                               (first.error().code == ErrorCode::Unauthenticated ||
                                first.error().code == ErrorCode::Unavailable);
            if (!stale) {
                return first;
            }
        }
        TRY(open(event));
        auto gateway = client();
        return gateway.submit(request, kOneWait);
    }

private:
    Result<void> open(const Event& event) {
        TRY(client::ensure_gateway(places_));
        client::OperatorClient people = TRY(client::OperatorClient::open(places_));
        model::SessionRequest request;
        request.agent.id = "claude-code:" + text::visible(event.session, 64);
        request.principal = sys::user_name();
        request.door = "hook";
        request.host = sys::host_name();
        const auto project = sys::environment("CLAUDE_PROJECT_DIR");
        request.workspace = project && project->starts_with('/') ? *project : event.directory;
        request.home = sys::home_directory().ok() ? sys::home_directory().take() : std::string();
        const model::SessionGrant grant = TRY(people.open_session(request));
        token_ = grant.token;
        return notes_->keep_token(token_);
    }

    client::Locations places_;
    std::string token_;
    std::optional<Notes> notes_;
    bool own_ = false;
};

Result<client::ActionAnswer> decide(Speaker& speaker, const Event& event) {
    model::ActionRequest request;
    request.action = event.action;
    request.context.directory = event.directory;
    request.context.workspace = event.directory;
    request.context.door = "hook";
    request.context.host = sys::host_name();
    client::ActionAnswer answer = TRY(speaker.submit(request, event));
    sys::RealClock clock;
    const Duration limit = clock.monotonic() + kHeldTime;
    auto gateway = speaker.client();
    while (answer.open() && clock.monotonic() < limit) {
        answer = TRY(gateway.await(answer.id, kOneWait));
    }
    return answer;
}

int before_tool(const Event& event) {
    auto speaker = Speaker::create(event);
    if (!speaker.ok()) {
        return answer(Permission::Deny, "countersign: denied: " + speaker.error().message);
    }
    const auto decided = decide(*speaker, event);
    if (!decided.ok()) {
        return answer(Permission::Deny, "countersign: denied: the gateway cannot be asked: " +
                                            decided.error().message +
                                            "; tell the person, do not retry");
    }
    if (decided->open()) {
        return answer(Permission::Deny, "countersign: denied: nobody approved " + decided->id +
                                            " in time; ask the person and go on with other work");
    }
    if (!decided->granted()) {
        return answer(Permission::Deny, decided->message);
    }
    if (decided->verdict.modified) {
        // The hook cannot be sure that this version of the agent replaces its input, so what was
        // permitted is said and not what was asked.
        return answer(Permission::Deny,
                      "countersign: permitted only in this form, run it instead: " +
                          text::visible(decided->verdict.modified->text));
    }
    if (speaker->notes() && !event.tool_use.empty()) {
        speaker->notes()->keep_action(event.tool_use, decided->id);
    }
    return answer(Permission::Allow, "countersign: " + decided->decided_by);
}

Result<void> after_tool(const Event& event) {
    Speaker speaker = TRY(Speaker::create(event));
    auto gateway = speaker.client();
    if (!event.result.empty()) {
        TRY(gateway.observe(
            text::visible(event.source, limits::kNameBytesMax),
            text::to_valid_utf8(
                std::string_view(event.result).substr(0, limits::kObservationBytesMax / 4))));
    }
    if (!speaker.notes() || event.tool_use.empty()) {
        return {};
    }
    const auto action = speaker.notes()->take_action(event.tool_use);
    if (action) {
        model::Outcome outcome;
        outcome.exit_code = event.exit_code;
        outcome.bytes_out = static_cast<std::int64_t>(event.result.size());
        TRY(gateway.report(*action, outcome));
    }
    return {};
}

}  // namespace

int run(std::string_view agent) {
    if (agent != "claude-code") {
        return block("hook: unknown agent " + text::visible(agent) + " (hint: claude-code)");
    }
    const auto input = read_input();
    if (!input.ok()) {
        client::note_refusal("hook", input.error().message);
        return block(input.error().message);
    }
    const auto event = read_event(*input);
    if (!event.ok()) {
        const std::string why = "the hook event cannot be read: " + event.error().message;
        client::note_refusal("hook", why);
        return block(why);
    }
    switch (event->kind) {
        case EventKind::PreToolUse:
            return before_tool(*event);
        case EventKind::PostToolUse: {
            const auto noted = after_tool(*event);
            if (!noted.ok()) {
                (void)sys::write_all(kStandardError,
                                     "countersign: not noted: " + noted.error().message + "\n");
            }
            return noted.ok() ? kDecided : kNotNoted;
        }
        case EventKind::Other:
            return kDecided;
    }
    return kBlocked;
}

}  // namespace countersign::doors::hook
