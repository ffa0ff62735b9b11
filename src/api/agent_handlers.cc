// What agents and their doors may ask: submit, wait, report, observe, delegate. Nothing else
// answers on their socket.
#include "api/body.h"
#include "api/handlers.h"
#include "model/codec.h"

namespace countersign::api {
namespace {

namespace json = boost::json;

/// 202 while it is open, 200 when it has ended.
Response action_response(Api& api, const model::Session& session, const std::string& id) {
    const auto entry = api.gate().actions().answer(session, id);
    if (!entry.ok()) {
        return problem(entry.error());
    }
    if (!*entry) {
        return problem(Error(ErrorCode::NotFound, "there is no such action in this session"));
    }
    return json_response(gate::answer_json(**entry), gate::is_open((*entry)->state) ? 202 : 200);
}

}  // namespace

Reply Api::answer_action(const Call& call, const std::string& id) {
    auto wait = wait_of(call);
    if (!wait.ok()) {
        return failed(wait.error());
    }
    Reply reply;
    reply.wait_action = id;
    reply.wait = *wait;
    reply.finish = [this, session = *call.session, id] {
        return action_response(*this, session, id);
    };
    return reply;
}

Reply submit_action(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        TRY(wait_of(call));
        const json::value body = TRY(body_of(call));
        model::ActionRequest request = TRY(model::request_from(body));
        const std::string id = TRY(api.gate().actions().submit(*call.session, std::move(request)));
        return api.answer_action(call, id);
    });
}

Reply agent_action(Api& api, const Call& call) {
    return api.answer_action(call, call.ids.front());
}

Reply report_outcome(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const json::value body = TRY(body_of(call));
        const model::Outcome outcome = TRY(model::outcome_from(body));
        TRY(api.gate().actions().report(*call.session, call.ids.front(), outcome));
        return ready(empty_response());
    });
}

Reply observe(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const json::value body = TRY(body_of(call));
        text::ObjectReader in(body, "observation");
        const std::string source = in.string("source", limits::kPathBytesMax);
        const std::string content = in.string("content", limits::kObservationBytesMax);
        TRY(in.finish());
        json::array findings;
        for (const model::Finding& finding :
             TRY(api.gate().actions().observe(*call.session, source, content))) {
            findings.push_back(model::to_json(finding));
        }
        return ready_json(json::object{{"findings", std::move(findings)}});
    });
}

Reply delegate_session(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        if (call.ids.front() != call.session->id) {
            return Error(ErrorCode::PermissionDenied, "a session delegates only itself");
        }
        const json::value body = TRY(body_of(call));
        text::ObjectReader in(body, "delegation");
        session::DelegationRequest request;
        const json::value* agent = in.member("agent");
        request.purpose = in.string_or("purpose", limits::kNameBytesMax, "");
        request.lifetime = std::chrono::seconds(
            in.integer_or("lifetime_s", 1, limits::kSessionLifetimeSecondsMax, 3600));
        const auto ceiling = in.optional_string("ceiling", limits::kNameBytesMax);
        request.workspace = in.optional_string("workspace", limits::kPathBytesMax);
        TRY(in.finish());
        request.agent = TRY(model::agent_from(*agent));
        if (ceiling) {
            request.ceiling = model::tier_from(*ceiling);
            if (!request.ceiling) {
                return Error(ErrorCode::InvalidArgument, "ceiling is not a tier");
            }
        }
        const model::SessionGrant grant =
            TRY(api.gate().sessions().delegate(*call.session, request));
        return ready_json(
            json::object{{"session", model::to_json(grant.session)}, {"token", grant.token}}, 201);
    });
}

}  // namespace countersign::api
