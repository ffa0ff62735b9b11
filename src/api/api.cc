#include "api/api.h"

#include <algorithm>
#include <utility>

#include "api/problem.h"
#include "api/routes.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/tokens.h"
#include "text/utf8.h"

namespace countersign::api {
namespace {

/// Failed sign-ins that get a record per minute and door; a guesser cannot fill the log.
constexpr int kFailuresRecordedPerMinute = 30;

std::string_view door_name(Door door) {
    switch (door) {
        case Door::Agent:
            return "agent";
        case Door::People:
            return "operator";
        case Door::Browser:
            return "console";
    }
    return "unknown";
}

/// The token of "Bearer <token>"; empty when the header is anything else.
std::string_view bearer(std::string_view header) {
    constexpr std::string_view kScheme = "Bearer ";
    return header.starts_with(kScheme) ? header.substr(kScheme.size()) : std::string_view();
}

Result<void> check_query(const Route& route, const Target& target) {
    for (const auto& [name, value] : target.query) {
        const bool known = std::any_of(route.query.begin(), route.query.end(),
                                       [&](std::string_view taken) { return taken == name; });
        if (!known) {
            return Error(ErrorCode::InvalidArgument,
                         "the route takes no query member \"" + name + "\"");
        }
    }
    return {};
}

Result<void> check_body(const Request& request) {
    if (request.method != Method::Post || request.body.empty()) {
        return {};
    }
    const std::string_view type = request.content_type;
    if (type.substr(0, type.find(';')) != "application/json") {
        return Error(ErrorCode::Unsupported, "the body is not application/json",
                     "send Content-Type: application/json");
    }
    return {};
}

}  // namespace

Reply ready(Response response) {
    Reply reply;
    reply.finish = [response = std::move(response)] { return response; };
    return reply;
}

Reply failed(const Error& error) {
    return ready(problem(error));
}

Caller caller_at(Door door, int process_id) {
    return {"the " + std::string(door_name(door)) + " door",
            process_id == 0 ? std::string() : "process " + std::to_string(process_id)};
}

Caller caller_of(const Call& call) {
    if (call.session == nullptr) {
        return caller_at(call.request->door, call.request->process_id);
    }
    const model::Session& session = *call.session;
    return {session.delegation.empty() ? session.id : session.delegation.front(), session.id};
}

std::string Call::query(std::string_view name) const {
    const auto found = target.query.find(name);
    return found == target.query.end() ? std::string() : found->second;
}

// A page that the person has open elsewhere can make the browser send requests here, and a name
// that it controls can be made to resolve to 127.0.0.1 (DNS rebinding). The token alone stops both;
// these checks stop them before anything is looked at.
Result<void> Api::check_browser(const Request& request) const {
    if (request.door != Door::Browser) {
        return {};
    }
    const auto& hosts = options_.browser_hosts;
    if (std::find(hosts.begin(), hosts.end(), request.host) == hosts.end()) {
        return Error(ErrorCode::PermissionDenied,
                     "this listener does not answer to that host name");
    }
    const bool own_origin = std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
        return request.origin == "http://" + host;
    });
    if (!request.origin.empty() && !own_origin) {
        return Error(ErrorCode::PermissionDenied, "requests of other pages are not taken");
    }
    if (!request.fetch_site.empty() && request.fetch_site != "same-origin" &&
        request.fetch_site != "none") {
        return Error(ErrorCode::PermissionDenied, "requests of other sites are not taken");
    }
    return {};
}

Result<void> Api::authenticate(Call& call) {
    const Request& request = *call.request;
    const std::string_view token = bearer(request.authorization);
    const crypto::Digest digest = crypto::token_digest(token);
    call.token_scope = digest.hex();
    if (request.door == Door::Agent) {
        auto session = gate_.sessions().authenticate(token);
        if (!session.ok()) {
            return refuse(call, session.error());
        }
        call.session = std::make_shared<const model::Session>(session.take());
        return {};
    }
    if (!crypto::equal_in_constant_time(digest.hex(), options_.operator_token.hex())) {
        return refuse(call, Error(ErrorCode::Unauthenticated, "the operator token is not valid",
                                  "it lies in the gateway's state directory, operator.token"));
    }
    return {};
}

Result<void> Api::refuse(const Call& call, const Error& error) {
    tell_left_out(Due::WhenOver);
    if (failures_since_ == Duration::zero()) {
        failures_since_ = gate_.clock().monotonic();
        failures_left_.fill(kFailuresRecordedPerMinute);
    }
    const Door door = call.request->door;
    int& left = failures_left_[static_cast<std::size_t>(door)];
    if (left == 0) {
        ++failures_left_out_[static_cast<std::size_t>(door)];
    } else {
        --left;
        // Never the token itself: a mistyped one is nearly a right one.
        gate_.refused_sign_in(
            door_name(door), {},
            call.request->authorization.empty() ? "no credential" : "wrong credential");
        log::warning("a caller was refused at the " + std::string(door_name(door)) + " door");
    }
    return error;
}

