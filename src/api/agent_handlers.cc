// What agents and their doors may ask: submit, wait, report, observe, delegate. Nothing else
// answers on their socket.
#include "api/body.h"
#include "api/handlers.h"
#include "model/codec.h"

namespace countersign::api {
namespace {

namespace json = boost::json;

/// 202 while it is open, 200 when it has ended.
Response action_response(Api& api, const model::Session& session, const std::string& id,
                         gate::AnswerView view) {
    auto answer = api.gate().actions().answer_text(session, id, view);
    if (!answer.ok()) {
        return problem(answer.error());
    }
    if (!*answer) {
        return problem(Error(ErrorCode::NotFound, "there is no such action in this session"));
    }
    Response response = raw_json_response(std::move((*answer)->json));
    response.status = (*answer)->open ? 202 : 200;
    return response;
}

Result<gate::AnswerView> view_of(const Call& call) {
    const std::string view = call.query("view");
    if (!view.empty() && view != "brief") {
        return Error(ErrorCode::InvalidArgument, "view is not brief");
    }
    return view.empty() ? gate::AnswerView::Whole : gate::AnswerView::Brief;
}

}  // namespace

Reply Api::answer_action(const Call& call, const std::string& id) {
    auto wait = wait_of(call);
    if (!wait.ok()) {
        return failed(wait.error());
    }
    const auto view = view_of(call);
    if (!view.ok()) {
        return failed(view.error());
    }
    Reply reply;
    reply.wait_action = id;
    reply.wait = *wait;
    reply.finish = [this, session = call.session, id, view = *view] {
        return action_response(*this, *session, id, view);
    };
    return reply;
}

namespace {

Result<std::string> submit(Api& api, const Call& call) {
    const json::value body = TRY(body_of(call));
    model::ActionRequest request = TRY(model::request_from(body));
    return api.gate().actions().submit(*call.session, std::move(request));
}

}  // namespace

Reply submit_action(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        TRY(wait_of(call));
        TRY(view_of(call));
        const auto id = submit(api, call);
        if (!id.ok()) {
            api.note_unfit(call.request->door, caller_of(call), id.error());
            return id.error();
        }
        return api.answer_action(call, *id);
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

Reply report_outcomes(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const json::value body = TRY(body_of(call));
        text::ObjectReader in(body, "outcomes");
        const json::value* list = in.member("outcomes");
        TRY(in.finish());
        if (!list->is_array() || list->get_array().size() > limits::kOutcomesPerReportMax) {
            return Error(ErrorCode::InvalidArgument, "outcomes must be an array of at most 256");
        }
        std::vector<model::OutcomeReport> reports;
        for (const json::value& element : list->get_array()) {
            text::ObjectReader one(element, "outcome report");
            model::OutcomeReport report;
            report.action = one.string("action", limits::kNameBytesMax);
            const json::value* outcome = one.member("outcome");
            TRY(one.finish());
            report.outcome = TRY(model::outcome_from(*outcome));
            reports.push_back(std::move(report));
        }
        json::array refused;
        for (const gate::RefusedReport& one :
             TRY(api.gate().actions().report(*call.session, reports))) {
            refused.push_back(json::object{{"action", text_json(one.action)},
                                           {"code", text_json(error_code_name(one.error.code))},
                                           {"detail", text_json(one.error.message)}});
        }
        return ready_json(json::object{{"refused", std::move(refused)}});
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

/// A door could not read what it was given, so there is no action and nothing to decide.
Reply note_refusal(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const json::value body = TRY(body_of(call));
        text::ObjectReader in(body, "refusal");
        const std::string door = in.string("door", limits::kNameBytesMax);
        const std::string reason = in.string("reason", limits::kCommentBytesMax);
        TRY(in.finish());
        api.note_unfit(call.request->door, caller_of(call),
                       Error(ErrorCode::InvalidArgument, door + ": " + reason));
        return ready(empty_response());
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
