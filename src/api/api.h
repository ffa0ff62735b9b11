// The API without its sockets: from a request to what is to be answered. Checks who calls, finds
// the route, lets the gate do it, and turns errors into problem documents. Decides nothing.
//
// Not thread safe: one event-loop thread. The gate must outlive it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "api/line_budget.h"
#include "api/message.h"
#include "api/repeats.h"
#include "api/target.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "gate/gate.h"
#include "model/session.h"

namespace countersign::api {

struct ApiOptions {
    crypto::Digest operator_token;  ///< digest of the operator token
    std::string operator_name;      ///< who acts where a body does not say it
    int process_id = 0;             ///< for /v1/status
    Instant epoch;                  ///< stands in for times that the gate fills in
    /// Host names (with port) under which the browser's listener may be addressed.
    std::vector<std::string> browser_hosts;
};

/// One call on its way to its handler.
struct Call {
    const Request* request = nullptr;
    Target target;
    std::vector<std::string> ids;  ///< the variable segments of the route, in order
    std::shared_ptr<const model::Session> session;  ///< Door::Agent: who asks
    std::string token_scope;                        ///< tells callers apart for idempotency
    [[nodiscard]] std::string query(std::string_view name) const;
};

/// Whose budget of lines a call uses: its session's, or its process's at that door.
Caller caller_of(const Call& call);
/// The same for what is no call yet. `process_id` 0: not known.
Caller caller_at(Door door, int process_id);

struct Route;

/// Whether what was left out is told now or when its minute is over.
enum class Due { WhenOver, Now };

class Api {
public:
    Api(gate::Gate& gate, ApiOptions options) : gate_(gate), options_(std::move(options)) {}

    /// Never fails: an error is a Reply that answers with a problem.
    Reply handle(const Request& request);

    /// The current answer of an action of the calling session, after a wait for it.
    Reply answer_action(const Call& call, const std::string& id);

    /// Leaves a line in the program's log about something that is no action at all, so that the
    /// person can find out why an agent was refused. Rationed by caller (api/line_budget.h), since
    /// an agent may send as many as it likes.
    void note_unfit(Door door, const Caller& caller, const Error& error);

    /// To be called some times a minute, and with Due::Now before the end: tells in the program's
    /// log how much was left out of it and of the record, and whose it was.
    void tell_left_out(Due due);

    gate::Gate& gate() { return gate_; }
    [[nodiscard]] const ApiOptions& options() const { return options_; }
    Repeats& repeats() { return repeats_; }

private:
    Result<void> check_browser(const Request& request) const;
    Result<void> authenticate(Call& call);
    Result<void> refuse(const Call& call, const Error& error);
    Reply once(const Call& call, const Route& route);

    gate::Gate& gate_;
    ApiOptions options_;
    Repeats repeats_;
    /// Failed sign-ins that may still be recorded in this minute, per door.
    std::array<int, 3> failures_left_{};
    std::array<std::uint64_t, 3> failures_left_out_{};
    Duration failures_since_{};
    LineBudget unfit_lines_;
};

/// A reply whose answer is known already.
Reply ready(Response response);
Reply failed(const Error& error);

}  // namespace countersign::api