void Api::note_unfit(Door door, const Caller& caller, const Error& error) {
    tell_left_out(Due::WhenOver);
    const LineBudget::Verdict verdict = unfit_lines_.take(caller, gate_.clock().monotonic());
    if (verdict == LineBudget::Verdict::Count) {
        return;
    }
    log::info("refused at the " + std::string(door_name(door)) + " door" +
              (caller.name.empty() ? std::string() : " from " + caller.name) + ": " +
              text::visible(error.message));
    if (verdict == LineBudget::Verdict::WriteLast) {
        log::info("what else is refused of " + (caller.name.empty() ? caller.group : caller.name) +
                  " in this minute is counted, not written here");
    }
}

void Api::tell_left_out(Due due) {
    const Duration now = gate_.clock().monotonic();
    const bool at_once = due == Due::Now;
    for (const std::string& line : at_once ? unfit_lines_.end() : unfit_lines_.ended(now)) {
        log::info(line);
    }
    if (!at_once && now - failures_since_ < LineBudget::kMinute) {
        return;
    }
    failures_since_ = Duration::zero();
    for (const Door door : {Door::Agent, Door::People, Door::Browser}) {
        const std::uint64_t left_out =
            std::exchange(failures_left_out_[static_cast<std::size_t>(door)], 0);
        if (left_out > 0) {
            log::warning("callers refused at the " + std::string(door_name(door)) +
                         " door beyond those recorded: " + std::to_string(left_out));
        }
    }
}

Reply Api::handle(const Request& request) {
    Call call;
    call.request = &request;
    if (auto allowed = check_browser(request); !allowed.ok()) {
        Response response = problem(allowed.error(), 421);
        response.close = true;
        return ready(std::move(response));
    }
    auto target = parse_target(request.target);
    if (!target.ok()) {
        return failed(target.error());
    }
    call.target = target.take();
    if (auto known = authenticate(call); !known.ok()) {
        Response response = problem(known.error());
        response.close = true;
        return ready(std::move(response));
    }
    const Side side = request.door == Door::Agent ? Side::Agents : Side::People;
    Match match = find_route(side, request.method, call.target.segments);
    if (match.route == nullptr) {
        const Error error(match.other_method ? ErrorCode::InvalidArgument : ErrorCode::NotFound,
                          match.other_method ? "the route takes another method"
                                             : "there is no such route at this listener");
        return ready(problem(error, match.other_method ? 405 : 404));
    }
    if (auto fits = check_query(*match.route, call.target); !fits.ok()) {
        return failed(fits.error());
    }
    if (auto fits = check_body(request); !fits.ok()) {
        return ready(problem(fits.error(), 415));
    }
    call.ids = std::move(match.ids);
    if (request.method == Method::Post && !request.idempotency_key.empty()) {
        return once(call, *match.route);
    }
    return match.route->handler(*this, call);
}

Reply Api::once(const Call& call, const Route& route) {
    const Request& request = *call.request;
    if (request.idempotency_key.size() > Repeats::kKeyBytesMax) {
        return failed(Error(ErrorCode::LimitExceeded, "the idempotency key is too long"));
    }
    const crypto::Digest scope =
        Repeats::scope(call.token_scope, route.pattern, request.idempotency_key);
    crypto::Sha256 hash;
    const crypto::Digest digest =
        hash.update(request.target).update("\n").update(request.body).finish();
    const Repeats::First* first = repeats_.find_or_note(scope, digest, gate_.clock().monotonic());
    if (first != nullptr) {
        if (first->request != digest) {
            return failed(
                Error(ErrorCode::Conflict, "the idempotency key was used for another request"));
        }
        if (!first->action.empty()) {
            return answer_action(call, first->action);
        }
        return first->answer ? ready(*first->answer)
                             : failed(Error(ErrorCode::Conflict,
                                            "the same request was made already; its answer is not "
                                            "kept"));
    }
    Reply reply = route.handler(*this, call);
    if (route.keeping == Keeping::Current) {
        repeats_.find(scope)->action = reply.wait_action;
        if (reply.wait_action.empty()) {
            repeats_.forget(scope);
        }
        return reply;
    }
    if (route.keeping == Keeping::Answer && reply.finish) {
        reply.finish = [this, scope, finish = std::move(reply.finish)] {
            Response response = finish();
            Repeats::First* noted = repeats_.find(scope);
            if (noted != nullptr && response.status < 500 &&
                response.body.size() <= Repeats::kAnswerBytesMax) {
                noted->answer = response;
            } else {
                repeats_.forget(scope);
            }
            return response;
        };
    }
    return reply;
}

}  // namespace countersign::api
