// The gateway's API as callers see it: find or start the gateway, ask, wait, report. Used by jail,
// doors and cli. Synchronous HTTP/1.1 over a Unix socket with one kept-alive connection.
//
// Errors: Unavailable (no gateway, connection lost), TimedOut, Unauthenticated, PermissionDenied,
// LimitExceeded, Malformed (an answer that does not fit the contract). After an error the object
// may be used again; it reconnects. A caller that gets an error must not execute the action.
// Not thread safe: one object per thread.
#pragma once

#include <array>
#include <boost/json/fwd.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "client/event_stream.h"
#include "model/action.h"
#include "model/session.h"
#include "model/verdict.h"

namespace countersign::client {

/// Life of an action at the gateway.
enum class ActionState {
    Pending,    ///< held: waits for votes
    Suspended,  ///< deferred: frozen, or waits for knowledge
    Granted,    ///< may be executed, once
    Denied,     ///< final
    Expired,    ///< nobody answered in time: denied, final
    Done        ///< outcome reported
};

inline constexpr std::array<std::string_view, 6> kActionStateNames = {
    "pending", "suspended", "granted", "denied", "expired", "done"};

/// What the gateway answers about one action.
struct ActionAnswer {
    std::string id;      ///< "a-" and 16 hex digits
    std::string digest;  ///< "sha256:<hex>" of exactly this action in this context
    ActionState state = ActionState::Denied;
    model::Verdict verdict;
    int votes_for = 0;
    std::optional<Instant> expires;  ///< when silence becomes denial
    std::string decided_by;          ///< "policy", a rule id, "grant a-...", or names of people
    std::string message;             ///< written for the agent: what, why, what to do instead

    [[nodiscard]] bool granted() const { return state == ActionState::Granted; }
    [[nodiscard]] bool open() const {
        return state == ActionState::Pending || state == ActionState::Suspended;
    }
};

/// Where things are: contracts' "Paths and names". From the environment of the person, never from
/// anything an agent can write.
struct Locations {
    std::string agent_socket;
    std::string operator_socket;
    std::string state_directory;
    std::string config_directory;
    std::string operator_token_file;
};
/// COUNTERSIGN_SOCKET replaces the agent socket. InvalidArgument when no home can be found.
Result<Locations> locations();

/// Starts countersignd (beside this program's own file) when its operator socket does not answer,
/// and waits until it does. Two callers at once start one. Unavailable with the reason otherwise.
Result<void> ensure_gateway(const Locations& locations);

/// The agent's side. Needs the session's token.
class AgentClient {
public:
    AgentClient(std::string socket, std::string token);
    AgentClient(AgentClient&&) noexcept;
    AgentClient& operator=(AgentClient&&) noexcept;
    ~AgentClient();

    /// How much of the verdict submit()'s first answer carries: a door that only obeys asks for
    /// less.
    enum class View { Whole, Brief };
    void set_view(View view) { view_ = view; }
    /// Submits; when held, waits up to `wait` for the end. An open answer is not leave to execute.
    Result<ActionAnswer> submit(const model::ActionRequest& request, Duration wait);
    /// The two halves of a submit() that does not wait, for a caller that has something to do
    /// meanwhile. begin_submit()'s errors: nothing was asked. Between them only begin_submit() may
    /// be called; it gives up the first answer.
    Result<void> begin_submit(const model::ActionRequest& request);
    Result<ActionAnswer> complete_submit();
    Result<ActionAnswer> await(std::string_view action, Duration wait);
    Result<void> report(std::string_view action, const model::Outcome& outcome);
    /// Leaves a line in the gateway's log about something that `door` refused by itself, since it
    /// was no action that could be asked about. Both are cut to what the gateway takes.
    Result<void> note_refusal(std::string_view door, std::string_view reason);
    /// Any number together, in as many requests as it takes. An outcome that the gateway refuses
    /// (reported already) is left out silently: its action has its record.
    Result<void> report(std::span<const model::OutcomeReport> reports);
    /// Content that the agent has read; `source` is a path, URL or tool.
    Result<void> observe(std::string_view source, std::string_view content);
    Result<model::SessionGrant> delegate(std::string_view session,
                                         const model::AgentIdentity& agent,
                                         std::string_view purpose, Duration lifetime);

private:
    struct Connection;
    std::unique_ptr<Connection> connection_;
    View view_ = View::Whole;
};

/// People's side: one generic call, since the CLI mostly prints what it gets.
class OperatorClient {
public:
    /// Reads the operator token from `locations`. Unauthenticated when it is missing.
    static Result<OperatorClient> open(const Locations& locations);
    OperatorClient(OperatorClient&&) noexcept;
    OperatorClient& operator=(OperatorClient&&) noexcept;
    ~OperatorClient();

    Result<boost::json::value> get(std::string_view path, Duration wait = std::chrono::seconds(30));
    /// `body` is sent with a fresh Idempotency-Key.
    Result<boost::json::value> post(std::string_view path, const boost::json::value& body,
                                    Duration wait = std::chrono::seconds(30));
    Result<model::SessionGrant> open_session(const model::SessionRequest& request);
    /// A connection of its own that tells what happens (client/event_stream.h).
    Result<EventStream> events();

private:
    struct Connection;
    explicit OperatorClient(std::unique_ptr<Connection> connection);
    std::unique_ptr<Connection> connection_;
};

/// note_refusal() of the session in the environment (COUNTERSIGN_SESSION), or of the person who
/// called the door when there is none; then the gateway is started if need be. Errors are dropped:
/// what was refused stays refused.
void note_refusal(std::string_view door, std::string_view reason);

/// Decodes an action answer (shared with cli, which reads lists of them).
Result<ActionAnswer> answer_from(const boost::json::value& value);

}  // namespace countersign::client
